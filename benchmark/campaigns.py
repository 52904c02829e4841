"""Opening a results directory for a suite: new, resumed, or refused with what differs."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from benchmark import catalog, fits
from benchmark.artifacts import ResultsDir
from benchmark.errors import CampaignError, UsageError
from benchmark.plan import make_plan
from benchmark.schema.job import Campaign, CampaignSuite, Plan
from benchmark.schema.reference import References
from benchmark.schema.search import Prunable
from benchmark.suites import Loaded, read_references, read_suite
from benchmark.suites.checks import referred


@dataclass(frozen=True)
class Request:
    """A suite as the user asks for it."""

    name: str
    scale: str
    overrides: tuple[str, ...] = ()


def plan_suite(loaded: Loaded) -> Plan:
    """Return the plan of a suite; raise `SuiteError` with every fault, or for shapes that do not fit."""
    plan = make_plan(loaded)
    moving = fits.unseen(_moving(plan))
    if moving:
        from benchmark.shapes import check_shapes  # it needs torch, which a plan without them does not

        check_shapes(loaded, plan, moving)
        fits.keep(moving)
    return plan


def _moving(plan: Plan) -> list[str]:
    """Return the ids of jobs, of one seed, whose fit the suite alone does not show.

    They take a mask or weights from other networks or another component, say which layers they prune, or have to do
    with channels, of which models have more or fewer.
    """
    jobs = {planned.id: planned.job for planned in plan.jobs}
    found = []
    for identifier, job in jobs.items():
        origins = (job.mask.origin, *job.start.origins.values())
        sources = [jobs[origin.job] for origin in origins if origin.job is not None]
        renamed = job.mask.map or any(origin.component is not None for origin in origins)
        other = any((source.model, source.dataset) != (job.model, job.dataset) for source in sources)
        channels = job.mask.granularity == "channel" or job.shrink or job.training.stop or job.training.penalty
        layers = job.mask.prunable != Prunable() or job.mask.components is not None or job.training.scores
        if job.seed == plan.suite.first_seed and (renamed or other or layers or channels):
            found.append(identifier)
    return found


def prepare_suite(request: Request) -> CampaignSuite:
    """Read, check and plan a suite with its references; raise `SuiteError` with every fault."""
    path = catalog.find_suite(request.name)
    text = catalog.read_text(path)
    loaded = read_suite(text, str(path), request.scale, request.overrides)
    plan = plan_suite(loaded)
    return CampaignSuite(
        text=text, references=read_reference_files(loaded, path), overrides=request.overrides, plan=plan
    )


def read_reference_files(loaded: Loaded, near: Path) -> dict[str, str]:
    """Return the reference files that a suite's claims refer to; raise `SuiteError` for what is not there."""
    texts: dict[str, str] = {}
    numbers: dict[str, References] = {}
    missing = []
    for path, paper, _ in referred(loaded.suite):
        try:
            file = catalog.find_references(paper, near)
        except UsageError as error:
            missing.append(loaded.problem(path, str(error)))
            continue
        if paper not in texts:
            texts[paper] = catalog.read_text(file)
            numbers[paper] = read_references(texts[paper], str(file))
    loaded.raise_problems(missing)
    loaded.check_references(numbers)
    return texts


def open_campaign(results: ResultsDir, device: str, suites: list[CampaignSuite]) -> Campaign:
    """Return the campaign with these suites in it; raise `CampaignError` where one was there and has changed."""
    wanted = _by_key(suites)
    campaign = Campaign(device=device, suites=wanted)
    if results.has_just(campaign):
        return campaign
    before = _begun(results)
    if before is not None:
        _check_device(results, before, device)
        for key in wanted.keys() & before.suites.keys():
            _check_unchanged(results, key, before.suites[key], wanted[key])
            wanted[key] = _with_earlier(before.suites[key], wanted[key])
        campaign = Campaign(device=device, suites=before.suites | wanted)
    if not results.has_just(campaign):
        results.write_campaign(campaign)
    return campaign


def _begun(results: ResultsDir) -> Campaign | None:
    if not results.has_campaign():
        return None
    return results.restore_campaign() if results.is_campaign_damaged() else results.read_campaign()


def _with_earlier(before: CampaignSuite, now: CampaignSuite) -> CampaignSuite:
    """Return a suite with what was added to it before."""
    if before.added is None:
        return now
    added = before.added if now.added is None else before.added.joined(now.added)
    return now.model_copy(update={"added": added})


def _by_key(suites: list[CampaignSuite]) -> dict[str, CampaignSuite]:
    wanted: dict[str, CampaignSuite] = {}
    for suite in suites:
        if wanted.setdefault(suite.plan.suite.key, suite) != suite:
            raise CampaignError(
                f"two different suites have the key '{suite.plan.suite.key}'; give each its own directory"
            )
    return wanted


def _check_device(results: ResultsDir, before: Campaign, device: str) -> None:
    if before.device != device:
        raise CampaignError(
            f"{results.path}: was begun on {before.device}; numbers of {device} do not belong beside them; "
            f"use --device {before.device} or a new directory"
        )


def _check_unchanged(results: ResultsDir, key: str, before: CampaignSuite, now: CampaignSuite) -> None:
    advice = f"{results.path}: suite '{key}' is not as it was begun here; use a new directory, or undo:"
    settings = [
        f"  {name} was {old}, is {new}"
        for name, old, new in (
            ("--scale", before.plan.suite.scale, now.plan.suite.scale),
            ("--set/--seeds", list(before.overrides), list(now.overrides)),
        )
        if old != new
    ]
    if settings:
        raise CampaignError("\n".join((advice, *settings)))
    changes = _diff(f"{key}.yaml", before.text, now.text)
    for paper in sorted(before.references.keys() | now.references.keys()):
        changes += _diff(f"references of {paper}", before.references.get(paper, ""), now.references.get(paper, ""))
    if changes:
        raise CampaignError("\n".join((advice, *changes)))
    if before.plan != now.plan:
        raise CampaignError(
            f"{results.path}: this version of ticketbench plans other jobs for suite '{key}' than the one that began "
            "here; use a new directory"
        )


def _diff(name: str, before: str, now: str) -> list[str]:
    lines = difflib.unified_diff(
        before.splitlines(), now.splitlines(), f"{name} (begun)", f"{name} (now)", "", "", 1, ""
    )
    return [f"  {line}" for line in lines]
