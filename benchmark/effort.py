"""What a finished ticket cost to find and to train: the passes of every job in its lineage, ready to be counted."""

from __future__ import annotations

from functools import lru_cache, partial

import torch
from torch import Tensor

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop, removed_channels, training_masks
from benchmark.datasets import DATASETS
from benchmark.lineage import lineage
from benchmark.metrics.subject import Effort, Passes
from benchmark.networks import Networks
from benchmark.objectives.objective import Update
from benchmark.pruning import CRITERIA
from benchmark.pruning.criterion import Evidence
from benchmark.schema.job import Job, MaskRecipe, Origin, StartRecipe
from benchmark.tickets import chosen_names

Widths = tuple[tuple[str, int, int], ...]
"""Of layers that lost channels: the name of their scales, how many there were, how many are left."""


def efforts(results: ResultsDir, job_id: str) -> tuple[Effort, ...]:
    """Return what a finished job and all that it rests on computed, itself first; equal passes are the same object."""
    found = []
    for identifier, stretch in lineage(results, job_id).items():
        run = results.run(identifier)
        job = run.read_job().job
        removed = removed_channels(run, job)
        widths = tuple((name, len(mask), int(mask.sum())) for name, mask in sorted(removed.items()))
        mask = job.mask.model_copy(update={"origin": Origin()})
        found.append(
            Effort(
                job_id=identifier,
                steps=stretch.steps,
                passed=stretch.passed,
                masks=partial(training_masks, run, job),
                updates=_updates(_essence(job, MaskRecipe()), widths),
                scoring=None if job.mask.criterion is None else _scoring(_essence(job, mask)),
            )
        )
    return tuple(found)


def updates_of(workshop: Workshop) -> dict[str, Passes]:
    """Return each update of one training step, without values: its loss, and the gradients that are descended."""
    networks, images = workshop.networks(), _batch(workshop.job)
    networks.train()
    return {
        update.name: Passes(networks, partial(_differentiate, update, networks, images), update.repeats)
        for update in workshop.objective.updates
    }


def scoring_of(workshop: Workshop) -> Passes:
    """Return what a job's criterion computes on the whole networks, without values, to score what it may prune."""
    recipe, networks = workshop.job.mask, workshop.networks()
    assert recipe.criterion is not None
    networks.train()
    parameters, images = dict(networks.named_parameters()), _batch(workshop.job)

    def losses(index: int) -> tuple[Tensor, ...]:
        return tuple(update.loss(networks, images, torch.Generator()) for update in workshop.objective.updates)

    evidence = Evidence({name: parameters[name] for name in chosen_names(recipe, networks)}, torch.Generator(), losses)
    score, options = CRITERIA[recipe.criterion.name].load(), CRITERIA.parse(recipe.criterion)
    return Passes(networks, partial(score, evidence, options))


@lru_cache(maxsize=128)
def _updates(job: str, widths: Widths) -> dict[str, Passes]:
    # Which channels are gone changes no count, only how many.
    channels = {name: torch.arange(before) < left for name, before, left in widths}
    return updates_of(Workshop(Job.model_validate_json(job), "meta", channels=channels))


@lru_cache(maxsize=128)
def _scoring(job: str) -> Passes:
    return scoring_of(Workshop(Job.model_validate_json(job), "meta"))


def _essence(job: Job, mask: MaskRecipe) -> str:
    """Return a job as JSON without what changes none of its passes: seed and sources."""
    return job.model_copy(update={"seed": 0, "mask": mask, "start": StartRecipe(origins={})}).model_dump_json()


def _batch(job: Job) -> Tensor:
    """Return one batch of the training [N, C, H, W] without values."""
    shape = DATASETS[job.dataset.name].facts["shape"](DATASETS.parse(job.dataset))
    return torch.empty(job.training.batch_size, *shape, device="meta")


def _differentiate(update: Update, networks: Networks, images: Tensor) -> None:
    parameters = [p for component in update.components for p in networks[component].parameters()]
    torch.autograd.grad(update.loss(networks, images, torch.Generator()), parameters, allow_unused=True)
