"""A verdict and its evidence -> the section of one claim."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from benchmark import catalog
from benchmark.errors import UsageError
from benchmark.schema.claim import Claim
from benchmark.schema.verdict import ArmSummary, Verdict
from reports.arms import arms, jobs
from reports.comparisons import arms_of, comparisons, decisive, remarks, replicate, seeds
from reports.costs import costs_of
from reports.curve import Lines
from reports.disagreements import touching
from reports.evidence import Evidence
from reports.figures import curve
from reports.forest import forest
from reports.layers import audit, layers
from reports.lines import claim_lines, covering
from reports.page import ClaimSection, Curve, FigureSection, Link, Picture
from reports.printed import printed_numbers, protocol_remarks, protocol_table, readings, references_of
from reports.wording import KINDS, bound, bound_kind, count, effect, expectation, share, source

MOST_PICTURES = 4


def claim_section(
    evidence: Evidence, verdict: Verdict, anchor: str, figures: Mapping[str, FigureSection], others: Mapping[str, Link]
) -> ClaimSection:
    """Word and place all that is known of one claim; `figures` are its suite's, `others` the chapters of the page."""
    claim, shown = verdict.claim, decisive(verdict)
    found = shown.effect if shown else None
    drawn, figure = _curve(evidence, verdict, anchor, figures)
    shared = covering(evidence.suite, claim) or ""
    return ClaimSection(
        anchor=anchor,
        name=verdict.claim_id,
        says=claim.says,
        kind=KINDS[claim.kind],
        where=source(claim.source),
        status=verdict.status,
        label=verdict.label,
        reason=verdict.reason,
        effect=effect(found) if found else "no effect computed",
        margin=bound(bound_kind(claim), found) if found else "",
        sample_size=count(found.n, replicate(verdict)) if found else "",
        expectation=expectation(claim.expect, verdict.status, verdict.as_expected),
        against=verdict.status in ("reproduced", "not reproduced") and not verdict.as_expected,
        fragile=verdict.fragile,
        scale=verdict.scale,
        forest=forest(claim, verdict.parts),
        arms=arms(evidence, verdict),
        comparisons=comparisons(evidence, verdict),
        seeds=seeds(verdict),
        remarks=remarks(verdict),
        curve=drawn,
        curve_missing=_why_no_curve(drawn, claim),
        printed_curve=figures[shared].printed_curve if shared in figures else None,
        figure=figure,
        pictures=() if _is_of_costs(verdict) else _pictures(evidence, verdict),
        printed=printed_numbers(evidence, verdict),
        readings=readings(evidence, verdict),
        protocol=protocol_table(evidence, verdict),
        protocol_remarks=protocol_remarks(evidence, verdict),
        audit=audit(evidence, arms_of(verdict)),
        layers=layers(evidence, arms_of(verdict)),
        costs=costs_of(evidence, _places(verdict)),
        jobs=jobs(verdict),
        notes=_notes(verdict),
        disagreements=tuple(touching(evidence, verdict.claim_id, references_of(verdict))),
        contested=claim.contested or "",
        contested_by=_contested_by(verdict, others),
        commands=_commands(evidence, verdict),
        commands_note=_commands_note(evidence, verdict),
    )


def _curve(
    evidence: Evidence, verdict: Verdict, anchor: str, figures: Mapping[str, FigureSection]
) -> tuple[Curve | None, Link | None]:
    """Return the curve of a claim, and the figure of the suite that it is, where one shows all its experiments."""
    claim = verdict.claim
    section = figures.get(covering(evidence.suite, claim) or "")
    if section is not None and section.curve is not None:
        return section.curve, Link(text=section.where, href=f"#{section.anchor}")
    lines = claim_lines(evidence.suite, claim)
    axes = (*_common_sizes(evidence, lines), "sparsity")
    drawn = (curve(evidence, lines, claim.metric, x, claim.timing, anchor) for x in axes if x != claim.metric)
    return next((found for found in drawn if found is not None), None), None


def _common_sizes(evidence: Evidence, lines: Lines) -> tuple[str, ...]:
    """Return the sizes that tickets of weights and of channels have in common, where the lines hold both."""
    experiments = [one for joined in lines.values() for one in joined]
    levels = [(one, level, seeds) for one in experiments for level, seeds in evidence.arms[one].items()]
    tickets = [seeds for one, level, seeds in levels if evidence.is_ticket(one, level)]
    kinds = {evidence.of_channels(seeds.values()) for seeds in tickets}
    return evidence.names_of("kept_parameters") if len(kinds) > 1 else ()


def _is_of_costs(verdict: Verdict) -> bool:
    """Tell whether a claim is of costs or events, of which samples show nothing."""
    return verdict.claim.timing is not None or verdict.claim.kind in ("reduces", "found_by")


def _contested_by(verdict: Verdict, others: Mapping[str, Link]) -> tuple[Link, ...]:
    """Return the chapters of the page whose suites the claim's `contested` names."""
    text = verdict.claim.contested or ""
    return tuple(link for key, link in others.items() if key != verdict.suite and re.search(rf"\b{key}\b", text))


def _why_no_curve(drawn: Curve | None, claim: Claim) -> str:
    if drawn is not None:
        return ""
    if claim.kind == "found_by":
        return "No curve: the event comes in the training of a dense network, which has no sparsity to draw it over."
    return f"No curve: no level above the dense network has both {claim.metric} and its sparsity measured."


def _notes(verdict: Verdict) -> tuple[str, ...]:
    claim, notes = verdict.claim, list(verdict.claim.notes)
    if claim.kind == "reduces":
        notes.insert(0, f"Why this ratio: {claim.because}")
    elif claim.kind == "found_by":
        notes.insert(0, f"Why this range and share: {claim.because}")
    elif claim.kind == "beats":
        notes.insert(0, f"Why this margin: {claim.by.because}")
    else:
        notes.insert(0, f"Why this margin: {claim.margin.because}")
    if claim.kind == "sparsest":
        best = "none did" if verdict.sparsest is None else share(verdict.sparsest)
        notes.insert(0, f"The sparsest level that still matched: {best} (the claim asks for {share(claim.at_least)}).")
    return tuple(notes)


def _pictures(evidence: Evidence, verdict: Verdict) -> tuple[Picture, ...]:
    """Take the sample grids of arms at one seed: the first that all arms have grids for, else the first.

    The arms that decided come first. The real images, which every job shows alike, stand there once.
    """
    shown = decisive(verdict)
    first = (shown.baseline.name, shown.arm.name) if shown else ()
    ordered = sorted(arms_of(verdict), key=lambda arm: arm.name not in first)
    arms = [arm for arm in ordered if arm.observations][:MOST_PICTURES]
    numbers = sorted({seen.seed for arm in arms for seen in arm.observations})
    by_seed = [[_grids(evidence, arm, seed) for arm in arms] for seed in numbers]
    chosen = next((grids for grids in by_seed if all(grids)), next((grids for grids in by_seed if any(grids)), []))
    return tuple({picture.data: picture for grids in chosen for picture in grids}.values())


def _grids(evidence: Evidence, arm: ArmSummary, seed: int) -> tuple[Picture, ...]:
    jobs = [seen.job for seen in arm.observations if seen.seed == seed and seen.job is not None]
    return evidence.pictures(jobs[0], arm.name, seed) if jobs else ()


def _places(verdict: Verdict) -> Iterator[tuple[str, int]]:
    """Yield experiment and level of the arms that are measured ones."""
    for arm in arms_of(verdict):
        experiment, _, level = arm.name.rpartition("@")
        if level.isdecimal():
            yield experiment, int(level)


def _commands(evidence: Evidence, verdict: Verdict) -> tuple[str, ...]:
    """Return the commands that run just this claim, in a folder of its own, and judge and show it."""
    suite = verdict.suite if _built_in(verdict) else f"{verdict.suite}.yaml"
    settings = "".join(f" --set {shlex.quote(override)}" for override in evidence.campaign.overrides)
    more = " --top-up" if verdict.look is not None and verdict.look.number > 1 else ""
    folder = f"results/{verdict.suite}-{verdict.claim_id}"
    run = (
        f"ticketbench run {suite} --scale {verdict.scale} --only {verdict.claim_id}{more} --results {folder}{settings}"
    )
    return run, f"ticketbench verify {folder}", f"ticketbench report {folder} -o {verdict.claim_id}.html"


def _commands_note(evidence: Evidence, verdict: Verdict) -> str:
    """Say what the commands leave open: what else `verify` lists, and where the suite is not at hand as it was run."""
    parts = ["The second command lists the suite's other claims as not run."]
    asked = "its text as it was run stands in the results directory's campaign.json."
    if not _built_in(verdict):
        parts.append(f"{verdict.suite}.yaml is not among the suites of this installation; {asked}")
    elif not _is_as_run(verdict.suite, evidence.campaign.text):
        parts.append(f"The suite has changed since in this installation; {asked}")
    return " ".join(parts)


def _is_as_run(suite: str, text: str) -> bool:
    """Tell whether the suite of this installation says what was run."""
    try:
        return catalog.find_suite(suite).read_text(encoding="utf-8-sig") == text
    except UsageError:  # several suites of this name
        return False


def _built_in(verdict: Verdict) -> bool:
    return verdict.suite in catalog.suite_names()
