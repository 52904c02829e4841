"""One suite of one results directory -> its chapter: what ran, the claims, and what they rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmark.schema.suite import Paper
from benchmark.schema.top_up import TopUp
from benchmark.schema.verdict import Verdict
from benchmark.statistics import mean
from reports.claims import claim_section
from reports.costs import costs, every_level, leading
from reports.disagreements import disagreement
from reports.environment import Makers
from reports.evidence import Evidence
from reports.figures import figures
from reports.page import Cell, Chapter, Choice, Fact, Link, Table
from reports.sparsest import sparsest
from reports.summary import summary
from reports.times import timings
from reports.variables import variables
from reports.wording import number

SMALL = (
    "A small run: other data, smaller networks, fewer steps than the paper's. It can show whether a relation between "
    "networks holds at this scale. It can not confirm a number that a paper prints."
)


def chapter(
    evidence: Evidence, verdicts: Sequence[Verdict], anchor: str, device: str, others: Mapping[str, Link]
) -> Chapter:
    """Gather a suite's claims and figures with its notes, contradictions, environment, costs and times.

    `others` leads to the chapters of the page, by the key of their suite.
    """
    suite = evidence.suite
    drawn = figures(evidence, anchor)
    makers = Makers(evidence)
    return Chapter(
        anchor=anchor,
        title=suite.title,
        paper=_citation(suite.paper),
        links=tuple(
            Link(text=link, href=link) for link in (suite.paper.links if suite.paper else ()) if _is_page(link)
        ),
        facts=_facts(evidence, device, makers.code),
        banner=SMALL if suite.small else "",
        summary=summary(evidence, verdicts, anchor),
        sparsest=sparsest(evidence, verdicts, anchor),
        claims=tuple(
            claim_section(evidence, verdict, f"{anchor}-{verdict.claim_id}", drawn, others) for verdict in verdicts
        ),
        figures=tuple(drawn.values()),
        choices=tuple(Choice(unsaid=note.unsaid, chosen=note.chosen, because=note.because) for note in suite.notes),
        disagreements=tuple(
            disagreement(found) for _, held in sorted(evidence.references.items()) for found in held.contradictions
        ),
        variables=variables(evidence),
        environment=makers.table(),
        mixed=makers.mixed,
        apart=makers.apart(),
        cautions=tuple(makers.cautions()),
        costs=costs(evidence),
        timings=timings(evidence),
        times=_times(evidence),
    )


def _citation(paper: Paper | None) -> str:
    if paper is None:
        return ""
    return f"{', '.join(paper.authors)}: {paper.title}. {paper.venue}, {paper.year}."


def _is_page(link: str) -> bool:
    """Only web addresses become links: another scheme could run code when it is clicked."""
    return link.startswith(("https://", "http://"))


def _facts(evidence: Evidence, device: str, code: str) -> tuple[Fact, ...]:
    suite, ends = evidence.suite, Counter(evidence.outcomes.values())
    last = suite.first_seed + suite.seeds - 1
    seeds = f"{suite.seeds} ({suite.first_seed} to {last})" if suite.seeds > 1 else f"1 ({last})"
    jobs = ", ".join(f"{ends[end]} {end}" for end in sorted(ends, key=lambda end: (-ends[end], end)))
    facts = [
        ("suite", suite.key),
        ("scale", suite.scale),
        ("seeds", seeds),
        ("looks at open claims", _looks(suite.top_up) if suite.top_up else ""),
        ("trainings", f"{len(evidence.plan.jobs)} ({jobs})" if jobs else "0"),
        ("device", device),
        ("code", code),
        ("budget", f"{number(suite.budget.minutes)} minutes on {suite.budget.machine}" if suite.budget else ""),
        ("changed settings", ", ".join(evidence.campaign.overrides)),
    ]
    return tuple(Fact(term=term, text=text) for term, text in facts if text)


def _looks(top_up: TopUp) -> str:
    return f"with {', '.join(map(str, top_up.looks))} seeds, alpha spending: {top_up.spending}; {top_up.because}"


def _times(evidence: Evidence) -> Table | None:
    """Tabulate the recorded training times, which shared the machine with other jobs."""
    rows = []
    for experiment, level, jobs in every_level(evidence):
        seconds = [taken for job in jobs if (taken := evidence.step_seconds(job)) is not None]
        if seconds:
            lead = leading(evidence, experiment, level)
            rows.append((*lead, Cell(text=number(1000 * mean(seconds))), Cell(text=str(len(seconds)))))
    columns = ("experiment", "level", "sparsity", "milliseconds per step", "trainings timed")
    caption = "Measured training time, for information: jobs shared the machine, so no claim rests on it"
    return Table(caption=caption, columns=columns, rows=tuple(rows)) if rows else None
