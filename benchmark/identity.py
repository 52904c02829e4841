"""The identity of a job: a readable prefix and a hash of what its result depends on.

Hashed are the fully resolved fields that differ from their defaults, the ids of input jobs among them. So a new field
with a default that changes nothing orphans no result; released defaults are frozen for the same reason.
"""

from __future__ import annotations

import hashlib
from typing import Any

from benchmark.activations import ACTIVATIONS
from benchmark.datasets import DATASETS
from benchmark.models import MODELS
from benchmark.objectives import OBJECTIVES
from benchmark.pruning import CRITERIA
from benchmark.schema.job import Job
from benchmark.schema.record import Resolved, canonical
from benchmark.table import Table

FAMILIES = {"dataset": DATASETS, "model": MODELS, "objective": OBJECTIVES}
"""The members that every job names."""
DIGITS = 10
"""Hexadecimal digits kept of the hash: a collision among 10,000 jobs has odds of 1 to 20,000."""


def job_id(job: Job) -> str:
    """Return the id of a job, such as `dcgan-draw-s0-1f2e3d4c5b`."""
    return f"{job.model.name}-{_word(job)}-s{job.seed}-{digest(identity(job))}"


def identity(job: Job) -> dict[str, Any]:
    """Return the plain value that is hashed: everything that differs from its default."""
    fields: dict[str, Any] = job.model_dump(mode="json", exclude_defaults=True, exclude={*FAMILIES})
    for name, table in FAMILIES.items():
        fields[name] = essence(table, getattr(job, name))
    taught = job.training.teacher
    if taught is not None and taught.perception is not None:
        seen_through = ACTIVATIONS.resolve(taught.perception.activations)
        fields["training"]["teacher"]["perception"]["activations"] = essence(ACTIVATIONS, seen_through)
    if job.mask.criterion is not None:
        fields["mask"]["criterion"] = essence(CRITERIA, job.mask.criterion)
    return fields


def essence(table: Table, resolved: Resolved) -> dict[str, Any]:
    """Return a family member's name, its version beyond 1, and the options that differ from the defaults."""
    version = {} if resolved.version == 1 else {"version": resolved.version}
    return {"name": resolved.name, **version, "options": table.non_defaults(resolved)}


def digest(value: Any) -> str:
    """Return the first hexadecimal digits of SHA-256 over the canonical JSON of a plain value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:DIGITS]


def _word(job: Job) -> str:
    if job.training.scores is not None:
        return "scores"
    return "dense" if job.mask.op == "ones" else job.mask.op
