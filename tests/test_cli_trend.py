"""trend and baseline as a user calls them: places, refusals, what is printed, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.schema.trend import Trend
from tests.calling import call
from tests.trend.made import Made, as_planned, claim, moved

CLAIMS = {"matches": claim(), "deeper": claim(arm="imp@2")}
WORSE = moved(as_planned, {("imp@1", "fid"): 5.0})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three directories: the accepted one, a worse one, its confirmation."""
    folder = tmp_path_factory.mktemp("place")
    Made(folder / "first", CLAIMS, seeds=range(3)).measure()
    Made(folder / "worse", CLAIMS, seeds=range(3)).measure(WORSE)
    Made(folder / "worse-confirm", CLAIMS, seeds=range(1000, 1003)).measure(WORSE)
    return folder


@pytest.fixture(autouse=True)
def there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def test_a_series_is_printed_and_ends_with_its_code(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(capsys, "baseline", "accept", "first")
    assert (code, out) == (0, "baselines/demo-small.json\n")
    code, out, err = call(capsys, "trend", "first", "worse", "--confirm", str(tmp_path / "confirm.sh"))
    assert code == 3
    lines = out.splitlines()
    assert lines[0] == "demo at scale small, seeds 0, 1, 2"
    assert lines[1].startswith("  first: 4 same, ")
    assert lines[2].startswith("  worse: 3 same, ") and "1 suspected" in lines[2]
    assert any(
        line.startswith("    ? suspected  matches imp@1 fid: 5 fid worse (5 to 5) over 3 seeds") for line in lines
    )
    assert any(
        line.startswith("    i 1 comparisons tested: without any change, 0.05 would lie beyond") for line in lines
    )
    command = (
        "ticketbench run demo --scale small --device cpu --results worse-confirm --seeds 5 --set first_seed=1000 "
        "--only matches"
    )
    assert (tmp_path / "confirm.sh").read_text() == f"{command}\n"
    assert command in err
    code, out, err = call(capsys, "trend", "first", "worse", "worse-confirm", "--baseline", "baselines/demo-small.json")
    assert (code, err) == (1, "")
    assert "  worse, confirmed by worse-confirm: " in out
    assert "    - confirmed  matches imp@1 fid: " in out


def test_json_is_the_whole_trend(capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "baseline", "accept", "first")
    code, out, _ = call(capsys, "trend", "worse", "--json")
    assert code == 3
    assert json.loads(out)["format"] == 1
    trend = Trend.model_validate_json(out)
    assert [night.directory for night in trend.suites[0].nights] == ["worse"]
    assert call(capsys, "trend", "worse", "--json")[1] == out


def test_html_is_a_page_of_all_nights(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    call(capsys, "baseline", "accept", "first")
    page = tmp_path / "trend.html"
    code, _, _ = call(capsys, "trend", "first", "worse", "worse-confirm", "--html", str(page))
    text = page.read_text()
    assert code == 1
    assert "worse: 1 confirmed" in text and "ticketbench baseline accept worse --force" in text
    call(capsys, "trend", "first", "worse", "worse-confirm", "--html", str(page))
    assert page.read_text() == text


def test_report_compares_two_directories(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(capsys, "report", "first", "worse", "-o", str(tmp_path / "both.html"))
    assert (code, out) == (0, f"{tmp_path / 'both.html'}\n")
    text = (tmp_path / "both.html").read_text()
    assert "1 verdict changed, 1 as before" in text
    assert text.index("1 verdict changed") < text.index('id="summary"')


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("trend",), "Missing argument"),
        (("trend", "first", "--baseline", "nowhere.json"), "nowhere.json: no baseline here"),
        (("trend", "nowhere"), "nowhere: no campaign here"),
        (("baseline",), ""),
        (("baseline", "accept", "nowhere"), "nowhere: no campaign here"),
        (("baseline", "accept", "worse", "-o", "taken.json"), "taken.json: is another baseline; --force replaces it"),
    ],
)
def test_wrong_usage_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    if "taken.json" in arguments:
        call(capsys, "baseline", "accept", "first", "-o", "taken.json")
    code, _, err = call(capsys, *arguments)
    assert code == 2
    assert told in err


def test_a_suite_without_a_baseline_is_told_how_to_get_one(
    capsys: pytest.CaptureFixture[str], place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = call(capsys, "trend", str(place / "first"))
    assert code == 2
    told = "baselines/demo-small.json: no baseline here; `ticketbench baseline accept DIR` makes one"
    assert err == f"ticketbench: {told}\n"
