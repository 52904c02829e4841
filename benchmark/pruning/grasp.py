"""GraSP (Wang et al. 2020): kept are the weights whose removal would most weaken the gradient flow.

With g the gradient and H the Hessian of the loss L, moving the weights w by d changes g'g by 2 d'Hg to first order.
Removing weight q is d = -w_q, a change of -2 w_q (Hg)_q. The paper's score is S = -w * Hg, and the weights with the
largest S are removed: without them the gradient flow grows most, or shrinks least. Here the larger score is kept, so it
is -S = w * Hg.

As in the authors' code, g is summed over the batches first, without a graph, and Hg is then the gradient of the
product of g, held fixed, with the batch's gradient, batch by batch. Their division by the sum of scores changes no
order; their temperature divides logits before a softmax, of which generative losses have none. Both are left out.
"""

from __future__ import annotations

import torch

from benchmark.pruning.criterion import Evidence, Scores
from benchmark.pruning.gradient import Gradient, derivative, sum_of, summed_gradient
from benchmark.pruning.options import DataOptions


def score(evidence: Evidence, options: DataOptions) -> Scores:
    """Return w * Hg, L summed over the first batches."""
    batches = range(options.batches)
    flow = summed_gradient(evidence, batches)
    bent: Gradient = tuple(torch.zeros_like(slope) for slope in flow)
    for index in batches:
        bent = tuple(torch._foreach_add(bent, _hessian_product(evidence, index, flow)))
    pairs = zip(evidence.weights.items(), bent, strict=True)
    return {name: weight.detach() * product for (name, weight), product in pairs}


def _hessian_product(evidence: Evidence, index: int, vector: Gradient) -> Gradient:
    weights = list(evidence.weights.values())
    gradient = derivative(sum_of(evidence.losses(index)), weights, create_graph=True)
    return derivative(sum_of([(own * fixed).sum() for own, fixed in zip(gradient, vector, strict=True)]), weights)
