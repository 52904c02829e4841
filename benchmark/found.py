"""What a training of scores found: its mask at any moment that its run holds tensors of."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from benchmark.metrics.subject import Searched
from benchmark.networks import Networks, section
from benchmark.pruning.edge_popup import is_searched, left_out, pools, top
from benchmark.run_directory import RunDir
from benchmark.schema.job import Job


def masks_at(run: RunDir, job: Job, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the masks of a finished job's ticket at the moment that tensors, as its training stored them, are of.

    Those of scores change from step to step; others are what the training began with.
    """
    rule = job.training.scores
    return run.read_ticket() | ({} if rule is None else top(section(tensors, "scores"), rule))


def as_computed(run: RunDir, job: Job, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a moment's tensors with the weights that the networks then compute with.

    They differ from those stored where scores are trained, whose weights are stored whole.
    """
    if job.training.scores is None:
        return dict(tensors)
    masks = {f"raw/{name}": mask for name, mask in masks_at(run, job, tensors).items()}
    return {name: tensor * masks[name] if name in masks else tensor for name, tensor in tensors.items()}


def searched(job: Job, networks: Networks, tensors: Mapping[str, Tensor]) -> Searched | None:
    """Return what an audit has to know of a training of scores that ended with tensors; null for any other."""
    rule = job.training.scores
    if rule is None:
        return None
    scores = section(tensors, "scores")
    sizes = {name: score.numel() for name, score in scores.items()}
    parameters = [name for name, _ in networks.named_parameters()]
    competing = [(names, sum(sizes[name] for name in names)) for names in pools(sizes, rule)]
    return Searched(
        frozen=frozenset(name for name in parameters if is_searched(rule, name.partition("/")[0])),
        scores=scores,
        pools=[(names, total - left_out(total, rule.kept)) for names, total in competing],
    )
