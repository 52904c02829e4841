"""Results directories and their verdicts -> the page model; reads files and imports nothing heavy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmark.artifacts import ResultsDir
from benchmark.schema.verdict import Status, Verdicts
from reports.chapter import chapter
from reports.evidence import Evidence
from reports.page import Chapter, Count, Report

ORDER: tuple[Status, ...] = ("reproduced", "not reproduced", "inconclusive", "not comparable", "not run")


def build(results: Sequence[ResultsDir], verdicts: Sequence[Verdicts]) -> Report:
    """Join results directories with the verdicts judged from them, in the order given, a chapter a suite.

    The path of a directory is no part of the page, so equal results give equal pages wherever they lie.
    """
    chapters = [
        found
        for index, (directory, judged) in enumerate(zip(results, verdicts, strict=True), start=1)
        for found in _chapters(directory, judged, f"r{index}-" if len(results) > 1 else "")
    ]
    titles = dict.fromkeys(found.title for found in chapters)
    return Report(title=" \N{MIDDLE DOT} ".join(titles), counts=_counts(verdicts), chapters=tuple(chapters))


def _chapters(directory: ResultsDir, judged: Verdicts, prefix: str) -> list[Chapter]:
    campaign = directory.read_campaign()
    return [
        chapter(
            Evidence(directory, suite),
            [verdict for verdict in judged.verdicts if verdict.suite == key],
            f"{prefix}{key}",
            campaign.device,
        )
        for key, suite in sorted(campaign.suites.items())
    ]


def _counts(verdicts: Sequence[Verdicts]) -> tuple[Count, ...]:
    found = Counter((verdict.status, verdict.label) for judged in verdicts for verdict in judged.verdicts)
    ordered = sorted(found.items(), key=lambda item: (ORDER.index(item[0][0]), item[0][1]))
    return tuple(Count(status=status, label=label, number=number) for (status, label), number in ordered)
