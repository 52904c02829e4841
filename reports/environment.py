"""What made the trainings of a chapter: machine, versions, commit; and which of them were made otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reports.evidence import Evidence
from reports.page import Cell, Table
from reports.wording import count

MOST_NAMED = 3
"""So many jobs a sentence names; the table has them all."""
SHORT = 12
"""So many digits of a commit are read."""

Facts = Mapping[str, str]


class Makers:
    """The trainings of a suite by the environment that each recorded, the most frequent one first."""

    def __init__(self, evidence: Evidence) -> None:
        found: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
        self._silent: list[str] = []
        for planned in evidence.plan.jobs:
            document = evidence.results.run(planned.id).read_document("environment.json")
            if isinstance(document, dict):
                found[tuple(sorted((key, str(value)) for key, value in document.items()))].append(planned.id)
            elif evidence.outcomes[planned.id] == "done":
                self._silent.append(planned.id)
        ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        self._groups: list[tuple[Facts, list[str]]] = [(dict(facts), jobs) for facts, jobs in ordered]
        self._parts = _parts(evidence)

    @property
    def code(self) -> str:
        """The commits or versions that the trainings were made by, in a few words; empty where none is known."""
        return "; ".join(dict.fromkeys(_code(facts) for facts, _ in self._groups))

    @property
    def mixed(self) -> str:
        """What differs between the trainings, with those that were made otherwise than most; empty if nothing does."""
        if len(self._groups) < 2:
            return ""
        names = [key.replace("_", " ") for key in self._differing()]
        apart = [job for _, jobs in self._groups[1:] for job in jobs]
        verb = "differ" if len(names) > 1 else "differs"
        return (
            f"The trainings did not all run alike: {', '.join(names)} {verb} between them. "
            f"{_share(apart, self._all())} made otherwise than the rest: {_named(apart)}."
        )

    def cautions(self) -> Iterator[str]:
        """Say what keeps the code of some trainings from being known."""
        dirty = [job for facts, jobs in self._groups for job in jobs if facts.get("dirty") == "yes"]
        if dirty:
            yield (
                f"{_share(dirty, self._all())} made from a checkout with uncommitted changes, so the commit does not "
                f"tell all of their code: {_named(dirty)}."
            )
        if self._silent:
            yield f"{_share(self._silent, self._all())} made nobody knows where: {_named(self._silent)}."

    def table(self) -> Table | None:
        """Tabulate every fact with its values; null where nothing was recorded."""
        if not self._groups:
            return None
        keys = sorted({key for facts, _ in self._groups for key in facts})
        values = {key: sorted({facts[key] for facts, _ in self._groups if key in facts}) for key in keys}
        rows = [
            (Cell(text=key.replace("_", " "), head=True), Cell(text="; ".join(found), notable=key in self._differing()))
            for key, found in values.items()
        ]
        rows.append((Cell(text="versions of parts", head=True), Cell(text=self._parts)))
        caption = "Where the trainings ran and by which code, as each recorded it"
        return Table(caption=caption, columns=("what", "value"), rows=tuple(rows))

    def apart(self) -> Table | None:
        """Tabulate which trainings were made by what, only the facts that differ; null where all ran alike."""
        if len(self._groups) < 2:
            return None
        keys = self._differing()
        rows = tuple(
            (
                Cell(text=count(len(jobs), "training"), head=True),
                *(Cell(text=facts.get(key, "not recorded"), missing=key not in facts) for key in keys),
                Cell(text=", ".join(jobs)),
            )
            for facts, jobs in self._groups
        )
        columns = ("made alike", *(key.replace("_", " ") for key in keys), "jobs")
        return Table(caption="Which trainings were made by what", columns=columns, rows=rows)

    def _differing(self) -> Sequence[str]:
        keys = sorted({key for facts, _ in self._groups for key in facts})
        return [key for key in keys if len({facts.get(key) for facts, _ in self._groups}) > 1]

    def _all(self) -> int:
        return sum(len(jobs) for _, jobs in self._groups) + len(self._silent)


def _code(facts: Facts) -> str:
    commit, version = facts.get("commit", "not a checkout"), facts.get("version_ticketbench", "absent")
    if commit == "not a checkout":
        return "of unknown version" if version == "absent" else f"ticketbench {version}"
    return f"commit {commit[:SHORT]}{' with uncommitted changes' if facts.get('dirty') == 'yes' else ''}"


def _parts(evidence: Evidence) -> str:
    """Name the data sets, networks, objectives and metrics with the versions of their code that ids are made of."""
    jobs = evidence.plan.jobs
    chosen = (one for planned in jobs for one in (planned.job.dataset, planned.job.model, planned.job.objective))
    metrics = (request.metric for planned in jobs for request in planned.metrics)
    return ", ".join(dict.fromkeys(f"{one.name} {one.version}" for one in (*chosen, *metrics)))


def _share(jobs: Sequence[str], of: int) -> str:
    return f"{len(jobs)} of {count(of, 'training')} {'was' if len(jobs) == 1 else 'were'}"


def _named(jobs: Iterable[str]) -> str:
    listed = list(jobs)
    further = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return f"{', '.join(listed[:MOST_NAMED])}{further}"
