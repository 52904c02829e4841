"""Names in a suite -> members of the families with every option explicit; faults become lines of the suite file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from benchmark.activations import ACTIVATIONS
from benchmark.datasets import DATASETS
from benchmark.demands import misfits, undirected
from benchmark.errors import did_you_mean
from benchmark.frozen import conflicts
from benchmark.identity import digest, essence
from benchmark.metrics import METRICS
from benchmark.models import MODELS
from benchmark.objectives import OBJECTIVES
from benchmark.pruning import CRITERIA
from benchmark.schema.job import MetricRequest
from benchmark.schema.record import Resolved, Selection
from benchmark.schema.search import Prunable
from benchmark.schema.suite import Experiment, Mask, Training
from benchmark.schema.training import Optimizer, Perception
from benchmark.suites import Loaded
from benchmark.suites.document import Fault, nearest, settle
from benchmark.table import OptionError, Table

Path = tuple[str | int, ...]

FOREIGN = {"adam": "momentum", "sgd": "betas"}
"""What each optimizer does not take."""


@dataclass(frozen=True)
class Task:
    """An experiment with every name looked up."""

    experiment: Experiment
    dataset: Resolved
    model: Resolved
    objective: Resolved
    criterion: Resolved | None
    metrics: tuple[MetricRequest, ...]
    components: tuple[str, ...]

    @cached_property
    def training(self) -> Training:
        """The training of a job without a teacher, with the optimizer of every component, `*` filled in."""
        chosen = self.experiment.training.optimizers
        optimizers = {component: chosen.get(component, chosen.get("*")) for component in self.components}
        return self.experiment.training.model_copy(update={"optimizers": optimizers, "teacher": None})


@dataclass
class Problems:
    """The faults of a suite found so far, each as a line that points into the file."""

    loaded: Loaded
    faults: list[Fault] = field(default_factory=list)

    def add(self, path: Path, message: str) -> None:
        """Note a fault at a path of the resolved suite."""
        self.faults.append(Fault(nearest(self.loaded.tree, path), path, message))

    def settle(self) -> None:
        """Raise `SuiteError` if any fault was noted; one that experiments share by `extends` is told once."""
        settle(self.faults)


def resolve(name: str, experiment: Experiment, problems: Problems) -> Task | None:
    """Look every name of an experiment up; null (and noted problems) where one is unknown or does not fit."""
    path: Path = ("experiments", name)
    before = len(problems.faults)
    dataset = _member(DATASETS, experiment.dataset, (*path, "dataset"), problems)
    model = _member(MODELS, experiment.model, (*path, "model"), problems)
    objective = _member(OBJECTIVES, experiment.objective, (*path, "objective"), problems)
    criterion = None
    if experiment.mask is not None:
        criterion = _member(CRITERIA, experiment.mask.criterion, (*path, "mask", "criterion"), problems)
    metrics = [_request(key, chosen, path, problems) for key, chosen in experiment.metrics.items()]
    if len(problems.faults) > before or dataset is None or model is None or objective is None:
        return None
    components = tuple(MODELS[model.name].facts["components"])
    _check_components(path, experiment, objective, components, problems)
    if criterion is not None and experiment.mask is not None and experiment.mask.op == "draw":
        _check_granularity((*path, "mask"), experiment.mask, criterion, problems)
    _check_shape(path, dataset, model, problems)
    _check_domains((*path, "dataset"), dataset, objective, problems)
    _check_seen(path, experiment, dataset, objective, problems)
    _check_enlarged((*path, "training", "augmentation", "enlarge"), experiment, dataset, problems)
    _check_teachable((*path, "training", "teacher"), experiment, dataset, objective, problems)
    _check_heeded(path, experiment, problems)
    counted = DATASETS[dataset.name].facts.get("train_images")
    images = None if counted is None else counted(DATASETS.parse(dataset))
    if images is not None and experiment.training.batch_size > images:
        problems.add((*path, "training", "batch_size"), f"'{dataset.name}' has {images} images to train on, no more")
    requests = tuple(request for request in metrics if request is not None)
    for request in requests:
        _check_metric(path, request, objective, components, problems)
        for key, message in misfits(request.metric, dataset, objective, experiment.training):
            problems.add((*path, "metrics", request.name, key), message)
        if request.metric.options.get("weights") == "ema" and experiment.training.ema is None:
            message = "the training keeps no moving averages; set 'ema' in it"
            problems.add((*path, "metrics", request.name, "weights"), message)
    return Task(experiment, dataset, model, objective, criterion, requests, components)


def check_claims(tasks: Iterable[Task], problems: Problems) -> None:
    """Note the claims that call one side of a metric better that has no better side."""
    metrics = {request.name: request.metric for task in tasks for request in task.metrics}
    for claim_id, claim in problems.loaded.suite.claims.items():
        message = undirected(claim.kind, metrics[claim.metric]) if claim.metric in metrics else None
        if message is not None:
            problems.add(("claims", claim_id, "kind"), message)


def image_shape(dataset: Resolved) -> tuple[int, int, int]:
    """Return channels, height and width of a data set's images."""
    shape: tuple[int, int, int] = DATASETS[dataset.name].facts["shape"](DATASETS.parse(dataset))
    return shape


def _member(table: Table, selection: Selection, path: Path, problems: Problems) -> Resolved | None:
    try:
        return table.resolve(selection)
    except OptionError as fault:
        problems.add((*path, *fault.keys), str(fault))
        return None


def _check_granularity(path: Path, mask: Mask, criterion: Resolved, problems: Problems) -> None:
    ranked = CRITERIA[criterion.name].facts.get("granularity", "weight")
    if ranked != mask.granularity:
        message = f"'{criterion.name}' ranks {ranked}s, but the granularity of the mask is '{mask.granularity}'"
        problems.add((*path, "criterion"), message)
    if mask.granularity == "channel" and mask.prunable.kinds != Prunable().kinds:
        message = "kinds of layers are for weights: channels are those that batch normalization scales"
        problems.add((*path, "prunable", "kinds"), message)


def _check_shape(path: Path, dataset: Resolved, model: Resolved, problems: Problems) -> None:
    check = MODELS[model.name].facts.get("check_shape")
    try:
        if check is not None:
            check(image_shape(dataset))
    except ValueError as misfit:
        problems.add((*path, "dataset"), f"'{model.name}' does not take images of '{dataset.name}': {misfit}")


def _check_domains(path: Path, dataset: Resolved, objective: Resolved, problems: Problems) -> None:
    needed = OBJECTIVES[objective.name].facts.get("domains", 1)
    if needed not in (1, domains(dataset)):
        able = [name for name in DATASETS if "domains" in DATASETS[name].facts]
        message = f"'{objective.name}' is about {needed} domains, and '{dataset.name}' has {domains(dataset)}"
        problems.add(path, f"{message}; expected {', '.join(able)}")


def _check_seen(path: Path, experiment: Experiment, dataset: Resolved, objective: Resolved, problems: Problems) -> None:
    """Note images that the network does not take through which an objective sees them, and a batch of one of them."""
    named = OBJECTIVES[objective.name].facts.get("activations")
    if named is None:
        return
    chosen: Resolved = named(OBJECTIVES.parse(objective))
    try:
        ACTIVATIONS[chosen.name].facts["count"](ACTIVATIONS.parse(chosen), image_shape(dataset))
    except ValueError as misfit:
        problems.add((*path, "objective", "activations"), f"{misfit} (the images of '{dataset.name}')")
    if experiment.training.batch_size == 1:
        problems.add((*path, "training", "batch_size"), f"'{objective.name}' compares batches: expected 2 or more")


def domains(dataset: Resolved) -> int:
    """Return how many domains the labels of a data set's images tell apart; classes are none."""
    told = DATASETS[dataset.name].facts.get("domains")
    return 1 if told is None else int(told(DATASETS.parse(dataset)))


def _check_enlarged(path: Path, experiment: Experiment, dataset: Resolved, problems: Problems) -> None:
    augmentation = experiment.training.augmentation
    _, height, width = image_shape(dataset)
    if augmentation is not None and augmentation.enlarge is not None and augmentation.enlarge < max(height, width):
        problems.add(path, f"the images of '{dataset.name}' are {height}x{width} already")


def _check_perception(path: Path, perception: Perception, dataset: Resolved, problems: Problems) -> None:
    """Note activations that are unknown or do not take the images, and layers that they do not give."""
    chosen = _member(ACTIVATIONS, perception.activations, (*path, "activations"), problems)
    if chosen is None:
        return
    channels, *sides = image_shape(dataset)
    height, width = sides if perception.enlarge is None else (perception.enlarge, perception.enlarge)
    try:
        ACTIVATIONS[chosen.name].facts["count"](ACTIVATIONS.parse(chosen), (channels, height, width))
    except ValueError as misfit:
        problems.add((*path, "activations"), f"{misfit} (the images of '{dataset.name}')")
    layers = chosen.options["layers"]
    assert isinstance(layers, list)
    for name in perception.content:
        if name not in layers:
            problems.add((*path, "content"), f"'{name}' is none of the layers {', '.join(map(str, layers))}")


def _check_teachable(
    path: Path, experiment: Experiment, dataset: Resolved, objective: Resolved, problems: Problems
) -> None:
    teacher = experiment.training.teacher
    if teacher is None:
        return
    able = OBJECTIVES[objective.name].facts.get("teachable", {}).get(teacher.loss, ())
    for component in teacher.components:
        if component not in able:
            hint = did_you_mean(component, able) if able else ""
            message = f"no component '{component}' of '{objective.name}' can learn from a teacher{hint}"
            problems.add((*path, "component"), message)
    if teacher.perception is not None:
        _check_perception((*path, "perception"), teacher.perception, dataset, problems)
    if not any(experiment.level_numbers()):
        problems.add(path, "level 0 is trained without a teacher, and there is no other; expected 'levels' above it")


def _check_heeded(path: Path, experiment: Experiment, problems: Problems) -> None:
    """Note what an optimizer would ignore; one left at its default may have been inherited."""
    training = experiment.training
    placed: list[tuple[Path, Optimizer]] = [(("optimizers", key), one) for key, one in training.optimizers.items()]
    if training.penalty is not None and training.penalty.optimizer is not None:
        placed.append((("penalty", "optimizer"), training.penalty.optimizer))
    for place, chosen in placed:
        foreign = FOREIGN[chosen.name]
        usual = Optimizer.model_fields[foreign].default
        if getattr(chosen, foreign) != usual:
            message = f"{chosen.name} takes no '{foreign}'; leave it out, or at {json.dumps(usual)}"
            problems.add((*path, "training", *place, foreign), message)


def _request(key: str, selection: Selection, path: Path, problems: Problems) -> MetricRequest | None:
    metric = _member(METRICS, selection, (*path, "metrics", key), problems)
    if metric is None:
        return None
    return MetricRequest(name=key, metric=metric, key=f"{key}-{digest(essence(METRICS, metric))}")


def _check_metric(
    path: Path, request: MetricRequest, objective: Resolved, components: tuple[str, ...], problems: Problems
) -> None:
    where, metric = (*path, "metrics", request.name), request.metric
    facts = OBJECTIVES[objective.name].facts
    translated = "direction" in metric.options and bool(facts.get("directions"))
    offers = {"samples": facts["generates"] or translated, "reconstructions": facts["reconstructs"]}
    needed = METRICS[metric.name].facts.get("needs")
    if needed is not None and not offers[needed]:
        message = f"metric '{metric.name}' needs {needed}, which objective '{objective.name}' does not give"
        problems.add((*where, "name"), message)
    component = metric.options.get("component")
    if component is not None and component not in components:
        problems.add(
            (*where, "component"), f"unknown component '{component}'{did_you_mean(str(component), components)}"
        )


def _check_components(
    path: Path, experiment: Experiment, objective: Resolved, components: tuple[str, ...], problems: Problems
) -> None:
    needed = OBJECTIVES[objective.name].facts["components"]
    if set(needed) != set(components):
        problems.add(
            (*path, "objective", "name"),
            f"objective '{objective.name}' trains {_listed(needed)}, but model '{experiment.model.name}' has "
            f"{_listed(components)}",
        )
    trained = experiment.training.optimizers
    _known(problems, (*path, "training", "optimizers"), trained, (*components, "*"))
    if "*" not in trained and not set(components) <= set(trained):
        missing = _listed(sorted(set(components) - set(trained)))
        problems.add((*path, "training", "optimizers"), f"no optimizer for {missing}; name it, or '*' for the rest")
    _known(problems, (*path, "weights", "components"), experiment.weights.components, components)
    if experiment.training.penalty is not None:
        chosen = experiment.training.penalty.components or ()
        _known(problems, (*path, "training", "penalty", "components"), chosen, components, keyed=False)
    for where, message in conflicts(experiment, objective, components):
        problems.add((*path, *where), message)
    if experiment.mask is not None:
        _known(problems, (*path, "mask", "components"), experiment.mask.components or (), components, keyed=False)
        _known(problems, (*path, "mask", "map"), experiment.mask.map.values(), components, keyed=False)


def _known(
    problems: Problems,
    path: Path,
    names: Iterable[str] | Mapping[str, object],
    known: tuple[str, ...],
    keyed: bool = True,
) -> None:
    for name in (name for name in names if name not in known):
        problems.add((*path, name) if keyed else path, f"unknown component '{name}'{did_you_mean(name, known)}")


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)
