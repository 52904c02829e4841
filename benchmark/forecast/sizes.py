"""Bytes on disk of jobs that were never run, from what they are made of; checked against real directories."""

from __future__ import annotations

import math

from benchmark.datasets import DATASETS
from benchmark.features import EXTRACTORS
from benchmark.metrics import METRICS
from benchmark.metrics.options import FeatureOptions
from benchmark.metrics.selection import looks
from benchmark.objectives import OBJECTIVES
from benchmark.run_directory import GRID
from benchmark.schema.anatomy import Anatomy
from benchmark.schema.job import Job, PlannedJob
from benchmark.schema.measurement import LOG_EVERY
from benchmark.schema.record import Resolved, canonical

BLOCK = 4096
"""Bytes that a file or a folder takes at least, on most file systems; every file has a record, which takes one too."""

FILES = 10
"""Files of every job beside its measurements: recipe, mask, start, weights, log, audit, facts, times, lock."""
FOLDERS = 10

LINE = 90
"""Bytes of a line of the log."""


def rest_bytes(planned: PlannedJob, made_of: Anatomy) -> float:
    """Return the bytes of a finished job without snapshots and statistics."""
    job = planned.job
    start = made_of.state if job.start.optimizer == "restored" else made_of.raw + made_of.scores
    masks = made_of.masks * (1 if job.training.scores is None else 2)
    log = LINE * job.training.steps / LOG_EVERY
    files = 2 * (FILES + len(planned.metrics)) + FOLDERS
    return masks + start + made_of.trained + log + _pictures(job) + files * BLOCK


def statistics_bytes(planned: PlannedJob) -> float | None:
    """Return the bytes of the statistics of features; null where it is not known how many features there are.

    At each moment that is looked at, they are mean and covariance of generated and of real images, in float64.
    """
    asked = {_looked_at(request.metric): request.metric for request in planned.metrics if request.metric.name == "fid"}
    total = 0
    for metric in asked.values():
        options = METRICS.parse(metric)
        assert isinstance(options, FeatureOptions)
        dimensions = EXTRACTORS[options.extractor.name].facts.get("dimensions")
        if dimensions is None:
            return None
        total += looks(metric) * (2 * 8 * (dimensions**2 + dimensions) + 2 * BLOCK)
    return float(total)


def _looked_at(metric: Resolved) -> str:
    """Return what the statistics of one metric are told from those of another by."""
    return canonical({name: value for name, value in metric.options.items() if name != "selection"})


def _pictures(job: Job) -> float:
    """Return the bytes of the grids of images, as if they could not be compressed."""
    shape = DATASETS[job.dataset.name].facts["shape"](DATASETS.parse(job.dataset))
    facts = OBJECTIVES[job.objective.name].facts
    grids = 1 + sum(bool(facts.get(name)) for name in ("generates", "reconstructs", "directions"))
    return float(grids * GRID * math.prod(shape))
