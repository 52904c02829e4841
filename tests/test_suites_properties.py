# ruff: noqa: E501  a case of a table stands on one line
"""The suite reader under generated input: damaged files never surprise, merging keeps its laws."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.errors import SuiteError
from benchmark.suites import read_references, read_suite, scale_names
from benchmark.suites.document import Fault, Mark, Node, nearest, read_document
from benchmark.suites.merge import merge, put

SUITE = (Path(__file__).parent / "tiny_suite.yaml").read_text(encoding="utf-8")

LINE = re.compile(r"(s\.yaml:\d+|--set [^\n]*?): \S[^\n]*")
ODD = st.sampled_from(
    ["", "null", "[]", "{}", "-1", "0", "1.5", ".nan", "-.inf", "true", "'x'", "[1, [2]]", "{a: {b: 1}}", "*x", "&x 1", "!t 1",
     "2021-01-01", "1e999", "0x" + "f" * 40, "9" * 5000, "'\\", '"\\ud800"', "|\n  x", "<<", "? a", "\t", "imp@0", "%", "@", "`"]
)  # fmt: skip
LINES = SUITE.splitlines()
SLOW_BOX = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def read_or_faults(text: str, scale: str = "small", *overrides: str) -> None:
    """Read; anything but a suite or well-formed fault lines fails the test."""
    try:
        loaded = read_suite(text, "s.yaml", scale, overrides)
    except SuiteError as error:
        assert error.problems
        for problem in error.problems:
            assert LINE.fullmatch(problem), problem
    else:
        assert loaded.suite.experiments is not None


@st.composite
def damaged(draw: st.DrawFn) -> str:
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["delete", "double", "rename", "value", "indent", "swap"])):
            case "delete":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "rename":
                lines[at] = re.sub(r"[a-z]", draw(st.sampled_from("abcxyz_1")), lines[at], count=1)
            case "value":
                lines[at] = lines[at].partition(":")[0] + ": " + draw(ODD)
            case "indent":
                lines[at] = " " * draw(st.integers(0, 9)) + lines[at].lstrip()
            case _:
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
        if not lines:
            break
    return "\n".join(lines)


@SLOW_BOX
@given(text=damaged(), scale=st.sampled_from(["small", "paper", "none"]))
def test_a_damaged_suite_gives_fault_lines_or_a_suite(text: str, scale: str) -> None:
    read_or_faults(text, scale)


@SLOW_BOX
@given(at=st.integers(0, len(SUITE)), cut=st.integers(0, 40), text=st.text(max_size=12))
def test_a_suite_with_characters_replaced_gives_fault_lines_or_a_suite(at: int, cut: int, text: str) -> None:
    read_or_faults(SUITE[:at] + text + SUITE[at + cut :])


@SLOW_BOX
@given(text=st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda raw: raw.decode("latin-1"))))
def test_any_text_gives_fault_lines(text: str) -> None:
    read_or_faults(text)
    for read in (lambda: scale_names(text, "s.yaml"), lambda: read_references(text, "s.yaml")):
        with pytest.raises(SuiteError) as caught:
            read()
        assert all(LINE.fullmatch(problem) for problem in caught.value.problems)


@SLOW_BOX
@given(
    path=st.sampled_from(["seeds", "experiments", "experiments.imp", "experiments.imp.levels", "claims.winning.compare.0.arm",
                          "experiments.curve.matrix", "experiments.random.extends", "claims", "experiments.imp.training.x.y"]),
    value=ODD,
)  # fmt: skip
def test_an_odd_override_gives_fault_lines_or_a_suite(path: str, value: str) -> None:
    read_or_faults(SUITE, "small", f"{path}={value}")


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)),
    max_leaves=12,
)
MAPPING = st.dictionaries(st.sampled_from("abcd"), PLAIN, max_size=4)


def tree(plain: Any, line: int) -> Node:
    mark = Mark("s.yaml", line)
    if isinstance(plain, dict):
        return Node({key: tree(value, line) for key, value in plain.items()}, mark)
    if isinstance(plain, list):
        return Node(tuple(tree(value, line) for value in plain), mark)
    return Node(plain, mark)


def plainly_merged(base: Any, over: Any) -> Any:
    """The merge by its definition, on plain values."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {
            key: plainly_merged(base[key], over[key]) if key in base and key in over else over.get(key, base.get(key))
            for key in [*base, *(key for key in over if key not in base)]
        }
    return over


@given(base=PLAIN, over=PLAIN)
def test_merging_is_as_defined(base: Any, over: Any) -> None:
    assert merge(tree(base, 1), tree(over, 2)).plain() == plainly_merged(base, over)


@given(one=MAPPING, two=MAPPING)
def test_merging_nothing_or_the_same_changes_nothing_and_the_later_wins(one: Any, two: Any) -> None:
    empty = tree({}, 3)
    assert merge(tree(one, 1), empty).plain() == merge(empty, tree(one, 1)).plain() == one
    once = merge(tree(one, 1), tree(two, 2))
    assert merge(once, tree(two, 2)).plain() == once.plain()


@given(one=MAPPING, two=MAPPING, three=MAPPING)
def test_merging_mappings_of_scalars_is_associative(one: Any, two: Any, three: Any) -> None:
    flat = [
        tree({key: 0 if isinstance(value, dict) else value for key, value in part.items()}, 1)
        for part in (one, two, three)
    ]
    assert merge(merge(flat[0], flat[1]), flat[2]).plain() == merge(flat[0], merge(flat[1], flat[2])).plain()


@given(base=MAPPING, path=st.lists(st.sampled_from("efgh"), min_size=1, max_size=4), value=PLAIN)
def test_a_value_that_is_put_is_found_with_its_mark_and_nothing_else_changes(
    base: Any, path: list[str], value: Any
) -> None:
    changed = put(tree(base, 1), path, tree(value, 2))
    assert nearest(changed, tuple(path)).line == 2
    found = changed.plain()
    assert {key: found[key] for key in base} == base
    for key in path:
        found = found[key]
    assert found == value


@SLOW_BOX
@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3), dropped=st.data())
def test_a_matrix_has_the_product_of_its_axes_less_what_is_excluded(sizes: list[int], dropped: st.DataObject) -> None:
    rows = list(itertools.product(*(range(size) for size in sizes)))
    gone = dropped.draw(st.lists(st.sampled_from(rows), unique=True, max_size=len(rows) - 1))
    axes = "".join(f"      model.x{axis}: {list(range(size))}\n" for axis, size in enumerate(sizes))
    flow = [", ".join(f"model.x{axis}: {value}" for axis, value in enumerate(row)) for row in gone]
    exclude = "      exclude:\n" + "".join(f"        - {{{row}}}\n" for row in flow) if gone else ""
    head, _, rest = SUITE.replace("imp@0, fraction: null", "imp@0, fraction: null, sparsity: 0.5").partition(
        "    matrix:\n"
    )
    text = head + "    matrix:\n" + axes + exclude + rest[rest.index("claims:") :]
    suite = read_suite(text, "s.yaml", "small").suite
    made = [
        tuple(one.model.options[f"x{axis}"] for axis in range(len(sizes)))
        for name, one in suite.experiments.items()
        if "[" in name
    ]
    assert made == [row for row in rows if row not in gone]


@given(plain=MAPPING.filter(bool))
def test_every_value_of_a_block_document_has_its_own_line(plain: Any) -> None:
    lines: list[str] = []
    expected: dict[tuple[str, ...], int] = {}

    def write(value: dict[str, Any], path: tuple[str, ...]) -> None:
        for key, inner in value.items():
            nested = isinstance(inner, dict) and inner
            lines.append("  " * len(path) + f"{key}:" + ("" if nested else " 0"))
            expected[(*path, key)] = len(lines)
            if nested:
                write(inner, (*path, key))

    write(plain, ())
    faults: list[Fault] = []
    document = read_document("\n".join(lines), "s.yaml", faults)
    assert not faults
    assert {path: nearest(document, path).line for path in expected} == expected
