"""What a metric is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import JsonValue

from benchmark.schema.measurement import Event, LogLine
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Resolved

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from benchmark.features.extractor import Extractor
    from benchmark.images import Images
    from benchmark.networks import Networks

Weights = Literal["raw", "ema"]
Split = Literal["train", "test"]
Direction = Literal["ab", "ba"]


Recall = Callable[[str, Callable[[], Any]], Any]
"""Returns what is made under a key; it is made the first time that it is asked for."""


class NotMeasured(Exception):  # noqa: N818 - an outcome, not an error
    """On this job there is nothing for a metric to measure; the message says why."""


@dataclass(frozen=True, eq=False)
class Passes:
    """Forward and backward passes that are made `times` times: `run` makes them once, on `networks` without values."""

    networks: Networks
    run: Callable[[], object]
    times: int = 1


@dataclass(frozen=True)
class Effort:
    """What a job computed that a ticket rests on: so many steps of its updates, and once the scores of its mask.

    The ticket's weights went through `passed` of the steps. `masks` returns what is masked in the updates' networks;
    `scoring` is null where no mask was drawn.
    """

    job_id: str
    steps: int
    passed: int
    masks: Callable[[], Mapping[str, Tensor]]
    updates: Mapping[str, Passes]
    scoring: Passes | None


@dataclass(frozen=True)
class Searched:
    """What a training of scores was about: which parameters had to stay as they were, and the scores at its end.

    `pools` name the tensors whose scores compete, and how many of these are kept together.
    """

    frozen: frozenset[str]
    scores: Mapping[str, Tensor]
    pools: Sequence[tuple[Sequence[str], int]]


@dataclass(frozen=True)
class Subject:
    """A finished job as a metric sees it. All tensors are keyed by full names (`benchmark.networks`).

    `start` are the weights that the training began from, `rewind` the unmasked weights they should be, `end` the
    trained ones; `expected_kept` is how many weights the counting rule leaves, null where no mask was drawn. A mask of
    one axis is of channels, over their scales (or of biases, by its name); of a `shrunken` job it is over those of the
    whole networks, while all else is without the channels that it removes. Where scores were `searched`, the mask is
    the one found: `start` and `end` are whole, and only the networks are without what it leaves out.
    `generate` returns uint8 pixels [N, C, H, W] from evaluation latents that do not depend on a batch size;
    `reconstruct` returns values in -1..1 for pixels, `translate` uint8 pixels of all test images of one domain in the
    style of the other (null where there are no two domains). `store` keeps feature statistics with the job;
    `recall(key, make)` makes what several metrics share only once, `recall_data` what other moments of the training
    share too, since it is made of the data alone; features are kept so where a metric asks for more of them than
    their mean and covariance (`keeps_features`). `lineage` returns this job and all that it rests on. `log` returns
    the lines that the training wrote, `event` what became of the event that it was to stop at, null where it waited
    for none.
    """

    job_id: str
    dataset: Resolved
    device: str
    masks: Mapping[str, Tensor]
    start: Mapping[str, Tensor]
    rewind: Mapping[str, Tensor]
    end: Mapping[str, Tensor]
    networks_of: Callable[[Weights], Networks]
    generate: Callable[[int, Weights], Tensor]
    reconstruct: Callable[[Tensor, Weights], Tensor]
    images: Callable[[Split], Images]
    extractor: Callable[[Resolved], Extractor]
    store: Callable[[str, Mapping[str, np.ndarray]], None]
    translate: Callable[[Direction, Weights], Tensor] | None = None
    expected_kept: int | None = None
    shrunken: bool = False
    recall: Recall = lambda key, make: make()
    recall_data: Recall = lambda key, make: make()
    keeps_features: bool = True
    lineage: Callable[[], Sequence[Effort]] = tuple
    log: Callable[[], Sequence[LogLine]] = tuple
    event: Callable[[], Event | None] = lambda: None
    searched: Searched | None = None


@dataclass(frozen=True)
class Value:
    """One measured number, how it was measured, and what belongs beside it; `unit` where the options decide it.

    `chosen_by` is the name and value of what the best of several moments is chosen by, the smaller the better, where
    that is not the value itself.
    """

    value: float
    protocol: Protocol
    details: dict[str, JsonValue] = field(default_factory=dict)
    unit: str | None = None
    chosen_by: tuple[str, float] | None = None
