"""The suite yeo2023 against its sources: how large its networks and tickets are, and what a ticket differs in."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from benchmark.assembly import Workshop
from benchmark.catalog import read_text
from benchmark.networks import Networks, prunable_weights
from benchmark.plan import make_plan
from benchmark.pruning.edge_popup import kept_weights
from benchmark.schema.job import Job, Plan
from benchmark.suites import Loaded, read_references, read_suite
from tests.tiny import arm

ROOT = Path(__file__).parent.parent
KINDS = ("conv", "conv_transpose", "linear")


@cache
def loaded_at(scale: str) -> Loaded:
    file = ROOT / "suites/yeo2023.yaml"
    return read_suite(read_text(file), file.name, scale, ["seeds=1", "first_seed=0"])


@cache
def plan_at(scale: str) -> Plan:
    return make_plan(loaded_at(scale))


@cache
def printed() -> dict[str, float]:
    file = ROOT / "reference_results/yeo2023.yaml"
    numbers = read_references(read_text(file), file.name).numbers
    return {name: number.value for name, number in numbers.items() if number.value is not None}


def job_of(experiment: str, level: int = 0, scale: str = "paper") -> Job:
    return arm(plan_at(scale), experiment, level).job


def networks_of(experiment: str) -> Networks:
    return Workshop(job_of(experiment), "meta").networks()


def sizes(experiment: str) -> tuple[int, int]:
    networks = networks_of(experiment)
    parameters = sum(parameter.numel() for _, parameter in networks.named_parameters())
    return sum(weight.numel() for weight in prunable_weights(networks, KINDS, ()).values()), parameters


@pytest.mark.parametrize(
    ("experiment", "code"),
    [("gfmn", "gfmn64"), ("gfmn_default", "gfmn64_nz100"), ("gfmn_cifar10", "gfmn32"), ("sngan", "sngan64")],
)
def test_networks_have_as_many_weights_as_those_of_the_released_code(experiment: str, code: str) -> None:
    assert sizes(experiment) == (printed()[f"code_{code}_weights"], printed()[f"code_{code}_parameters"])


def test_the_released_code_has_a_score_more_than_there_are_biases() -> None:
    networks = networks_of("gfmn")
    layers = [name.removesuffix("weight") for name in prunable_weights(networks, KINDS, ())]
    biases = sum(one.numel() for name, one in networks.named_parameters() if name.removesuffix("bias") in layers)
    assert printed()["code_gfmn64_masked_biases"] == biases + 1


def test_biggan_is_the_one_whose_size_the_page_prints() -> None:
    _, parameters = sizes("biggan")
    assert round(parameters / 1e6, 2) == printed()["biggan_parameters"] / 1e6


@pytest.mark.parametrize("experiment", ["gfmn_strong", "biggan_strong", "sngan_strong"])
def test_a_ticket_keeps_the_tenth_that_the_paper_calls_a_sparsity_of_a_tenth(experiment: str) -> None:
    rule = job_of(experiment).training.scores
    assert rule is not None
    weights, _ = sizes(experiment)
    removed = 1 - kept_weights(networks_of(experiment), rule) / weights
    assert removed == pytest.approx(printed()["ticket_sparsity"], abs=1e-5)


@pytest.mark.parametrize("scale", ["paper", "small"])
def test_tickets_have_the_training_of_their_dense_network_but_for_what_learns(scale: str) -> None:
    for experiment in ("gfmn", "sngan", "biggan"):
        dense, ticket = (job_of(name, scale=scale) for name in (experiment, f"{experiment}_strong"))
        assert dense.training.scores is None
        assert ticket.training.scores is not None
        assert (dense.dataset, dense.objective) == (ticket.dataset, ticket.objective)
        different: dict[str, object] = {"scores": None, "optimizers": {}}
        assert dense.training.model_copy(update=different) == ticket.training.model_copy(update=different)


def test_a_ticket_of_a_pretrained_network_is_sought_over_that_networks_last_weights() -> None:
    for pretrained, lighter in (("gfmn", "gfmn_lighter"), ("gfmn_default", "gfmn_default_lighter")):
        planned = arm(plan_at("paper"), f"{lighter}[kept=0.1]", 1)
        (origin,) = set(planned.job.start.origins.values())
        assert (origin.job, origin.at) == (arm(plan_at("paper"), pretrained).id, "end")


@pytest.mark.parametrize("scale", ["paper", "small"])
def test_nothing_is_trained_that_no_claim_or_figure_looks_at(scale: str) -> None:
    suite = loaded_at(scale).suite
    arms = [arm for claim in suite.claims.values() for pair in claim.compare for arm in (pair.arm, pair.baseline)]
    drawn = [name for figure in suite.figures.values() for name in figure.experiments]
    seen = {arm.partition("@")[0] for arm in arms if arm is not None} | set(drawn)
    assert {name for name in suite.experiments if not {name, name.partition("[")[0]} & seen} == set()


def test_every_number_that_was_looked_for_stands_beside_a_claim_or_a_figure() -> None:
    suite = loaded_at("paper").suite
    pairs = [pair.reference for claim in suite.claims.values() for pair in claim.compare]
    beside = [one for part in (suite.claims, suite.figures) for member in part.values() for one in member.references]
    file = ROOT / "reference_results/yeo2023.yaml"
    numbers = read_references(read_text(file), file.name).numbers
    assert {f"yeo2023/{name}" for name in numbers} == {one for one in (*pairs, *beside) if one is not None}
