"""Every criterion: scores of the right shapes, from the evidence alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmark.pruning import CRITERIA
from benchmark.pruning.criterion import Evidence, Scores
from benchmark.pruning.options import DataOptions
from benchmark.schema.record import Options, Selection
from benchmark.table import OptionError

WEIGHTS = {
    "b/x.weight": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)),
    "a/y.weight": torch.randn(2, 2, 4, 4, generator=torch.Generator().manual_seed(1)),
}


def scored(name: str, seed: int = 0, *, turned: bool = False) -> Scores:
    given = dict(reversed(WEIGHTS.items())) if turned else WEIGHTS
    weights = {key: weight.clone().requires_grad_() for key, weight in given.items()}

    def losses(index: int) -> tuple[Tensor, ...]:
        return tuple((weight**3).sum() / (index + 2) for weight in weights.values())

    entry = CRITERIA[name]
    evidence = Evidence(weights, torch.Generator().manual_seed(seed), losses)
    scores: Scores = entry.load()(evidence, CRITERIA.parse(CRITERIA.resolve(Selection(name=name))))
    return scores


@pytest.mark.parametrize("name", list(CRITERIA))
def test_a_criterion_scores_every_weight_and_repeats_itself(name: str) -> None:
    before = torch.get_rng_state()
    first, second = scored(name), scored(name, turned=True)
    assert {key: score.shape for key, score in first.items()} == {key: w.shape for key, w in WEIGHTS.items()}
    assert all(torch.equal(first[key], second[key]) for key in WEIGHTS)
    assert torch.equal(before, torch.get_rng_state())
    assert not any(score.requires_grad for score in first.values())


@pytest.mark.parametrize("name", ["snip", "grasp"])
def test_a_criterion_of_losses_says_when_there_are_none(name: str) -> None:
    with pytest.raises(ValueError, match="no networks, and no losses"):
        CRITERIA[name].load()(Evidence(WEIGHTS, torch.Generator()), DataOptions())


def test_magnitude_is_the_absolute_value() -> None:
    assert all(torch.equal(scored("magnitude")[key], weight.abs()) for key, weight in WEIGHTS.items())


def test_random_depends_on_the_generator_alone() -> None:
    assert not torch.equal(scored("random", 0)["a/y.weight"], scored("random", 1)["a/y.weight"])
    blank = Evidence(
        {name: torch.zeros_like(weight) for name, weight in WEIGHTS.items()}, torch.Generator().manual_seed(0)
    )
    looked_at_nothing: Scores = CRITERIA["random"].load()(blank, Options())
    assert all(torch.equal(scored("random")[name], looked_at_nothing[name]) for name in WEIGHTS)


def test_a_criterion_without_options_refuses_one() -> None:
    with pytest.raises(OptionError, match="unknown option 'power'"):
        CRITERIA.resolve(Selection(name="magnitude", power=2))
