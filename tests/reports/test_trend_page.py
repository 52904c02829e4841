"""The trend page: what it says of each standing, the geometry of sparklines, hostile names, same bytes."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.accounts import accounts
from benchmark.schema.trend import Change, Missing, Night, Odds, SpeedChange, State, SuiteTrend, Trend, VerdictChange
from benchmark.trend import compare
from reports.spark import HEIGHT, INSET, WIDTH, Dot, spark
from reports.trend_build import odds_said, trend_page
from reports.trend_page import SparkRow, TrendSection
from reports.trend_render import render_trend
from tests.reports.test_render import HOSTILE, Outline
from tests.trend.made import Made, as_planned, claim, moved

NOTHING = Odds(tests=0, suspected=0, by_chance=0.0, false=0.0, alarms=0.0)
WORDS: dict[State, str] = {
    "same": "same to the bit",
    "within": "within the margin",
    "better": "better",
    "suspected": "suspected",
    "confirmed": "confirmed",
    "dismissed": "dismissed",
    "shown": "not judged",
    "not comparable": "measured otherwise",
}


def change(state: State = "within", name: str | None = "a", **more: Any) -> Change:
    values: dict[str, Any] = {
        "claim": name,
        "arm": "imp@1",
        "metric": "fid",
        "unit": "FID",
        "n": 3,
        "before": 20.0,
        "now": 22.5,
        "band": 0.5,
        "estimate": 2.5,
        "low": 1.5,
        "high": 3.5,
        "margin": 1.0,
        "state": state,
        "says": "2.5 FID worse",
    }
    return Change(**values | more)


def night(directory: str = "night", **more: Any) -> Night:
    values: dict[str, Any] = {
        "directory": directory,
        "confirmed_by": None,
        "machine": "a processor",
        "same_machine": True,
        "changes": (change(),),
        "speeds": (),
        "missing": (),
        "verdicts": (),
        "facts": (),
        "odds": NOTHING,
        "speed_odds": NOTHING,
    }
    return Night(**values | more)


def section(*nights: Night) -> TrendSection:
    (found,) = trend_page(trend(*nights)).sections
    return found


def trend(*nights: Night) -> Trend:
    suite = SuiteTrend(suite="demo", scale="small", seeds=(0, 1, 2), machine="m", claims=("a", "b"), nights=nights)
    return Trend(suites=(suite,))


def row(*nights: Night) -> SparkRow:
    (found,) = section(*nights).rows
    return found


@pytest.mark.parametrize("state", WORDS)
def test_every_state_has_its_word_and_its_mark(state: State) -> None:
    found = row(night(changes=(change(state),)))
    assert (found.standing, found.word, found.spark.marks[0].standing) == (state, WORDS[state], state)
    page = render_trend(trend_page(trend(night(changes=(change(state),)))))
    assert f'standing-{state.replace(" ", "-")}"><svg' in page
    assert found.says == ("" if state in ("same", "within") else "2.5 FID worse")


def test_a_row_says_baseline_newest_shift_and_margin() -> None:
    found = row(night(), night("newest", changes=(change(now=22.0, estimate=2.0),)))
    assert (found.before, found.now, found.shift, found.bound) == (
        "20 FID",
        "22 FID",
        "+2 (1.5 to 3.5)",
        "margin 1 FID",
    )
    assert found.spark.description == "imp@1 fid over 2 nights; the newest: within the margin"


def test_claims_that_ask_the_same_share_a_row_and_other_margins_do_not() -> None:
    asked = (change(name="a"), change(name="b"), change(name="c", margin=2.0), change(name=None, metric="kid"))
    rows = section(night(changes=asked)).rows
    assert [(one.claims, one.bound) for one in rows] == [("a, b", "margin 1 FID"), ("c", "margin 2 FID")]


def test_what_is_not_there_in_the_newest_night_is_missing() -> None:
    lost = Missing(what="imp@1: fid was not measured with seed 0", claims=("a",))
    found = section(night("old"), night("newest", changes=(), missing=(lost,)))
    (metric,) = found.rows
    assert (metric.standing, metric.now) == ("missing", "not measured")
    assert [(mark.standing, mark.off) for mark in metric.spark.marks] == [("within", False), ("missing", True)]
    assert found.heading == "newest: 1 thing missing"
    assert found.missing == (lost.what,)
    assert [link.text for link in found.detected] == ["missing: imp@1 fid"]
    assert found.steps[0].text.startswith("Run the night's own command again")


def test_the_worst_stands_first_and_quiet_numbers_are_not_listed() -> None:
    changes = tuple(change(state, name=state.replace(" ", "_"), arm=f"{state}@1") for state in WORDS)
    found = section(night(changes=changes))
    words = [link.text.partition(":")[0] for link in found.detected]
    assert words == ["confirmed", "suspected", "dismissed", "measured otherwise", "better"]
    assert found.heading == "night: 1 confirmed, 1 suspected"
    assert {one.anchor for one in found.rows} >= {link.href[1:] for link in found.detected}


def test_what_to_run_next_confirms_accepts_or_waits() -> None:
    command = ("run", "demo", "--results", "a night-confirm", "--only", "a")
    suspected = section(night("a night", changes=(change("suspected"),), confirm=command)).steps
    assert suspected[0].commands == (
        "ticketbench run demo --results 'a night-confirm' --only a",
        "ticketbench trend 'a night' 'a night-confirm'",
    )
    for state in ("confirmed", "better"):
        (step,) = section(night(changes=(change(state),))).steps
        assert step.commands == ("ticketbench baseline accept night --force",)
    assert [step.text for step in section(night()).steps] == ["Nothing; the next night."]


def test_speeds_are_ratios_and_another_machine_is_told() -> None:
    pace = SpeedChange(kind="imp@0", exclusive=False, ratio=1.6, low=1.5, high=1.7, state="suspected", says="1.6 times")
    found = section(night(speeds=(pace,)))
    (speed,) = found.speeds
    assert (speed.now, speed.shift, speed.word) == ("\u00d71.6", "\u00d71.5 to \u00d71.7", "suspected")
    assert found.speeds_note == ""
    elsewhere = section(night(speeds=(pace,)), night("newest", same_machine=False))
    assert elsewhere.speeds[0].word == "nothing to compare"
    assert elsewhere.speeds_note.startswith("Speeds compare within one class of machine only")
    assert elsewhere.detected == ()


def test_verdicts_and_metrics_of_no_claim_are_tables_with_an_end() -> None:
    verdicts = (VerdictChange(claim="a", before="reproduced", now=None),)
    found = section(night(verdicts=verdicts, changes=tuple(change("shown", None, arm=f"x@{i}") for i in range(201))))
    assert found.verdicts is not None and [cell.text for cell in found.verdicts.rows[0]] == ["a", "reproduced", "gone"]
    assert found.unclaimed is not None and len(found.unclaimed.rows) == 200
    assert found.unclaimed.caption.endswith("; 1 row more in `trend --json`")
    assert found.rows == ()


def test_a_suite_that_no_night_ran_is_a_page() -> None:
    gone = Missing(what="suite demo at scale small: no night ran it")
    found = section(night("", changes=(), missing=(gone,), same_machine=False, machine=None))
    assert (found.heading, found.steps[0].text) == ("No night ran this suite.", "Run the suite: no night has it.")
    assert "No number of a claim was compared." in render_trend(
        trend_page(trend(night("", changes=(), missing=(gone,))))
    )
    assert "script-src 'none'" in render_trend(trend_page(Trend(suites=()))).replace("&#39;", "'")


def test_the_odds_are_said_for_what_was_tested() -> None:
    found = odds_said(night(odds=Odds(tests=40, suspected=2, by_chance=2.0, false=0.2, alarms=0.05)))
    assert len(found) == 1
    assert found[0].startswith("40 comparisons tested: without any change, 2 would lie beyond their margins by chance;")
    assert "2 suspected after correction, of which at most 0.2 are expected to be false" in found[0]


finite = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(finite, st.floats(0, 1e3)), min_size=1, max_size=40), st.floats(1e-3, 1e3))
def test_marks_stay_inside_and_keep_their_order(values: list[tuple[float, float]], margin: float) -> None:
    dots = [Dot("within", "", value, value - half, value + half) for value, half in values]
    made = spark(dots, margin, margin / 2, "")
    assert all(INSET <= mark.y <= HEIGHT - INSET and 0 <= mark.x <= WIDTH for mark in made.marks)
    assert all(mark.high <= mark.y <= mark.low for mark in made.marks if mark.low is not None and mark.high is not None)
    assert [mark.x for mark in made.marks] == sorted(mark.x for mark in made.marks)
    for (ours, first), (theirs, second) in pairwise(zip(values, made.marks, strict=True)):
        assert (ours[0] - theirs[0]) * (first.y - second.y) <= 0  # up is worse, so larger stands higher
    assert made.margin is not None and made.band is not None
    assert made.margin.top <= made.band.top < made.zero


def test_a_shift_stands_on_the_margins_edge_exactly_where_it_equals_it() -> None:
    made = spark([Dot("within", "", 2.0), Dot("same", "", 0.0), Dot("better", "", -2.0)], 2.0, None, "")
    assert made.margin is not None
    assert [mark.y for mark in made.marks] == [made.margin.top, made.zero, made.margin.top + made.margin.height]
    assert made.line == " ".join(f"{mark.x:g},{mark.y:g}" for mark in made.marks)


def test_a_night_without_a_value_stands_on_an_edge() -> None:
    made = spark([Dot("suspected", "diverged"), Dot("missing", ""), Dot("within", "", 0.0)], None, None, "")
    assert [(mark.off, mark.y) for mark in made.marks[:2]] == [(True, INSET), (True, HEIGHT - INSET)]
    assert (made.line, made.margin, made.band) == ("", None, None)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Trend:
    """Return the trend of four directories: as accepted, worse, its confirmation, one that lacks a metric."""
    folder = tmp_path_factory.mktemp("nights")
    claims = {"matches": claim(), "deeper": claim(arm="imp@2"), "cheap": claim("reduces", metric="size")}
    worse = moved(as_planned, {("imp@1", "fid"): 3.0})
    first = Made(folder / "first", claims, seeds=range(3)).measure()
    made = {
        "first": first,
        "worse": Made(folder / "worse", claims, seeds=range(3)).measure(worse),
        "confirm": Made(folder / "confirm", claims, seeds=range(1000, 1005)).measure(worse),
        "short": Made(folder / "short", claims, seeds=range(3)).measure(without=frozenset({"size"})),
    }
    return compare(accounts(first.results), [(name, accounts(one.results)) for name, one in made.items()])


def test_real_nights_are_drawn_with_the_baselines_band(real: Trend) -> None:
    (found,) = trend_page(real).sections
    by_name = {(one.name, one.metric): one for one in found.rows}
    metric = by_name["imp@1", "fid"]
    assert [mark.standing for mark in metric.spark.marks] == ["same", "confirmed", "same"]
    assert metric.spark.band is not None and metric.spark.margin is not None
    assert metric.spark.marks[1].y < metric.spark.margin.top
    assert by_name["imp@1", "size"].standing == "missing"
    assert found.heading.startswith("short: ") and found.heading.endswith("things missing")
    assert [row[0].text for row in found.nights.rows] == ["first", "worse", "short"]


def test_the_page_is_whole_and_the_same_each_time(real: Trend) -> None:
    page = render_trend(trend_page(real))
    assert page == render_trend(trend_page(Trend.model_validate_json(real.model_dump_json())))
    outline = Outline(page)
    assert outline.scripts == []
    ids = [value for _, name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value[1:] for _, name, value in outline.attributes if name == "href" and value.startswith("#")}
    assert links <= set(ids)
    assert not re.search(r"(src|href)=\"(?!#)", page)
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels))


def hostile(text: str) -> Trend:
    """Return a trend whose every free text is this."""
    pace = SpeedChange(kind=text, exclusive=False, ratio=1.6, state="shown", says=text)
    numbers = tuple(change("suspected", name, arm=text, unit=text, says=text) for name in ("a", None))
    made = night(
        text,
        confirmed_by=text,
        machine=text,
        changes=numbers,
        speeds=(pace,),
        missing=(Missing(what=text),),
        facts=(text,),
        confirm=("run", text, "--results", text),
    )
    suite = SuiteTrend(suite="demo", scale="small", seeds=(0,), machine=text, claims=("a",), nights=(made, made))
    return Trend(suites=(suite,))


@pytest.mark.parametrize("text", [*HOSTILE, "\u202eright to left", "\U0001f3ab" * 40, "long" * 200])
def test_hostile_names_are_shown_but_never_markup(text: str) -> None:
    calm, outline = (Outline(render_trend(trend_page(hostile(one)))) for one in ("calm", text))
    assert outline.elements == calm.elements
    assert outline.scripts == []


def test_neither_page_needs_torch_or_pandas(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, reports.trend_build, reports.trend_render; print({'torch', 'pandas'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "set()"
