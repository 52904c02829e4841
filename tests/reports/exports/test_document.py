"""report.json and verdicts.json: the published schemas, and every number against the files it was read from."""

from __future__ import annotations

import json
import math
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from benchmark.artifacts import ResultsDir
from benchmark.documents import as_json
from benchmark.judge import exit_code, outcomes
from benchmark.schema.verdict import Verdicts
from reports.exports.formats import exported
from reports.exports.gather import document
from reports.exports.json_schema import schema, write_schemas
from reports.exports.source import Source
from tests.timed import campaign, write

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def made(results: ResultsDir) -> dict[str, Any]:
    """The document as a program reads it."""
    found: dict[str, Any] = json.loads(exported(Source(results), Path("report.json"), "measurements"))
    return found


def test_the_published_schemas_are_current(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_text(encoding="utf-8") == (DOCS / path.name).read_text(encoding="utf-8"), path.name
    assert {path.name for path in tmp_path.iterdir()} == {"report.schema.json", "verdicts.schema.json"}


def test_what_is_written_fits_its_schema(made: dict[str, Any], verdicts: Verdicts) -> None:
    for name, found in {"report": made, "verdicts": json.loads(as_json(verdicts.model_dump(mode="json")))}.items():
        jsonschema.Draft202012Validator.check_schema(schema(name))
        check = jsonschema.Draft202012Validator(schema(name))
        check.validate(found)
        check.validate(found | {"added_later": 1})
        assert not check.is_valid(found | {"format": 2})
        assert not check.is_valid({key: value for key, value in found.items() if key != "format"})


def test_a_wrong_number_or_word_deep_inside_does_not_fit(made: dict[str, Any]) -> None:
    check = jsonschema.Draft202012Validator(schema("report"))
    for place, wrong in {"outcome": "fine", "sparsity": "0.5"}.items():
        found = deepcopy(made)
        found["suites"][0]["jobs"]["winning-1-s0"][place] = wrong
        assert not check.is_valid(found), place
    found = deepcopy(made)
    del found["suites"][0]["claims"][0]["parts"][0]["effect"]["low"]
    assert not check.is_valid(found)


def test_every_measurement_is_there_as_its_file_has_it(made: dict[str, Any], results: ResultsDir) -> None:
    (suite,) = made["suites"]
    files = [json.loads(path.read_bytes()) for path in results.path.glob("runs/*/measurements/*.json")]
    assert len(files) == sum(len(job["measurements"]) for job in suite["jobs"].values())
    for file in files:
        found = suite["jobs"][file["job"]]["measurements"][file["name"]]
        assert {key: found[key] for key in ("value", "unit", "lower_is_better")} == {
            key: file[key] for key in ("value", "unit", "lower_is_better")
        }
        assert suite["protocols"][found["protocol"]] == file["protocol"]
        if file["name"] == "sparsity":
            assert suite["jobs"][file["job"]]["sparsity"] == file["value"]


def test_the_rest_is_what_the_directory_says(made: dict[str, Any], results: ResultsDir, verdicts: Verdicts) -> None:
    (suite,) = made["suites"]
    plan = results.read_campaign().suites["demo"].plan
    assert suite["claims"] == json.loads(as_json(verdicts.model_dump(mode="json")))["verdicts"]
    assert {
        (arm["experiment"], arm["level"], int(seed), job)
        for arm in suite["arms"].values()
        for seed, job in arm["jobs"].items()
    } == {(arm.experiment, arm.level, arm.seed, arm.job) for arm in plan.arms}
    models = {job: found["model"] for job, found in suite["jobs"].items()}
    assert models == {planned.id: planned.job.model.name for planned in plan.jobs}
    assert {job: found["outcome"] for job, found in suite["jobs"].items()} == results.outcomes(plan)
    assert suite["jobs"]["random-4-s2"]["outcome"] == "diverged"
    assert suite["outcomes"] == {"diverged": 1, "done": 63, "failed": 1}
    assert sum(suite["counts"].values()) == len(verdicts.verdicts)
    assert suite["jobs"]["winning-0-s0"]["step_seconds"] == 12.0 / 600
    assert suite["costs"] == {"counted": ["macs_effective"], "timed": {}}
    assert [one["device"] for one in suite["environments"]] == ["cpu"]
    assert (suite["jobs"]["winning-0-s0"]["environment"], suite["jobs"]["random-4-s2"]["environment"]) == (0, None)
    ends = outcomes(results, results.read_campaign()).values()
    assert made["exit_code"] == exit_code(verdicts, ends) == 4
    assert (suite["overrides"], suite["seeds"], suite["small"]) == (["seeds=5"], [0, 1, 2, 3, 4], True)


def test_exclusive_timings_stand_by_themselves(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": [0.01, 0.02], "imp": [0.03]})
    timed = document(Source(results)).suites[0].costs.timed["table2"]
    assert {arm: len(one.processes) for arm, one in timed.items()} == {"dense": 2, "imp": 1, "random": 0}
    assert timed["imp"].place == "gan_imp@2"
    (process,) = timed["imp"].processes
    assert (process.step_seconds, math.isclose(process.training_seconds, 10 * 0.03 + 0.5)) == (0.03, True)


def test_equal_results_give_equal_bytes_wherever_they_lie(results: ResultsDir, tmp_path: Path) -> None:
    copy = ResultsDir(Path(shutil.copytree(results.path, tmp_path / "elsewhere")))
    for name in ("report.json", "t.csv", "s.md", "b.svg", "j.xml"):
        first, second = (exported(Source(one), Path(name), "measurements") for one in (results, copy))
        assert first == second, name
