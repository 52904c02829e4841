"""What a finished ticket cost to find and to train: the passes of every job in its lineage, ready to be counted."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial

import torch
from torch import Tensor, nn

from benchmark.artifacts import ResultsDir, RunDir
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

Blueprint = tuple[str, Widths]
"""What a job's networks and updates are made from: the job as JSON, and what it lost of its channels."""


def efforts(results: ResultsDir, job_id: str) -> tuple[Effort, ...]:
    """Return what a finished job and all that it rests on computed, itself first; equal passes are the same object."""
    found = []
    for identifier, stretch in lineage(results, job_id).items():
        run = results.run(identifier)
        job = run.read_job().job
        teacher = None if job.training.teacher is None else results.run(job.training.teacher.source)
        mask = job.mask.model_copy(update={"origin": Origin()})
        found.append(
            Effort(
                job_id=identifier,
                steps=stretch.steps,
                passed=stretch.passed,
                masks=partial(training_masks, run, job),
                updates=_updates(_blueprint(run), None if teacher is None else _blueprint(teacher)),
                scoring=None if job.mask.criterion is None else _scoring(_essence(job, mask)),
            )
        )
    return tuple(found)


def updates_of(workshop: Workshop) -> dict[str, Passes]:
    """Return each update of one training step, without values: its loss, and the gradients that are descended.

    The passes of a teacher are those of one more component, and so are those of the networks that activations are of.
    """
    networks, images = workshop.networks(), _batch(workshop)
    networks.train()
    others: dict[str, nn.Module] = {} if workshop.teacher is None else {"teacher": workshop.teacher}
    if workshop.perception is not None:
        others["perception"] = workshop.perception.network
    if workshop.sight is not None:
        others["activations"] = workshop.sight.activations.network
    passing = replace(networks, components={**networks.components, **others})
    return {
        update.name: Passes(passing, partial(_differentiate, update, networks, images), update.repeats)
        for update in workshop.objective.updates
    }


def scoring_of(workshop: Workshop) -> Passes:
    """Return what a job's criterion computes on the whole networks, without values, to score what it may prune."""
    recipe, networks = workshop.job.mask, workshop.networks()
    assert recipe.criterion is not None
    networks.train()
    parameters, images = dict(networks.named_parameters()), _batch(workshop)

    def losses(index: int) -> tuple[Tensor, ...]:
        return tuple(update.loss(networks, images, torch.Generator()) for update in workshop.objective.updates)

    evidence = Evidence({name: parameters[name] for name in chosen_names(recipe, networks)}, torch.Generator(), losses)
    score, options = CRITERIA[recipe.criterion.name].load(), CRITERIA.parse(recipe.criterion)
    return Passes(networks, partial(score, evidence, options))


@lru_cache(maxsize=128)
def _updates(own: Blueprint, teacher: Blueprint | None) -> dict[str, Passes]:
    workshop = _workshop(own)
    taught = workshop.job.training.teacher
    if taught is not None and teacher is not None:
        networks = _workshop(teacher).networks()
        networks.train(False)
        workshop = replace(workshop, teacher=nn.ModuleDict({name: networks[name] for name in taught.components}))
    return updates_of(workshop)


def _workshop(blueprint: Blueprint) -> Workshop:
    job, widths = blueprint
    # Which channels are gone changes no count, only how many.
    channels = {name: torch.arange(before) < left for name, before, left in widths}
    return Workshop(Job.model_validate_json(job), "meta", channels=channels)


def _blueprint(run: RunDir) -> Blueprint:
    job = run.read_job().job
    removed = removed_channels(run, job)
    widths = tuple((name, len(mask), int(mask.sum())) for name, mask in sorted(removed.items()))
    return _essence(job, MaskRecipe()), widths


@lru_cache(maxsize=128)
def _scoring(job: str) -> Passes:
    return scoring_of(Workshop(Job.model_validate_json(job), "meta"))


def _essence(job: Job, mask: MaskRecipe) -> str:
    """Return a job as JSON without what changes none of its passes: seed and sources."""
    teacher = job.training.teacher
    anyone = None if teacher is None else teacher.model_copy(update={"source": ""})
    training = job.training.model_copy(update={"teacher": anyone})
    update = {"seed": 0, "mask": mask, "start": StartRecipe(origins={}), "training": training}
    return job.model_copy(update=update).model_dump_json()


def _batch(workshop: Workshop) -> Tensor:
    """Return one batch of the training [N, C, H, W] without values, N images of each domain."""
    job = workshop.job
    shape = DATASETS[job.dataset.name].facts["shape"](DATASETS.parse(job.dataset))
    return torch.empty(workshop.objective.domains * job.training.batch_size, *shape, device="meta")


def _differentiate(update: Update, networks: Networks, images: Tensor) -> None:
    parameters = [p for component in update.components for p in networks[component].parameters()]
    torch.autograd.grad(update.loss(networks, images, torch.Generator()), parameters, allow_unused=True)
