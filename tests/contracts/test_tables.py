"""What every member of every family's table keeps to."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest

from benchmark.activations import ACTIVATIONS
from benchmark.datasets import DATASETS
from benchmark.features import EXTRACTORS
from benchmark.identity import essence
from benchmark.metrics import METRICS
from benchmark.models import MODELS
from benchmark.objectives import OBJECTIVES
from benchmark.pruning import CRITERIA
from benchmark.schema.record import Selection
from benchmark.table import OptionError, Table

TABLES = (DATASETS, MODELS, OBJECTIVES, CRITERIA, METRICS, EXTRACTORS, ACTIVATIONS)
MEMBERS = [pytest.param(table, name, id=f"{table.family}-{name}") for table in TABLES for name in table]
PICTURES = {"extractor": {"name": "digits_classifier"}, "generated": 100, "split": "test"}
NEEDED: dict[str, dict[str, Any]] = {
    "fid": PICTURES,
    "kid": PICTURES,
    "precision": PICTURES,
    "recall": PICTURES,
    "density": PICTURES,
    "coverage": PICTURES,
    "reconstruction_error": {"split": "test"},
    "inception_score": {"extractor": {"name": "digits_classifier"}, "generated": 100},
    "classifier_accuracy": {"extractor": {"name": "digits_classifier"}, "split": "test"},
    "logged_loss": {"update": "discriminator"},
    "early_stopping": {"update": "autoencoder"},
    "macs": {"kind": "dense"},
    "unpaired_folder": {"folder": "horse2zebra"},
    "training_flops": {"kind": "dense"},
    "moment_matching": {"activations": {"name": "digits_classifier"}},
}
"""The options that have no default, by member."""

FACTS = {
    "datasets": {"shape", "embedded"},
    "models": {"components"},
    "objectives": {"components", "generates", "reconstructs"},
    "criteria": set(),
    "metrics": {"unit", "lower_is_better"},
    "extractors": {"assets"},
    "activations": {"assets", "count"},
}
ARGUMENTS = {"datasets": 3, "models": 2, "objectives": 1, "criteria": 2, "metrics": 2, "extractors": 3} | {
    "activations": 3
}


@pytest.mark.parametrize(("table", "name"), MEMBERS)
def test_a_member_resolves_with_its_defaults_and_back(table: Table, name: str) -> None:
    needed = NEEDED.get(name, {})
    resolved = table.resolve(Selection.model_validate({"name": name, **needed}))
    options = table[name].options
    assert resolved.options.keys() == options.model_fields.keys()
    assert table.non_defaults(resolved).keys() == needed.keys()
    assert table.parse(resolved).model_dump(mode="json") == resolved.options
    assert essence(table, resolved)["name"] == name
    for key in needed:
        with pytest.raises(OptionError):
            table.resolve(Selection.model_validate({"name": name, **needed, key: None}))


@pytest.mark.parametrize(("table", "name"), MEMBERS)
def test_a_member_says_what_it_is_and_refuses_what_it_does_not_know(table: Table, name: str) -> None:
    entry = table[name]
    assert entry.says
    assert entry.says == entry.says.strip()
    assert entry.version >= 1
    assert entry.facts.keys() >= FACTS[table.family]
    assert inspect.getdoc(entry.options)
    with pytest.raises(OptionError, match="unknown option 'no_such_option'"):
        table.resolve(Selection.model_validate({"name": name, **NEEDED.get(name, {}), "no_such_option": 1}))


@pytest.mark.parametrize(("table", "name"), MEMBERS)
def test_a_member_is_a_documented_function_of_its_familys_arguments(table: Table, name: str) -> None:
    function = table[name].load()
    assert callable(function)
    assert inspect.getdoc(function)
    facts = table[name].facts
    more = ("teachable" in facts) + (table.family == "objectives" and "activations" in facts)
    assert len(inspect.signature(function).parameters) == ARGUMENTS[table.family] + more
    assert function.__module__.startswith("benchmark.")


def test_tables_and_options_need_no_torch() -> None:
    families = ("activations", "datasets", "features", "metrics", "models", "objectives", "pruning")
    code = (
        "import sys; sys.modules['torch'] = None\n"
        + "".join(f"import benchmark.{name}\n" for name in families)
        + "import benchmark.plan\n"
        "from benchmark.metrics import METRICS\n"
        "assert all(METRICS[name].options.model_fields is not None for name in METRICS)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
