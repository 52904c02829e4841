"""What a plan needs that is not in the package: data sets and weights, checked before anything is run."""

from __future__ import annotations

from pathlib import Path

from benchmark.activations import ACTIVATIONS
from benchmark.datasets import DATASETS
from benchmark.datasets.layout import Layout
from benchmark.errors import MissingAssetError, did_you_mean
from benchmark.metrics import METRICS
from benchmark.objectives import OBJECTIVES
from benchmark.prepare import ASSETS, Progress, ensure, locate
from benchmark.schema.job import Job, Plan
from benchmark.schema.record import Resolved


def layouts() -> dict[str, Layout]:
    """Return the data sets that are downloaded, by name."""
    found = {name: DATASETS[name].facts.get("layout") for name in DATASETS}
    return {name: layout for name, layout in found.items() if layout is not None}


def assets_of(plan: Plan) -> list[str]:
    """Return the names of the downloads that a plan's data sets, objectives and metrics need, each once.

    Those that only people can fetch come last, when the others are here.
    """
    known, found = layouts(), dict[str, None]()
    asked: dict[str, list[str]] = {}
    for planned in plan.jobs:
        if planned.job.dataset.name in known:
            found[planned.job.dataset.name] = None
        found.update(dict.fromkeys(_seen_through(planned.job)))
        for request in planned.metrics:
            if request.key not in asked:  # thousands of jobs ask for the same few
                asked[request.key] = _measured_with(request.metric)
            found.update(dict.fromkeys(asked[request.key]))
    return sorted(found, key=_is_by_hand)


def _measured_with(metric: Resolved) -> list[str]:
    needed = METRICS[metric.name].facts.get("assets")
    return [] if needed is None else list(needed(METRICS.parse(metric)))


def _seen_through(job: Job) -> list[str]:
    named, taught = OBJECTIVES[job.objective.name].facts.get("activations"), job.training.teacher
    chosen: list[Resolved] = [] if named is None else [named(OBJECTIVES.parse(job.objective))]
    if taught is not None and taught.perception is not None:
        chosen.append(ACTIVATIONS.resolve(taught.perception.activations))
    return [asset for one in chosen for asset in ACTIVATIONS[one.name].facts["assets"](ACTIVATIONS.parse(one))]


def fetch(name: str, data: Path | None, progress: Progress | None = None) -> Path:
    """Bring a data set into the folder of data sets, or weights into the cache; return where it is.

    Raises `MissingAssetError` for an unknown name, and with one reason per address where nothing came.
    """
    if name in layouts():
        return layouts()[name].fetch(data, progress)
    if name in ASSETS:
        return ensure(name, progress)
    raise MissingAssetError(f"unknown download '{name}'{did_you_mean(name, [*layouts(), *ASSETS])}")


def check_assets(plans: list[Plan], data: Path | None = None) -> None:
    """Raise `MissingAssetError` if a download is not here, before hours are spent without it."""
    for plan in plans:
        _check_own(plan, data)
        lacks = {name: lack for name in assets_of(plan) if (lack := _lack(name, data)) is not None}
        if lacks:
            wanted = "".join(f" --asset {name}" for name in lacks if not _is_by_hand(name))
            where = "" if data is None else f" --data {data}"
            remedy = f"`ticketbench prepare{wanted}{where}` downloads it, " if wanted else ""
            raise MissingAssetError(
                f"suite '{plan.suite.key}' needs {', '.join(lacks.values())}; "
                f"{remedy}`--data DIR` names another folder of data sets"
            )


def _check_own(plan: Plan, data: Path | None) -> None:
    """Raise `MissingAssetError` for a folder of images that only its owner can bring."""
    for dataset in {planned.job.dataset.model_dump_json(): planned.job.dataset for planned in plan.jobs}.values():
        absent = DATASETS[dataset.name].facts.get("absent")
        gap = None if absent is None else absent(DATASETS.parse(dataset), data)
        if gap is not None:
            raise MissingAssetError(
                f"suite '{plan.suite.key}' needs {dataset.name} ({gap} is not there); it cannot be downloaded: put the "
                "images there, or `--data DIR` names another folder of data sets"
            )


def _is_by_hand(name: str) -> bool:
    return name in layouts() and bool(layouts()[name].by_hand)


def _lack(name: str, data: Path | None) -> str | None:
    if name not in layouts():
        return None if locate(name) else name
    layout = layouts()[name]
    gap, how = layout.absent(data), f"; {layout.remedy}" if layout.by_hand else ""
    return None if gap is None else f"{name} ({gap} is not there{how})"
