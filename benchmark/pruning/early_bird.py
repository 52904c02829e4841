"""When a channel mask has become stable: early-bird tickets (You et al. 2020; Kalibhat et al. 2021).

Masks are compared by their normalized Hamming distance: the share of channels that only one of two masks keeps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from benchmark.pruning.allocate import LEAST_CHANNELS, draw
from benchmark.pruning.count import Target
from benchmark.pruning.mask import ones
from benchmark.schema.suite import MaskStable


def looks(rule: MaskStable, steps: int, batches: int, per_epoch: int) -> int:
    """Return how many looks come within so many steps, each of so many batches, with so many batches an epoch."""
    units = steps if rule.unit == "step" else steps * batches // per_epoch
    return units // rule.every


class EarlyBird:
    """The masks of the last looks, newest last, and what was compared at each look."""

    def __init__(self, rule: MaskStable) -> None:
        self.rule = rule
        self.distances: list[tuple[float, ...]] = []
        self._masks: list[Tensor] = []

    @property
    def needed(self) -> int:
        """The distances that a decision needs."""
        look_back = self.rule.look_back
        return {"window": look_back - 1, "consecutive_window": look_back, "consecutive": 1}[self.rule.reading]

    @property
    def is_stable(self) -> bool:
        """Whether the distances compared at the last look are as many as needed, and none is above the threshold."""
        last = self.distances[-1] if self.distances else ()
        return len(last) == self.needed and max(last) <= self.rule.threshold

    def look(self, scales: Mapping[str, Tensor]) -> None:
        """Draw the mask that scales by full name, each [channels], give now, all in one pool; compare it with others.

        ValueError for scales that are NaN.
        """
        scores = {name: scale.detach().abs() for name, scale in scales.items()}
        drawn = draw(scores, ones(scores), Target(sparsity=self.rule.sparsity), least=LEAST_CHANNELS)
        mask = torch.cat([drawn[name] for name in sorted(drawn)])
        apart = [float((mask != other).sum()) / mask.numel() for other in self._masks]
        self.distances.append(self._compared(apart))
        self._masks = [*self._masks, mask][1 - self.rule.look_back :]

    def tensors(self) -> dict[str, Tensor]:
        """Return the state: `masks` [kept, channels] and `distances` [looks, needed], NaN where there is none."""
        if not self._masks:
            return {}
        rows = [[*row, *[math.nan] * (self.needed - len(row))] for row in self.distances]
        return {"masks": torch.stack(self._masks), "distances": torch.tensor(rows, dtype=torch.float64)}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over a state that `tensors` returned; an empty one is that before the first look."""
        self._masks = list(tensors["masks"]) if tensors else []
        rows = tensors["distances"].tolist() if tensors else []
        self.distances = [tuple(value for value in row if not math.isnan(value)) for row in rows]

    def _compared(self, apart: list[float]) -> tuple[float, ...]:
        """Return the distances that this look's decision is about, from those to the masks kept, the newest last."""
        if self.rule.reading == "window":
            return tuple(apart)
        if self.rule.reading == "consecutive":
            return tuple(apart[-1:])
        before = self.distances[-1] if self.distances else ()
        return tuple([*before, *apart[-1:]][-self.needed :])
