"""What a suite alone can tell: every level, metric and source that it names is one it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from benchmark.errors import did_you_mean
from benchmark.schema.claim import Claim, Comparison, FoundBy
from benchmark.schema.reference import References
from benchmark.schema.suite import Experiment, LevelRange, Suite, Weights
from benchmark.suites.document import Path
from benchmark.suites.figures import check_figures
from benchmark.suites.timings import TIMES, check_timed, check_timings
from benchmark.suites.top_up import check_top_up

MAX_LEVEL = 100  # at a fifth per round, 1 in 5 billion weights would be left
MAX_SEEDS = 10_000

Problem = tuple[Path, str]

_ARM = re.compile(r"(?P<experiment>[^@]+)@(?P<level>[0-9]{1,6})")
_STREAM = re.compile(r"fresh:[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")


def check_suite(suite: Suite) -> list[Problem]:
    """Return the faults of a suite that no single value shows; each with its key path."""
    sizes = list(_sizes(suite))
    if sizes:
        return sizes
    found = [problem for name in suite.experiments for problem in (*_sources(suite, name), *_unread(suite, name))]
    for claim_id, claim in suite.claims.items():
        found += [(("claims", claim_id, *path), message) for path, message in _claim(suite, claim)]
    for name, figure in suite.figures.items():
        found += [(("figures", name, *path), message) for path, message in _misspelt(figure.references)]
    return [*found, *check_figures(suite), *check_timings(suite), *check_top_up(suite, MAX_SEEDS)]


def check_references(suite: Suite, references: Mapping[str, References]) -> list[Problem]:
    """Return the references of a suite's claims that its papers' files do not have."""
    return [
        (path, f"unknown number '{name}' of {paper}{did_you_mean(name, references[paper].numbers)}")
        for path, paper, name in referred(suite)
        if paper in references and name not in references[paper].numbers
    ]


def referred(suite: Suite) -> Iterator[tuple[Path, str, str]]:
    """Yield every printed number that the claims and figures refer to: key path, paper, number."""
    for claim_id, claim in suite.claims.items():
        texts: list[tuple[Path, str | None]] = [(("references", i), text) for i, text in enumerate(claim.references)]
        texts += [(("compare", i, "reference"), one.reference) for i, one in enumerate(claim.compare)]
        for path, text in texts:
            if text is not None:
                paper, _, number = text.partition("/")
                yield ("claims", claim_id, *path), paper, number
    for name, figure in suite.figures.items():
        for index, text in enumerate(figure.references):
            paper, _, number = text.partition("/")
            yield ("figures", name, "references", index), paper, number


def _sizes(suite: Suite) -> Iterator[Problem]:
    if suite.seeds > MAX_SEEDS:
        yield ("seeds",), f"expected at most {MAX_SEEDS} seeds, found {suite.seeds}"
    for name, experiment in suite.experiments.items():
        levels = experiment.levels
        if isinstance(levels, LevelRange) and levels.first > levels.last:
            yield ("experiments", name, "levels"), f"'first' ({levels.first}) lies above 'last' ({levels.last})"
        if levels == ():
            yield ("experiments", name, "levels"), "expected one level or more, found an empty list"
        highest = levels.last if isinstance(levels, LevelRange) else max(levels or (0,))
        if highest > MAX_LEVEL:
            yield ("experiments", name, "levels"), f"expected levels up to {MAX_LEVEL}, found {highest}"


def _sources(suite: Suite, name: str) -> Iterator[Problem]:
    experiment, start = suite.experiments[name], ("experiments", name)
    if experiment.mask is not None:
        words = ("init", "ones") if experiment.mask.op == "draw" else ()
        message = _source(suite.experiments, name, experiment.mask.source, words)
        if message:
            yield (*start, "mask", "from"), message
    weights = experiment.weights
    parts: list[tuple[Path, str]] = [((*start, "weights", "from"), weights.source)]
    parts += [((*start, "weights", "components", key, "from"), part.source) for key, part in weights.components.items()]
    for path, source in parts:
        message = (
            None if _STREAM.fullmatch(source) else _source(suite.experiments, name, source, ("init", "fresh:STREAM"))
        )
        if message:
            yield path, message
    teacher = experiment.training.teacher
    message = None if teacher is None else _source(suite.experiments, name, teacher.source, ())
    if message:
        yield (*start, "training", "teacher", "from"), message


def _unread(suite: Suite, name: str) -> Iterator[Problem]:
    """Yield what an experiment says of levels above 0 where it has neither a mask nor levels, and so level 0 alone."""
    experiment, start = suite.experiments[name], ("experiments", name)
    if experiment.mask is not None or experiment.levels is not None:
        return
    said: dict[Path, bool] = {
        ("weights",): experiment.weights != Weights(),
        ("shrink",): experiment.shrink,
        ("training", "teacher"): experiment.training.teacher is not None,
    }
    for path, is_said in said.items():
        if is_said:
            yield (*start, *path), "level 0 does not read it, and without 'mask' or 'levels' there is no other"


def _source(experiments: Mapping[str, Experiment], owner: str, source: str, words: tuple[str, ...]) -> str | None:
    """Return what is wrong with the source of a mask, of weights or of a teacher, or null."""
    if source in words:
        return None
    name, at, level = source.rpartition("@")
    if not at:
        expected = ", ".join([*words, "EXPERIMENT@LEVEL"])
        return f"unknown source '{source}', expected {expected}{did_you_mean(source, words)}"
    if name != "self" and name not in experiments:
        return f"unknown experiment '{name}'{did_you_mean(name, [*experiments, 'self'])}"
    own = name in ("self", owner)
    if own and level == "same":
        return f"'{source}' is the level itself; expected self@previous, self@LEVEL or another experiment"
    if level in ("previous", "same"):
        return None
    return _level(experiments[owner if own else name], name, level, dense=True)


def _level(experiment: Experiment, name: str, level: str, dense: bool) -> str | None:
    """Return what is wrong with a level; the dense level 0 counts as a source even where it is not listed."""
    known = sorted({*experiment.level_numbers(), *([0] if dense else [])})
    if level.isdecimal() and len(level) < 6 and int(level) in known:
        return None
    words = " or 'previous', 'same'" if dense else ""
    return f"unknown level '{level}' of {name}, expected one of {', '.join(map(str, known))}{words}"


def _claim(suite: Suite, claim: Claim) -> Iterator[Problem]:
    metrics = _metrics(suite)
    if claim.timing is not None:
        yield from check_timed(suite, claim)
    elif claim.metric not in metrics and claim.metric in TIMES:
        yield ("metric",), f"'{claim.metric}' is measured by a timing, expected 'timing' beside it"
    elif claim.metric not in metrics:
        yield ("metric",), f"no experiment measures '{claim.metric}'{did_you_mean(claim.metric, metrics)}"
    if isinstance(claim, FoundBy) and claim.latest < claim.earliest:
        yield ("latest",), f"'latest' ({claim.latest:g}) lies below 'earliest' ({claim.earliest:g})"
    yield from _misspelt(claim.references)
    for index, comparison in enumerate(claim.compare):
        for key, message in _comparison(suite, claim, comparison):
            yield ("compare", index, key), message


def _misspelt(references: tuple[str, ...]) -> Iterator[Problem]:
    for index, text in enumerate(references):
        if not _REFERENCE.fullmatch(text):
            yield ("references", index), f"expected PAPER/NUMBER, found '{text}'"


def _comparison(suite: Suite, claim: Claim, comparison: Comparison) -> Iterator[tuple[str, str]]:
    yield from _sides(claim.kind, comparison)
    if comparison.reference is not None and not _REFERENCE.fullmatch(comparison.reference):
        yield "reference", f"expected PAPER/NUMBER, found '{comparison.reference}'"
    if comparison.arm == comparison.baseline:
        yield "baseline", f"'{comparison.arm}' is compared with itself"
    for key, text in (("arm", comparison.arm), ("baseline", comparison.baseline)) if claim.timing is None else ():
        whole = claim.kind == "sparsest" and key == "arm"
        message = None if text is None else _arm(suite, text, claim.metric, whole)
        if message:
            yield key, message


def _sides(kind: str, comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with that which an arm is held against: each kind has its own, `found_by` nothing."""
    given = [key for key in ("baseline", "reference") if getattr(comparison, key) is not None]
    expected = {"equals": ("reference",), "matches": ("baseline", "reference"), "found_by": ()}.get(kind, ("baseline",))
    if (len(given) == 1 and given[0] in expected) or (not given and not expected):
        return
    if not expected:
        yield given[0], f"'{kind}' looks at an arm alone, expected no '{given[0]}'"
        return
    what = "compares with a printed number" if expected == ("reference",) else "compares two arms"
    instead = f" instead of '{given[0]}'" if given else ""
    yield given[0] if given else expected[0], f"'{kind}' {what}, expected '{expected[0]}'{instead}"


def _arm(suite: Suite, text: str, metric: str, whole: bool) -> str | None:
    """Return what is wrong with an arm, or null; `whole` is an experiment with all its levels."""
    arm = _ARM.fullmatch(text)
    if whole and "@" in text:
        return f"'sparsest' looks at every level, expected an experiment without @LEVEL, found '{text}'"
    if not whole and not arm:
        return f"expected EXPERIMENT@LEVEL, found '{text}'{did_you_mean(text, _arms(suite))}"
    name = text if arm is None else arm["experiment"]
    if name not in suite.experiments:
        return f"unknown experiment '{name}'{did_you_mean(name, suite.experiments)}"
    experiment = suite.experiments[name]
    if metric not in experiment.metrics and metric in _metrics(suite):  # one that nobody measures is told at its key
        return f"experiment '{name}' does not measure '{metric}'{did_you_mean(metric, experiment.metrics)}"
    return None if arm is None else _level(experiment, name, arm["level"], dense=False)


def _metrics(suite: Suite) -> set[str]:
    return {metric for experiment in suite.experiments.values() for metric in experiment.metrics}


def _arms(suite: Suite) -> list[str]:
    return [f"{name}@{level}" for name, experiment in suite.experiments.items() for level in experiment.level_numbers()]
