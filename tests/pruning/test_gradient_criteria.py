"""SNIP and GraSP: closed forms, finite differences, and what is kept of a ranking whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.pruning import grasp, snip
from benchmark.pruning.allocate import draw
from benchmark.pruning.count import Target
from benchmark.pruning.criterion import Evidence, Losses, Scores
from benchmark.pruning.gradient import summed_gradient
from benchmark.pruning.options import DataOptions

SIZE = 7
Loss = Callable[[Tensor], Tensor]


def evidence_of(weight: Tensor, *losses: Loss) -> Evidence:
    """Return evidence for one weight; batch i scales every loss by 1 + i."""
    live = weight.clone().requires_grad_()

    def on_batch(index: int) -> tuple[Tensor, ...]:
        return tuple((1 + index) * loss(live) for loss in losses)

    return Evidence({"net/a.weight": live}, torch.Generator(), on_batch)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def quadratic(seed: int) -> tuple[Loss, Tensor, Tensor]:
    """Return w'Aw/2 + b'w with its A, symmetric, and b."""
    matrix, vector = drawn(SIZE, SIZE, seed=seed), drawn(SIZE, seed=seed + 1)
    symmetric = matrix + matrix.T
    return (lambda weight: weight @ symmetric @ weight / 2 + vector @ weight), symmetric, vector


def network(weight: Tensor) -> Tensor:
    """Return the loss of two layers with a tanh between, all their weights in one vector of 20."""
    first, second = weight[:12].reshape(4, 3), weight[12:].reshape(2, 4)
    inputs, targets = drawn(5, 3, seed=8), drawn(5, 2, seed=9)
    return (torch.tanh(inputs @ first.T) @ second.T - targets).square().mean()


def central(function: Callable[[Tensor], float], weight: Tensor, step: float = 1e-5) -> Tensor:
    """Return the derivative of a function of `mask * weight` with respect to every mask variable, at one."""
    slopes = []
    for place in range(weight.numel()):
        up, down = torch.ones_like(weight), torch.ones_like(weight)
        up[place] += step
        down[place] -= step
        slopes.append((function(up * weight) - function(down * weight)) / (2 * step))
    return torch.tensor(slopes, dtype=weight.dtype)


def flow(weight: Tensor) -> float:
    """Return the squared norm of the network's gradient."""
    live = weight.clone().requires_grad_()
    return float(torch.autograd.grad(network(live), live)[0].square().sum())


def only(scores: Scores) -> Tensor:
    return scores["net/a.weight"]


def test_snip_is_the_derivative_by_a_mask_variable() -> None:
    weight = drawn(20)
    found = only(snip.score(evidence_of(weight, network), DataOptions()))
    torch.testing.assert_close(found, central(lambda w: float(network(w)), weight).abs(), rtol=1e-6, atol=1e-9)


def test_grasp_is_minus_half_the_change_of_the_gradient_flow_by_removal() -> None:
    weight = drawn(20)
    found = only(grasp.score(evidence_of(weight, network), DataOptions()))
    # Removing lowers the mask variable: d(flow)/dc = 2 w (Hg), so removal changes the flow by -2 w (Hg).
    torch.testing.assert_close(found, central(flow, weight) / 2, rtol=1e-6, atol=1e-9)


def test_on_quadratic_losses_both_have_closed_forms() -> None:
    weight = drawn(SIZE, seed=5)
    (first, matrix, vector), (second, other, more) = quadratic(1), quadratic(3)
    evidence, options = evidence_of(weight, first, second), DataOptions(batches=2)
    hessian = 3 * (matrix + other)  # batches 0 and 1 weigh 1 + 2
    gradient = hessian @ weight + 3 * (vector + more)
    torch.testing.assert_close(only(snip.score(evidence, options)), (weight * gradient).abs())
    torch.testing.assert_close(only(grasp.score(evidence, options)), weight * (hessian @ gradient))


def test_gradients_of_all_losses_are_summed_as_by_backward_without_zero_grad() -> None:
    weight, (first, *_), (second, *_) = drawn(SIZE), quadratic(1), quadratic(3)
    live = weight.clone().requires_grad_()
    first(live).backward()  # type: ignore[no-untyped-call]
    second(live).backward()  # type: ignore[no-untyped-call]
    assert live.grad is not None
    torch.testing.assert_close(summed_gradient(evidence_of(weight, first, second), range(1))[0], live.grad)


def test_grasp_keeps_the_weight_without_which_the_gradient_would_vanish() -> None:
    # L = 3 a^2 + (1 - b)^2 at a = b = 0.5: removing a ends its gradient of 3, removing b doubles its own of -1
    evidence = evidence_of(torch.tensor([0.5, 0.5]), lambda w: 3 * w[0] ** 2 + (1 - w[1]) ** 2)
    scores = grasp.score(evidence, DataOptions())
    assert only(scores).tolist() == [0.5 * 6 * 3, 0.5 * 2 * -1]
    masks = draw(scores, {"net/a.weight": torch.ones(2, dtype=torch.bool)}, Target(sparsity=0.5))
    assert masks["net/a.weight"].tolist() == [True, False]


@pytest.mark.parametrize("criterion", [snip, grasp])
def test_a_weight_that_no_loss_depends_on_scores_zero(criterion: Any) -> None:
    live, idle = drawn(3).requires_grad_(), drawn(3, seed=1).requires_grad_()
    losses: Losses = lambda index: ((live**3).sum(),)  # noqa: E731
    scores = criterion.score(Evidence({"a": live, "b": idle}, torch.Generator(), losses), DataOptions())
    assert scores["a"].abs().min() > 0
    assert not scores["b"].any()


def test_the_sum_of_scores_that_the_papers_divide_by_changes_no_mask() -> None:
    scores = snip.score(evidence_of(drawn(20), network), DataOptions())
    masks = {"net/a.weight": torch.ones(20, dtype=torch.bool)}
    divided = {name: score / score.sum() for name, score in scores.items()}
    assert torch.equal(*(only(draw(s, masks, Target(sparsity=0.8))) for s in (scores, divided)))
