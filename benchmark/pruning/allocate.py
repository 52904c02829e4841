"""From scores to masks: which weights of a pool survive, exactly as many as the counting rule says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from benchmark.pruning.count import Target

Pool = Literal["global", "component", "layer"]


def pools(names: Sequence[str], pool: Pool) -> dict[str, list[str]]:
    """Return the weights that compete with each other, in the order of names, by the pool's own name."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        label = {"global": "all", "component": name.partition("/")[0], "layer": name}[pool]
        found.setdefault(label, []).append(name)
    return found


def quotas(
    previous: Mapping[str, Tensor], names: Sequence[str], target: Target, pool: Pool = "global"
) -> dict[str, int]:
    """Return how many weights each pool over `names` keeps, counted from the previous masks."""
    return {
        label: target.kept(
            total=sum(previous[name].numel() for name in members),
            remaining=sum(int(previous[name].sum()) for name in members),
        )
        for label, members in pools(names, pool).items()
    }


def draw(
    scores: Mapping[str, Tensor], previous: Mapping[str, Tensor], target: Target, pool: Pool = "global"
) -> dict[str, Tensor]:
    """Return masks that keep the largest scores of each pool: bool, on the CPU, over all names of `previous`.

    Weights that are pruned are never revived, and of equal scores the one that stands first survives. A name
    without scores keeps its previous mask. ValueError for scores that are NaN or do not fit the masks.
    """
    _check(scores, previous)
    counts = quotas(previous, list(scores), target, pool)
    masks = {name: mask.cpu().clone() for name, mask in previous.items()}
    for label, members in pools(list(scores), pool).items():
        masks |= _keep_best({name: scores[name] for name in members}, masks, counts[label])
    return masks


def _keep_best(scores: Mapping[str, Tensor], masks: Mapping[str, Tensor], kept: int) -> dict[str, Tensor]:
    flat = torch.cat([score.flatten().cpu() for score in scores.values()])
    alive = torch.cat([masks[name].flatten() for name in scores]).nonzero().flatten()
    order = torch.sort(flat[alive], descending=True, stable=True).indices
    best = torch.zeros(flat.numel(), dtype=torch.bool)
    best[alive[order[:kept]]] = True
    pieces = torch.split(best, [score.numel() for score in scores.values()])
    return {name: piece.reshape(masks[name].shape).clone() for name, piece in zip(scores, pieces, strict=True)}


def _check(scores: Mapping[str, Tensor], previous: Mapping[str, Tensor]) -> None:
    for name, score in scores.items():
        if name not in previous:
            raise ValueError(f"{name} has scores but no mask")
        if score.shape != previous[name].shape:
            raise ValueError(f"{name}: scores of shape {tuple(score.shape)}, mask {tuple(previous[name].shape)}")
        if bool(score.isnan().any()):
            raise ValueError(f"{name}: the criterion gave NaN scores, which cannot be ranked")
