"""What a suite alone can tell of its figures: each names what can be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from benchmark.errors import did_you_mean
from benchmark.schema.suite import PICTURES, Figure, Suite
from benchmark.schema.timing import TimedMetric
from benchmark.suites.document import Path

TIMES = get_args(TimedMetric)

Problem = tuple[Path, str]


def check_figures(suite: Suite) -> Iterator[Problem]:
    """Yield the faults of a suite's figures, each with its key path."""
    for name, figure in suite.figures.items():
        unknown = list(_unknown(suite, figure))
        for path, message in unknown or _axes(suite, figure):
            yield ("figures", name, *path), message


def _unknown(suite: Suite, figure: Figure) -> Iterator[Problem]:
    names = dict.fromkeys(one for name in suite.experiments for one in (name, name.partition("[")[0]))
    for index, name in enumerate(figure.experiments):
        if name not in names:
            yield ("experiments", index), f"unknown experiment '{name}'{did_you_mean(name, names)}"
        elif name in figure.experiments[:index]:
            yield ("experiments", index), f"'{name}' is given twice"
    if figure.timing is not None and figure.timing not in suite.timings:
        yield ("timing",), f"unknown timing '{figure.timing}'{did_you_mean(figure.timing, suite.timings)}"


def _axes(suite: Suite, figure: Figure) -> Iterator[Problem]:
    metrics = _metrics(suite, figure)
    if figure.y in PICTURES:
        yield from _pictures(suite, figure)
        return
    if figure.levels is not None:
        yield ("levels",), f"a figure of {figure.y} shows every level, 'levels' is for {' and '.join(PICTURES)}"
    if figure.timing is not None:
        yield from _timed(suite, figure, suite.timings[figure.timing].arms.values())
    elif figure.y in TIMES:
        yield ("y",), f"'{figure.y}' is measured by a timing, expected 'timing' beside it"
    elif figure.y not in metrics:
        known = {*metrics, *PICTURES, *TIMES}
        yield ("y",), f"no experiment of this figure measures '{figure.y}'{did_you_mean(figure.y, known)}"
    if figure.x not in metrics:
        yield ("x",), f"no experiment of this figure measures '{figure.x}'{did_you_mean(figure.x, metrics)}"


def _metrics(suite: Suite, figure: Figure) -> set[str]:
    """Return what the figure's experiments measure; sparsity is known by its kind, whatever they call it."""
    measured = [suite.experiments[name].metrics.items() for name in _experiments(suite, figure)]
    names = {name for metrics in measured for name, _ in metrics}
    return names | {metric.name for metrics in measured for _, metric in metrics if metric.name == "sparsity"}


def _timed(suite: Suite, figure: Figure, arms: Iterable[str]) -> Iterator[Problem]:
    if figure.y not in TIMES:
        yield ("y",), f"a timing measures {' and '.join(TIMES)}, not '{figure.y}'{did_you_mean(figure.y, TIMES)}"
    timed = {arm.partition("@")[0] for arm in arms}
    for index, name in enumerate(figure.experiments):
        if timed.isdisjoint(suite.line(name)):
            yield ("experiments", index), f"the timing '{figure.timing}' has no arm of '{name}'"


def _pictures(suite: Suite, figure: Figure) -> Iterator[Problem]:
    for key, value in (("timing", figure.timing), ("x", None if figure.x == "sparsity" else figure.x)):
        if value is not None:
            yield (key,), f"a figure of {figure.y} shows sample grids, which have no '{key}'"
    known = {level for name in _experiments(suite, figure) for level in suite.experiments[name].level_numbers()}
    for index, level in enumerate(figure.levels or ()):
        if level not in known:
            expected = ", ".join(map(str, sorted(known)))
            yield ("levels", index), f"no experiment of this figure has level {level}, expected one of {expected}"


def _experiments(suite: Suite, figure: Figure) -> Iterator[str]:
    return (experiment for name in figure.experiments for experiment in suite.line(name))
