"""The figures of a paper, redrawn from what was measured: curves, or grids of samples."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.schema.suite import PICTURES, Figure
from reports import quantities
from reports.curve import Lines, draw
from reports.evidence import Evidence
from reports.lines import figure_lines
from reports.page import Cell, Curve, FigureSection, Picture, Table
from reports.printed_curve import printed_curve
from reports.wording import place, printed, reading, source


def figures(evidence: Evidence, anchor: str) -> dict[str, FigureSection]:
    """Return the suite's figures at its scale by name, in the order of the suite."""
    found = evidence.suite.figures.items()
    return {name: _section(evidence, figure, f"{anchor}-figure-{name}") for name, figure in found}


def curve(evidence: Evidence, lines: Lines, y: str, x: str, timing: str | None, key: str) -> Curve | None:
    """Draw a metric, or a time of a timing, over the sparsity or another metric; null where one was not measured."""
    experiments = [one for joined in lines.values() for one in joined]
    up = quantities.timed(evidence, timing, y) if timing else quantities.metric(evidence, y, experiments)
    along = quantities.sparsity(evidence) if x == "sparsity" else quantities.metric(evidence, x, experiments)
    return draw(evidence, lines, along, up, key) if up and along else None


def _section(evidence: Evidence, figure: Figure, anchor: str) -> FigureSection:
    lines = figure_lines(evidence.suite, figure)
    shows_pictures = figure.y in PICTURES
    drawn = None if shows_pictures else curve(evidence, lines, figure.y, figure.x, figure.timing, anchor)
    pictures = tuple(_pictures(evidence, figure, lines)) if shows_pictures else ()
    held = (evidence.suite.experiments[one].dataset.name for joined in lines.values() for one in joined)
    what = f"no {figure.y}" if shows_pictures else f"no level has both {figure.y} and {figure.x}"
    return FigureSection(
        anchor=anchor,
        where=source(figure.source),
        says=figure.says,
        measured_on=", ".join(dict.fromkeys(name.replace("_", " ") for name in held)),
        curve=drawn,
        printed_curve=None if shows_pictures else printed_curve(evidence, figure, f"{anchor}-printed"),
        pictures=pictures,
        missing="" if drawn or pictures else f"Not drawn: {what} of these experiments.",
        printed=_printed(evidence, figure),
        notes=figure.notes,
    )


def _pictures(evidence: Evidence, figure: Figure, lines: Lines) -> Iterator[Picture]:
    """Yield the grids of every level asked for, of the first seed that has one; before them the real images, once."""
    kinds = ("real", figure.y)
    seen = set()
    for experiment in (one for joined in lines.values() for one in joined):
        for level, jobs in sorted(evidence.arms[experiment].items()):
            wanted = figure.levels is None or level in figure.levels
            seeds = sorted(jobs.items()) if wanted else []
            grids = (evidence.pictures(job, f"{experiment}@{level}", seed, kinds) for seed, job in seeds)
            for picture in next((grid for grid in grids if grid), ()):
                if picture.data not in seen:
                    yield picture
                seen.add(picture.data)


def _printed(evidence: Evidence, figure: Figure) -> Table | None:
    """List what the paper's own figure says, or that nobody could read it."""
    if not figure.references:
        return None
    columns = ("number", "printed", "unit", "where", "how read", "cautions")
    rows = []
    for name in figure.references:
        found = evidence.reference(name)
        if found is None:
            gap = Cell(text="not in the reference files of this campaign", missing=True)
            rows.append((Cell(text=name, head=True), gap, *(Cell(text="", missing=True) for _ in columns[2:])))
            continue
        rows.append(
            (
                Cell(text=name, head=True),
                Cell(text=printed(found), missing=found.value is None),
                Cell(text=found.unit),
                Cell(text=place(found.place)),
                Cell(text=reading(found), missing=found.read is None),
                Cell(text="; ".join(found.cautions) or "none"),
            )
        )
    return Table(caption="What the paper's own figure says", columns=columns, rows=tuple(rows))
