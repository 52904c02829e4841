"""Every suite that the project carries: it plans at each of its scales, and says all that its paper's numbers ask."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from benchmark.catalog import read_text
from benchmark.datasets import DATASETS
from benchmark.needs import assets_of
from benchmark.plan import make_plan
from benchmark.schema.job import Plan
from benchmark.schema.reference import References
from benchmark.schema.suite import Suite
from benchmark.suites import read_references, read_suite, references_schema, scale_names, suite_schema

ROOT = Path(__file__).parent.parent
FILES = {file.stem: file for file in sorted((ROOT / "suites").glob("*.yaml"))}
PAPERS = {key: ROOT / "reference_results" / f"{key}.yaml" for key in FILES if key != "demo"}

SCALES = [(key, scale) for key, file in FILES.items() for scale in scale_names(read_text(file), file.name)]
each_scale = pytest.mark.parametrize(("key", "scale"), SCALES)
each_paper = pytest.mark.parametrize("key", PAPERS)


@cache
def suite_of(key: str, scale: str) -> Suite:
    return read_suite(read_text(FILES[key]), FILES[key].name, scale).suite


@cache
def one_seed(key: str, scale: str) -> Plan:
    return make_plan(read_suite(read_text(FILES[key]), FILES[key].name, scale, ["seeds=1"]))


def references_of(key: str) -> References:
    return read_references(read_text(PAPERS[key]), PAPERS[key].name)


def referred(suite: Suite) -> set[str]:
    names = {name for claim in suite.claims.values() for name in claim.references}
    names |= {one.reference for claim in suite.claims.values() for one in claim.compare if one.reference}
    return names | {name for figure in suite.figures.values() for name in figure.references}


def scales_of(key: str) -> list[Suite]:
    return [suite_of(name, scale) for name, scale in SCALES if name == key]


@each_scale
def test_a_suite_plans_and_says_what_it_may_cost(key: str, scale: str) -> None:
    plan = one_seed(key, scale)
    assert plan.suite.key == key
    assert plan.suite.budget is not None
    assert {one.experiment for one in plan.arms} == set(plan.suite.experiments)


@pytest.mark.parametrize("key", FILES)
def test_the_published_schemas_accept_what_is_written(key: str) -> None:
    files = {FILES[key]: suite_schema()} | ({PAPERS[key]: references_schema()} if key in PAPERS else {})
    for file, schema in files.items():
        written = YAML(typ="safe", pure=True).load(read_text(file))
        errors = jsonschema.Draft202012Validator(schema).iter_errors(written)
        assert [(error.json_path, error.message) for error in errors] == []


@pytest.mark.parametrize("file", [*FILES.values(), *PAPERS.values()])
def test_what_has_a_name_for_reuse_is_reused(file: Path) -> None:
    anchors, aliases = (set(re.findall(rf"(?<!\w){mark}(\w+)", read_text(file))) for mark in ("&", r"\*"))
    assert anchors <= aliases


@pytest.mark.parametrize("key", FILES)
def test_a_small_scale_needs_no_file_that_is_not_in_the_package(key: str) -> None:
    plan = one_seed(key, "small")
    assert plan.suite.small
    assert assets_of(plan) == []
    assert all(DATASETS[planned.job.dataset.name].facts["embedded"] for planned in plan.jobs)


@each_paper
def test_the_small_scale_makes_the_papers_claims_or_says_where_they_are_made(key: str) -> None:
    paper, small = suite_of(key, "paper"), suite_of(key, "small")
    assert not paper.small
    alone = {name for name in small.claims.keys() - paper.claims.keys() if small.claims[name].only_at != ("small",)}
    assert alone == set()
    assert len(small.claims.keys() & paper.claims.keys()) > len(paper.claims) / 2


@each_paper
def test_every_number_that_was_read_is_looked_at_by_a_claim_or_a_figure(key: str) -> None:
    looked_at = set().union(*(referred(suite) for suite in scales_of(key)))
    numbers = references_of(key).numbers
    read = {f"{key}/{name}" for name, number in numbers.items() if number.value is not None}
    assert read - looked_at == set()


@each_paper
def test_the_paper_has_its_reproducibility_variables(key: str) -> None:
    paper = suite_of(key, "paper").paper
    assert paper is not None
    assert None not in paper.variables.model_dump().values()
