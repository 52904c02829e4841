"""From scores to masks: which weights of a pool survive, exactly as many as the counting rule says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from benchmark.pruning.count import Target

Pool = Literal["global", "component", "layer"]


LEAST_CHANNELS = 1
"""Channels that every layer keeps: without any, nothing would pass it, and what stands before it would never learn."""


def pools(names: Sequence[str], pool: Pool) -> dict[str, list[str]]:
    """Return the weights that compete with each other, in the order of names, by the pool's own name."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        label = {"global": "all", "component": name.partition("/")[0], "layer": name}[pool]
        found.setdefault(label, []).append(name)
    return found


def quotas(
    previous: Mapping[str, Tensor], names: Sequence[str], target: Target, pool: Pool = "global", least: int = 0
) -> dict[str, int]:
    """Return how many weights each pool over `names` keeps, counted from the previous masks.

    That is what the target says, but never less than `least` of each name (or all that are left of it).
    """
    counts = {}
    for label, members in pools(names, pool).items():
        remaining = [int(previous[name].sum()) for name in members]
        kept = target.kept(total=sum(previous[name].numel() for name in members), remaining=sum(remaining))
        counts[label] = max(kept, sum(min(least, left) for left in remaining))
    return counts


def draw(
    scores: Mapping[str, Tensor],
    previous: Mapping[str, Tensor],
    target: Target,
    pool: Pool = "global",
    least: int = 0,
) -> dict[str, Tensor]:
    """Return masks that keep the largest scores of each pool: bool, on the CPU, over all names of `previous`.

    Weights that are pruned are never revived, and of equal scores the one that stands first survives. A name
    without scores keeps its previous mask. The `least` best of each name survive before any other (`LEAST_CHANNELS`).
    ValueError for scores that are NaN or do not fit the masks.
    """
    _check(scores, previous)
    counts = quotas(previous, list(scores), target, pool, least)
    masks = {name: mask.cpu().clone() for name, mask in previous.items()}
    for label, members in pools(list(scores), pool).items():
        masks |= _keep_best({name: scores[name] for name in members}, masks, counts[label], least)
    return masks


def _keep_best(scores: Mapping[str, Tensor], masks: Mapping[str, Tensor], kept: int, least: int) -> dict[str, Tensor]:
    sizes = [score.numel() for score in scores.values()]
    flat = torch.cat([score.flatten().cpu() for score in scores.values()])
    alive = torch.cat([masks[name].flatten() for name in scores])
    if least:
        owner = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
        best = torch.zeros_like(alive)
        best[_leaders_first(_ranked(flat, alive), owner, least)[:kept]] = True
    else:
        best = _largest(flat, alive, kept)
    pieces = torch.split(best, sizes)
    return {name: piece.reshape(masks[name].shape).clone() for name, piece in zip(scores, pieces, strict=True)}


def _largest(flat: Tensor, alive: Tensor, kept: int) -> Tensor:
    """Return where the first `kept` of `_ranked` are: without ranking all of many millions."""
    values = flat if bool(alive.all()) else flat[alive]
    kept = min(kept, len(values))
    if not kept:
        return torch.zeros_like(alive)
    smallest = values.kthvalue(len(values) - kept + 1).values
    best = (flat > smallest) & alive
    tied = ((flat == smallest) & alive).nonzero().flatten()
    best[tied[: kept - int(best.sum())]] = True
    return best


def _ranked(flat: Tensor, alive: Tensor) -> Tensor:
    """Return the places of what is left, the largest first, of equal ones the one that stands first."""
    left = alive.nonzero().flatten()
    return left[torch.sort(flat[left], descending=True, stable=True).indices]


def _leaders_first(ranked: Tensor, owner: Tensor, least: int) -> Tensor:
    """Return places in order of rank, but the `least` best of each owner before all others."""
    owners = owner[ranked]
    leads = torch.zeros(len(ranked), dtype=torch.bool)
    for each in sorted(set(owners.tolist())):
        leads[(owners == each).nonzero().flatten()[:least]] = True
    return torch.cat([ranked[leads], ranked[~leads]])


def _check(scores: Mapping[str, Tensor], previous: Mapping[str, Tensor]) -> None:
    for name, score in scores.items():
        if name not in previous:
            raise ValueError(f"{name} has scores but no mask")
        if score.shape != previous[name].shape:
            raise ValueError(f"{name}: scores of shape {tuple(score.shape)}, mask {tuple(previous[name].shape)}")
        if bool(score.isnan().any()):
            raise ValueError(f"{name}: the criterion gave NaN scores, which cannot be ranked")
