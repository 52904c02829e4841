"""The options of the criteria, free of torch."""

from __future__ import annotations

from benchmark.schema.record import Options, PositiveInt


class DataOptions(Options):
    """Of a criterion that looks at the data: how many of the training's batches, each of the training's size."""

    batches: PositiveInt = 1
