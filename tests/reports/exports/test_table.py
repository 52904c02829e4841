"""Tables of measurements and verdicts: read back by pandas they are what the files of the directory say, to the bit."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.artifacts import ResultsDir
from benchmark.schema.verdict import Verdicts
from reports.exports.formats import exported
from reports.exports.source import Source
from reports.exports.table import MEASUREMENTS, VERDICTS, Table
from reports.exports.tabular import csv_bytes, parquet_bytes

FLOATS = [name for name, kind in {**MEASUREMENTS, **VERDICTS}.items() if kind is float]


def exact(text: str) -> float:
    """Read a number as Python does: the fast readers of some releases of pandas are off by a bit."""
    return float(text) if text else math.nan


def read(data: bytes, ending: str) -> pandas.DataFrame:
    if ending == ".parquet":
        return pandas.read_parquet(io.BytesIO(data))
    columns = next(csv.reader(io.StringIO(data.decode())))
    return pandas.read_csv(io.BytesIO(data), converters={name: exact for name in columns if name in FLOATS})


@pytest.fixture(scope="module", params=[".csv", ".parquet"])
def ending(request: pytest.FixtureRequest) -> str:
    """A format of tables."""
    return str(request.param)


def test_every_measurement_has_its_row(results: ResultsDir, ending: str) -> None:
    found = read(exported(Source(results), Path(f"m{ending}"), "measurements"), ending)
    assert list(found.columns) == list(MEASUREMENTS)
    assert not found.duplicated(["suite", "experiment", "level", "seed", "job", "metric"]).any()
    files = {}
    for path in results.path.glob("runs/*/measurements/*.json"):
        one = json.loads(path.read_bytes())
        files[one["job"], one["name"]] = one
    with_value = found[found["value"].notna()]
    assert len(files) == len(with_value)
    for row in with_value.to_dict("records"):
        one = files[row["job"], row["metric"]]
        assert row["value"].hex() == float(one["value"]).hex()
        assert (row["unit"], row["lower_is_better"]) == (one["unit"], one["lower_is_better"])
        for name, value in one["protocol"].items():
            column = row[f"protocol_{name}"]
            assert pandas.isna(column) if value is None else column == value, name
        assert row["sparsity"] == files[row["job"], "sparsity"]["value"]


def test_what_is_lacking_has_rows_that_say_why(results: ResultsDir, ending: str) -> None:
    found = read(exported(Source(results), Path(f"m{ending}"), "measurements"), ending)
    lacking = found[found["value"].isna()]
    assert set(lacking["outcome"]) == {"diverged", "failed"}
    assert set(lacking["job"]) == {"random-4-s2", "ae_winning-3-s4"}
    assert lacking["metric"].value_counts().to_dict() == {
        "sparsity": 2,
        "fid": 1,
        "macs_effective": 1,
        "reconstruction_error": 1,
    }


def test_every_comparison_of_a_claim_has_its_row(results: ResultsDir, verdicts: Verdicts, ending: str) -> None:
    found = read(exported(Source(results), Path(f"v{ending}"), "verdicts"), ending)
    assert list(found.columns) == list(VERDICTS)
    parts = [(verdict, part) for verdict in verdicts.verdicts for part in verdict.parts]
    assert len(found) == len(parts) and {len(one.parts) for one in verdicts.verdicts} > {1}
    for row, (verdict, part) in zip(found.to_dict("records"), parts, strict=True):
        said = [row[name] for name in ("claim", "status", "label", "part_status", "part_reason", "arm", "baseline")]
        assert said == [
            *(verdict.claim_id, verdict.status, verdict.label),
            *(part.status, part.reason, part.arm.name, part.baseline.name),
        ]
        assert row["arm_n"] == sum(one.value is not None for one in part.arm.observations)
        effect = {} if part.effect is None else part.effect.model_dump()
        for name in ("estimate", "low", "high", "margin", "power"):
            value = effect.get(name)
            assert pandas.isna(row[name]) if value is None else row[name].hex() == value.hex(), name


def test_a_claim_without_comparisons_keeps_a_row(results: ResultsDir, verdicts: Verdicts) -> None:
    source, bare = Source(results), verdicts.verdicts[0].model_copy(update={"parts": ()})
    source.__dict__["verdicts"] = Verdicts(verdicts=(bare,))
    (row,) = csv.DictReader(io.StringIO(exported(source, Path("v.csv"), "verdicts").decode()))
    assert (row["claim"], row["part"], row["arm"]) == (bare.claim_id, "", "")


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
            st.floats(allow_nan=False, allow_infinity=False),
            st.none() | st.booleans(),
            st.none() | st.integers(-(2**63), 2**63 - 1),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_texts_and_numbers_come_back(values: list[tuple[str, float, bool | None, int | None]]) -> None:
    names = ("text", "number", "flag", "whole")
    table = Table(
        dict(zip(names, (str, float, bool, int), strict=True)),
        tuple(dict(zip(names, row, strict=True)) for row in values),
    )
    rows = list(csv.reader(io.StringIO(csv_bytes(table).decode(), newline="")))
    assert rows[0] == list(names)
    for row, (text, number, flag, whole) in zip(rows[1:], values, strict=True):
        assert (row[0], float(row[1]).hex()) == (text, number.hex())
        assert row[2:] == ["" if flag is None else str(flag), "" if whole is None else str(whole)]
    back = pandas.read_parquet(io.BytesIO(parquet_bytes(table)))
    assert back["text"].tolist() == [row[0] for row in values]
    assert [one.hex() for one in back["number"]] == [row[1].hex() for row in values]
