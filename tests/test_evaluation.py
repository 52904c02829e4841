"""Trained networks in evaluation mode: their weights, and the images that they make."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.evaluation import Evaluation
from benchmark.images import to_values
from benchmark.networks import section
from benchmark.portions import portions
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


def test_larger_portions_make_the_same_images(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = evaluation(finished).generate(900, "raw")
    monkeypatch.setattr(
        "benchmark.evaluation.portions", lambda work, count, size, device: portions(work, count, 3 * size, device)
    )
    larger = evaluation(finished).generate(900, "raw")
    assert found.float().std() > 1
    assert (larger.int() - found.int()).abs().max() <= 1  # a value on the edge between two may be rounded to either


def test_reconstructions_are_made_in_portions_of_all_images() -> None:
    planned = tiny.arm(tiny.planned(), "auto")
    workshop = Workshop(planned.job)
    end = {f"raw/{name}": tensor for name, tensor in workshop.initial("init").items()}
    made = Evaluation(workshop, end)
    pixels = made.images("train").pixels[:600]
    assert workshop.objective.reconstruct is not None
    with torch.no_grad():
        at_once = workshop.objective.reconstruct(made.networks_of("raw"), to_values(pixels))
    torch.testing.assert_close(made.reconstruct(pixels, "raw"), at_once)
