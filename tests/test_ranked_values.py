"""Which values a level ranks: raw weights, moving averages, or each where the code of a paper has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.artifacts import ResultsDir
from benchmark.errors import SuiteError
from benchmark.networks import section
from benchmark.suites.document import read_document
from tests import tiny
from tests.tiny import arm, planned


def suite(values: Any, ema: float | None = 0.9) -> str:
    tree: Any = json.loads(json.dumps(read_document(tiny.SUITE, "tiny.yaml", []).plain()))
    tree["experiments"] = {name: tree["experiments"][name] for name in ("gan", "gan_imp")}
    tree["experiments"]["gan"]["metrics"] = {}
    tree["experiments"]["gan"]["training"]["ema"] = ema
    tree["experiments"]["gan_imp"]["mask"] |= {"values": values, "pool": "component"}
    return json.dumps(tree)


@pytest.mark.parametrize(
    ("values", "resolved"),
    [
        ("raw", ("raw", "raw")),
        ("ema", ("ema", "ema")),
        ("ema_after_first", ("raw", "ema")),
        ({"generator": "ema_after_first"}, ("raw", {"generator": "ema"})),
        ({"generator": "ema", "discriminator": "raw"}, ({"generator": "ema"}, {"generator": "ema"})),
        ({"discriminator": "raw"}, ("raw", "raw")),
    ],
)
def test_a_plan_says_for_each_level_what_is_ranked(values: Any, resolved: tuple[Any, Any]) -> None:
    plan = planned(suite(values))
    assert tuple(arm(plan, "gan_imp", level).job.mask.values for level in (1, 2)) == resolved


def test_the_first_round_of_both_rankings_is_one_job() -> None:
    raw, averaged = planned(suite("raw")), planned(suite({"generator": "ema_after_first"}))
    assert arm(raw, "gan_imp", 1).id == arm(averaged, "gan_imp", 1).id
    assert arm(raw, "gan_imp", 2).id != arm(averaged, "gan_imp", 2).id


def test_each_component_is_ranked_by_its_own_values(tmp_path: Path) -> None:
    text = suite({"generator": "ema"})
    assert set(tiny.run(tmp_path / "r", tiny.suite_of(text)).values()) == {"done"}
    plan, results = planned(text), ResultsDir(tmp_path / "r")
    dense, ticket = (results.run(arm(plan, "gan_imp", level).id) for level in (0, 1))
    end, masks = dense.read_tensors(dense.WEIGHTS), ticket.read_tensors(ticket.MASK)
    for component, kind, other in (("generator", "ema", "raw"), ("discriminator", "raw", "ema")):
        sound = {}
        for values in (kind, other):
            weights = section(end, f"{values}/{component}")
            own = section(masks, component)
            kept = torch.cat([weights[name][mask].abs() for name, mask in own.items()])
            gone = torch.cat([weights[name][~mask].abs() for name, mask in own.items()])
            sound[values] = bool(kept.min() >= gone.max())
        assert sound == {kind: True, other: False}, component


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (suite("ema_after_first", ema=None), "mask.values: 'self@previous' keeps no moving averages"),
        (suite({"generator": "ema"}, ema=None), "mask.values: 'self@previous' keeps no moving averages"),
        (suite({"genrator": "ema"}), "mask.values.genrator: 'self@previous' has no component 'genrator'; did you mean"),
        (suite("emma"), "mask.values: expected"),
        (suite({"generator": "emma"}), "mask.values.generator: expected 'raw', 'ema' or 'ema_after_first'"),
    ],
)
def test_values_that_are_not_there_are_told(text: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        planned(text)
    assert any(message in problem for problem in caught.value.problems), caught.value.problems
