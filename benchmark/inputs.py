"""What a job takes from the jobs before it, checked against what those have: components, averages, a teacher."""

from __future__ import annotations

from benchmark.errors import did_you_mean
from benchmark.models import MODELS
from benchmark.resolve import Path, Problems, image_shape
from benchmark.schema.job import Job
from benchmark.schema.record import Resolved
from benchmark.schema.suite import Mask, Ranked, Training
from benchmark.schema.training import Teacher


def check_component(name: str, source: Job | None, component: str, path: Path, problems: Problems) -> None:
    """Note that a source, which the suite calls `name`, has no such component."""
    if source is not None:
        known = MODELS[source.model.name].facts["components"]
        if component not in known:
            problems.add(path, f"'{name}' has no component '{component}'{did_you_mean(component, known)}")


def check_whole(name: str, source: Job | None, path: Path, problems: Problems) -> None:
    """Note that a source's weights fit no other networks."""
    if source is not None and source.shrink:
        message = f"'{name}' has been shrunken: its weights fit no other networks; its mask may be reused"
        problems.add(path, message)


def check_restorable(
    own: Training, source: Training, components: tuple[str, str], path: Path, problems: Problems
) -> None:
    """Note an optimizer that cannot go on from the state of the source's; `components`: its own name and that there."""
    mine, theirs = own.optimizers[components[0]], source.optimizers.get(components[1])
    told = None
    if theirs is not None and theirs.name != mine.name:
        told = f"{mine.name} of {components[0]} cannot go on from the state of {theirs.name}"
    elif source.scores is not None:
        told = "scores were trained there, and not weights"
    elif _scales_of(own) != _scales_of(source):
        told = "the scales with an optimizer of their own ('penalty') are others there"
    if told is not None:
        problems.add(path, f"'restored' needs the optimizer that it takes over: {told}")


def _scales_of(training: Training) -> object:
    """Return which scales have an optimizer of their own, and of what kind."""
    penalty = training.penalty
    if penalty is None or penalty.optimizer is None:
        return None
    return penalty.components, penalty.exclude, penalty.optimizer.name


def check_values(name: str, source: Job | None, values: Ranked, path: Path, problems: Problems) -> None:
    """Note that a source, which the suite calls `name`, has no moving averages."""
    if values == "ema" and (source is None or source.training.ema is None):
        problems.add(path, f"'{name}' keeps no moving averages; set 'ema' in its training")


def check_teacher(
    teacher: Teacher, source: Job, dataset: Resolved, model: Resolved, path: Path, problems: Problems
) -> None:
    """Note that a teacher is not there, or cannot read the images or latents that it is to be given."""
    for component in teacher.components:
        check_component(teacher.source, source, component, (*path, "component"), problems)
    check_values(teacher.source, source, teacher.values, (*path, "values"), problems)
    if teacher.loss == "perceptual" and source.model.options.get("z_dim") != model.options.get("z_dim"):
        problems.add((*path, "from"), f"'{teacher.source}' makes images of latents of another size ('z_dim')")
    theirs, ours = ("x".join(map(str, image_shape(one))) for one in (source.dataset, dataset))
    if theirs != ours:
        problems.add((*path, "from"), f"'{teacher.source}' was trained on images of {theirs}, not {ours}")


def ranked_values(mask: Mask, source: Job | None, path: Path, problems: Problems) -> Ranked | dict[str, Ranked]:
    """Return what one level ranks: raw weights or averages, by component where these differ; raw ones are not named."""
    check_values(mask.source, source, "raw" if mask.values == "raw" else "ema", path, problems)
    first: Ranked = "raw" if source is None or source.mask.op == "ones" else "ema"
    if isinstance(mask.values, str):
        return first if mask.values == "ema_after_first" else mask.values
    for component in mask.values:
        check_component(mask.source, source, component, (*path, component), problems)
    chosen = {name: first if value == "ema_after_first" else value for name, value in mask.values.items()}
    return {name: value for name, value in chosen.items() if value != "raw"} or "raw"
