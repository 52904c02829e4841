"""The nine reproducibility variables: a paper's, and those that a results directory recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmark.artifacts import ResultsDir
from benchmark.environment import commit, cpu_name, python_version, versions
from benchmark.schema.job import CampaignSuite
from benchmark.schema.record import Resolved
from benchmark.schema.suite import VARIABLES, Variables
from benchmark.suites import read_suite
from benchmark.variables import of_results, side_by_side
from tests import tiny

PAPER = Variables(pseudocode="no", experiment_setup="yes", source="a reader", cautions={"experiment_setup": "soft"})


def test_there_are_nine_in_the_order_of_their_survey() -> None:
    assert len(VARIABLES) == 9
    assert {*VARIABLES, "source", "cautions"} == set(Variables.model_fields)
    rows = side_by_side(PAPER, Variables(pseudocode="as data"))
    assert [row.name for row in rows] == list(VARIABLES)
    found = {row.name: (row.paper, row.caution, row.reproduction) for row in rows}
    assert found["pseudocode"] == ("no", "", "as data")
    assert found["experiment_setup"] == ("yes", "soft", None)
    assert found["hardware_specification"] == (None, "", None)
    assert rows[-1].title == "experiment setup"


def test_a_caution_is_about_one_of_the_nine() -> None:
    with pytest.raises(ValidationError, match=r"cautions.*experiment"):
        Variables.model_validate({"cautions": {"experiment": "soft"}})


def test_a_finished_directory_has_all_but_who_ran_it(finished: Path, tiny_suite: CampaignSuite) -> None:
    found = of_results(ResultsDir(finished), tiny_suite)
    assert [name for name in VARIABLES if getattr(found, name) is None] == ["researcher_affiliation"]
    count = len(tiny_suite.plan.jobs)
    assert found.research_type == f"experimental: {count} of {count} trainings done"
    assert found.open_datasets == "digits (installed with this project)"
    splits = str(found.dataset_splits).split("; ")
    assert splits[0] == "trained on train"
    assert any(part.startswith("digits: measured on test (500 images, ") for part in splits)
    assert found.hardware_specification is not None
    assert found.hardware_specification.startswith(f"cpu {cpu_name()}")
    assert str(found.software_dependencies).startswith(f"python {python_version()}; ")
    assert f"torch {versions()['torch']}" in str(found.software_dependencies)
    assert commit()["commit"] in str(found.open_source_code)
    assert f"all {count} trainings" in str(found.experiment_setup)


def test_before_anything_ran_machine_software_and_splits_are_unknown(tiny_suite: CampaignSuite, tmp_path: Path) -> None:
    found = of_results(ResultsDir(tmp_path), tiny_suite)
    unknown = {name for name in VARIABLES if getattr(found, name) is None}
    assert unknown == {
        "researcher_affiliation",
        "open_source_code",
        "dataset_splits",
        "hardware_specification",
        "software_dependencies",
    }
    assert found.research_type == f"experimental: 0 of {len(tiny_suite.plan.jobs)} trainings done"


def test_several_machines_and_uncommitted_changes_are_told(results: Path, tiny_suite: CampaignSuite) -> None:
    run = ResultsDir(results).run(tiny_suite.plan.jobs[0].id)
    facts = {"cpu": "zz other", "gpu": "a card", "dirty": "yes", "version_scipy": "absent", "version_lost": "absent"}
    run.write_document("environment.json", dict(facts))
    found = of_results(ResultsDir(results), tiny_suite)
    assert found.hardware_specification is not None
    assert " and zz other; gpu a card" in found.hardware_specification
    assert str(found.open_source_code).endswith(", with uncommitted changes")
    assert f"; scipy {versions()['scipy']} and absent; " in str(found.software_dependencies)
    assert "lost" not in str(found.software_dependencies)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ffhq", "ffhq (https://github.com/NVlabs/ffhq-dataset)"),
        ("unpaired_folder", "unpaired_folder (images of one's own)"),
        ("no_such_set", "no_such_set (of a plug-in that is not installed here)"),
    ],
)
def test_where_one_has_a_data_set_from_is_told(tmp_path: Path, tiny_suite: CampaignSuite, name: str, told: str) -> None:
    first, *others = tiny_suite.plan.jobs
    changed = first.model_copy(update={"job": first.job.model_copy(update={"dataset": Resolved(name=name)})})
    plan = tiny_suite.plan.model_copy(update={"jobs": (changed, *others)})
    found = of_results(ResultsDir(tmp_path), tiny_suite.model_copy(update={"plan": plan}))
    assert found.open_datasets == f"{told}; digits (installed with this project)"


def test_a_suite_may_say_who_judged_its_paper_and_how_sure_that_is() -> None:
    stanza = {
        "paper": {
            "title": "A paper",
            "authors": ["A"],
            "venue": "V",
            "year": 2021,
            "variables": {"pseudocode": "no", "source": "a reader", "cautions": {"pseudocode": "soft"}},
        }
    }
    text = tiny.SUITE.replace("seeds: 1\n", f"seeds: 1\npaper: {json.dumps(stanza['paper'])}\n")
    paper = read_suite(text, "suite.yaml", "small").suite.paper
    assert paper is not None
    assert paper.variables == Variables(pseudocode="no", source="a reader", cautions={"pseudocode": "soft"})
