"""Trained networks in evaluation mode: their weights, and the images that they make."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.evaluation import Evaluation
from benchmark.networks import section
from tests import tiny

DENSE = tiny.arm(tiny.planned(), "gan")


def evaluation(folder: Path) -> Evaluation:
    run = ResultsDir(folder).run(DENSE.id)
    return Evaluation(Workshop(DENSE.job), run.read_tensors(run.WEIGHTS))


def test_generated_images_depend_on_the_seed_and_not_on_how_many_are_asked_for(finished: Path) -> None:
    few, many = evaluation(finished), evaluation(finished)
    one = few.generate(64, "raw")
    assert one.dtype == torch.uint8
    assert torch.equal(many.generate(600, "raw")[:64], one)
    assert torch.equal(few.generate(300, "raw")[:64], one)
    run = ResultsDir(finished).run(DENSE.id)
    other = Evaluation(Workshop(DENSE.job.model_copy(update={"seed": 1})), run.read_tensors(run.WEIGHTS))
    assert not torch.equal(other.generate(64, "raw"), one)


def test_networks_are_evaluated_as_they_were_trained_in_evaluation_mode(finished: Path) -> None:
    run, found = ResultsDir(finished).run(DENSE.id), evaluation(finished)
    networks, end = found.networks_of("raw"), section(run.read_tensors(run.WEIGHTS), "raw")
    assert all(torch.equal(tensor, end[name]) for name, tensor in networks.state().items())
    assert not any(module.training for module in networks.components.values())
    found.generate(10, "raw")
    assert all(torch.equal(tensor, end[name]) for name, tensor in networks.state().items())
    assert found.networks_of("raw") is networks
