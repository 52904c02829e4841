"""The nine reproducibility variables (Gundersen and Kjensmo 2018): a paper's, beside those of its reproduction.

The reproduction's are what its results directory recorded; what was not recorded, or has not run yet, is null.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from benchmark.artifacts import ResultsDir
from benchmark.datasets import DATASETS
from benchmark.schema.job import CampaignSuite, Plan
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Record, Resolved
from benchmark.schema.suite import VARIABLES, VariableName, Variables

Environment = Mapping[str, list[str]]
"""What the trainings recorded of their machines, every value of a key, sorted."""

UNKNOWN = "not recorded"
"""How a null is told."""

ABSENT = "absent"
SETUP = "every value of all {count} trainings, defaults included, in campaign.json and in each training's job.json"
METHODS = "no algorithm listing; every method as blocks of the suite (mask, weights, training), in campaign.json"


class Row(Record):
    """One variable: the paper's value and how far it can be relied on, and the reproduction's."""

    name: VariableName
    paper: str | None
    caution: str
    reproduction: str | None

    @property
    def title(self) -> str:
        """The variable in words."""
        return self.name.replace("_", " ")


def side_by_side(paper: Variables, reproduction: Variables) -> tuple[Row, ...]:
    """Return a row for each of the nine variables, in their order."""
    return tuple(
        Row(
            name=name,
            paper=getattr(paper, name),
            caution=paper.cautions.get(name, ""),
            reproduction=getattr(reproduction, name),
        )
        for name in VARIABLES
    )


def of_results(results: ResultsDir, suite: CampaignSuite) -> Variables:
    """Return the variables of the reproduction that a results directory holds of a suite."""
    plan = suite.whole
    found = _environment(results, plan)
    done = sum(end == "done" for end in results.outcomes(plan).values())
    return Variables(
        research_type=f"experimental: {done} of {len(plan.jobs)} trainings done",
        pseudocode=METHODS,
        open_source_code=_code(found),
        open_datasets="; ".join(_access(dataset) for dataset in _datasets(plan)),
        dataset_splits=_splits(results, plan),
        hardware_specification=_listed(found, ("cpu", "gpu", "platform", "threads")),
        software_dependencies=_listed(found, ("python", "cuda", "cudnn", *(key for key in found if _is_version(key)))),
        experiment_setup=SETUP.format(count=len(plan.jobs)),
        source="the results directory",
    )


def _environment(results: ResultsDir, plan: Plan) -> Environment:
    found: dict[str, set[str]] = defaultdict(set)
    for planned in plan.jobs:
        document = results.run(planned.id).read_document("environment.json")
        for key, value in document.items() if isinstance(document, dict) else ():
            found[key].add(str(value))
    return {key: sorted(values) for key, values in sorted(found.items())}


def _is_version(key: str) -> bool:
    return key.startswith("version_") and key != "version_ticketbench"


def _listed(found: Environment, keys: tuple[str, ...]) -> str | None:
    """Return the values of some keys, or null where none was recorded; what all trainings were without is left out."""
    known = [key for key in keys if found.get(key, [ABSENT]) != [ABSENT]]
    told = {key.removeprefix("version_"): " and ".join(found[key]) for key in known}
    return "; ".join(f"{key} {value}" for key, value in told.items()) or None


def _code(found: Environment) -> str | None:
    """Return the version and commit of this project, and whether the checkout had changes that no commit holds."""
    told = _listed(found, ("version_ticketbench", "commit"))
    return f"{told}, with uncommitted changes" if told and "yes" in found.get("dirty", ()) else told


def _datasets(plan: Plan) -> tuple[Resolved, ...]:
    found = {planned.job.dataset.model_dump_json(): planned.job.dataset for planned in plan.jobs}
    return tuple(found.values())


def _access(dataset: Resolved) -> str:
    """Return a data set's name, and where one has it from."""
    if dataset.name not in DATASETS:
        return f"{dataset.name} (of a plug-in that is not installed here)"
    facts = DATASETS[dataset.name].facts
    if facts.get("embedded"):
        return f"{dataset.name} (installed with this project)"
    return f"{dataset.name} ({facts['layout'].page})" if "layout" in facts else f"{dataset.name} (images of one's own)"


def _splits(results: ResultsDir, plan: Plan) -> str | None:
    """Return what the measurements say of the splits they looked at, or null where there is none."""
    told: dict[str, None] = {}
    for protocol in _protocols(results, plan):
        if protocol.dataset is not None and protocol.split is not None:
            count = None if protocol.real is None else f"{protocol.real:,} images"
            details = ", ".join(filter(None, (count, protocol.preparation)))
            told[f"{protocol.dataset}: measured on {protocol.split}{details and f' ({details})'}"] = None
    return "; ".join(["trained on train", *told]) if told else None


def _protocols(results: ResultsDir, plan: Plan) -> Iterator[Protocol]:
    """Yield the protocols of one measured training for each data set and each set of metrics."""
    seen = set()
    for planned in plan.jobs:
        kind = (planned.job.dataset.model_dump_json(), tuple(request.key for request in planned.metrics))
        if kind in seen:
            continue
        made = [results.run(planned.id).read_measurement(request) for request in planned.metrics]
        protocols = [one.protocol for one in made if one is not None]
        if protocols:
            seen.add(kind)
            yield from protocols
