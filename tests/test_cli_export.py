"""export as a user calls it: files by their ending, refusals in one line, what is read from before."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from benchmark.documents import as_json
from tests.calling import call
from tests.trend.made import Made, as_planned, claim, moved


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory and a worse one."""
    folder = tmp_path_factory.mktemp("place")
    Made(folder / "first", {"matches": claim()}, seeds=range(3)).measure()
    Made(folder / "worse", {"matches": claim()}, seeds=range(3)).measure(moved(as_planned, {("imp@1", "fid"): 5.0}))
    return folder


@pytest.fixture(autouse=True)
def there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def test_each_ending_gives_its_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    begins = {
        "r.json": b'{\n "format": 1,',
        "m.csv": b"suite,scale,device,",
        "m.PARQUET": b"PAR1",
        "s.md": b"### ticketbench: 1 holds\n",
        "b.svg": b"<svg ",
        "j.xml": b'<?xml version="1.0"',
    }
    paths = [str(tmp_path / "new" / name) for name in begins]
    code, out, err = call(capsys, "export", "first", *(word for path in paths for word in ("-o", path)))
    assert (code, out.splitlines(), err) == (0, paths, "")
    for path, (name, start) in zip(paths, begins.items(), strict=True):
        assert Path(path).read_bytes().startswith(start), name
    assert not (Path("first") / "verdicts.json").exists()


def test_the_other_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert call(capsys, "export", "first", "-o", str(tmp_path / "v.csv"), "--table", "verdicts")[0] == 0
    assert (tmp_path / "v.csv").read_text().count("\n") == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["first", "-o", "x.html"], "x.html: the ending says what to write, and must be one of .json .csv"),
        (["first", "-o", "x"], "x: the ending says what to write"),
        (["first", "-o", "x.csv", "--table", "verdict"], "no table 'verdict'; did you mean 'verdicts'?"),
        (["absent", "-o", "x.csv"], "absent: no campaign here"),
        (["first", "-o", "x.md", "--before", "absent"], "absent: no results directory here, and no verdicts.json"),
        (["first", "-o", "x.md", "--before", "."], ".: no campaign here"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    code, out, err = call(capsys, "export", *arguments, "-o", "good.svg")
    assert (code, out) == (2, "")
    assert err.startswith(f"ticketbench: {says}") and err.count("\n") == 1
    assert not Path("good.svg").exists()


def test_without_an_output_it_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "export", "first")
    assert code == 2 and "--output" in err


def test_without_pyarrow_the_line_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, _, err = call(capsys, "export", "first", "-o", "x.parquet")
    assert (code, err) == (2, 'ticketbench: .parquet needs pyarrow: pip install "ticketbench[parquet]"\n')


def test_before_is_a_directory_or_its_verdicts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, judged, _ = call(capsys, "verify", "first", "--json")
    (tmp_path / "old.json").write_text(judged)
    texts = []
    for index, before in enumerate(("first", str(tmp_path / "old.json"))):
        output = tmp_path / f"{index}.md"
        assert call(capsys, "export", "worse", "-o", str(output), "--before", before)[0] == 0
        texts.append(output.read_text())
    assert texts[0] == texts[1]
    assert "1 verdict changed." in texts[0] and "**holds at small scale**" in texts[0]


@pytest.mark.parametrize(
    ("document", "code", "says"),
    [
        ({"format": 2, "verdicts": {}}, 2, "written by a newer ticketbench (format 2; this one reads up to 1)"),
        ({"format": 1}, 4, "verdicts: Field required"),
    ],
)
def test_another_file_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, document: dict[str, object], code: int, says: str
) -> None:
    path = tmp_path / "old.json"
    path.write_bytes(as_json(document))
    found, _, err = call(capsys, "export", "first", "-o", "x.md", "--before", str(path))
    assert (found, err) == (code, f"ticketbench: {path}: {says}\n")


def test_json_says_what_verify_says(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, judged, _ = call(capsys, "verify", "worse", "--json")
    assert call(capsys, "export", "worse", "-o", str(tmp_path / "r.json"))[0] == 0
    found = json.loads((tmp_path / "r.json").read_bytes())
    assert found["exit_code"] == code
    assert [one for suite in found["suites"] for one in suite["claims"]] == json.loads(judged)["verdicts"]
