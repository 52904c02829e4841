"""Results directories and their verdicts -> the page model; reads files and imports nothing heavy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmark.artifacts import ResultsDir
from benchmark.schema.job import Campaign
from benchmark.schema.verdict import Verdict, Verdicts
from reports.chapter import chapter
from reports.compare import comparisons
from reports.compare_side import Side, letter
from reports.evidence import Evidence
from reports.page import Link, Report
from reports.summary import counts


def build(results: Sequence[ResultsDir], verdicts: Sequence[Verdicts]) -> Report:
    """Join results directories with the verdicts judged from them, in the order given, a chapter a suite.

    The path of a directory is no part of the page, so equal results give equal pages wherever they lie.
    """
    prefixes = [f"r{index}-" if len(results) > 1 else "" for index in range(1, len(results) + 1)]
    campaigns = [directory.read_campaign() for directory in results]
    places = [_links(campaign, prefix) for campaign, prefix in zip(campaigns, prefixes, strict=True)]
    anywhere = {key: link for links in reversed(places) for key, link in links.items()}
    found = [
        (Side(letter(index), f"{prefix}{key}", Evidence(directory, suite), _of(judged, key)), campaign, links)
        for index, (directory, judged, campaign, prefix, links) in enumerate(
            zip(results, verdicts, campaigns, prefixes, places, strict=True)
        )
        for key, suite in sorted(campaign.suites.items())
    ]
    chapters = [
        chapter(side.evidence, list(side.verdicts.values()), side.anchor, campaign.device, {**anywhere, **links})
        for side, campaign, links in found
    ]
    titles = Counter(made.title for made in chapters)
    return Report(
        title=" \N{MIDDLE DOT} ".join(titles),
        counts=counts(verdict for judged in verdicts for verdict in judged.verdicts),
        comparisons=comparisons([side for side, _, _ in found]),
        chapters=tuple(
            made if titles[made.title] == 1 else made.model_copy(update={"title": f"{side.letter}: {made.title}"})
            for made, (side, _, _) in zip(chapters, found, strict=True)
        ),
    )


def _links(campaign: Campaign, prefix: str) -> dict[str, Link]:
    """Return where the chapter of each suite of a campaign stands."""
    return {key: Link(text=suite.plan.suite.title, href=f"#{prefix}{key}") for key, suite in campaign.suites.items()}


def _of(judged: Verdicts, key: str) -> dict[str, Verdict]:
    return {verdict.claim_id: verdict for verdict in judged.verdicts if verdict.suite == key}
