"""Moment matching of GFMN (Santos et al. 2019), with which Yeo et al. (2023) learn the scores of strong tickets.

A generator without an opponent: its images are to have the mean and the variance of the real ones in the activations
of a frozen classifier. The loss is that of both papers' code,

    v_mean . (mean_real - mean_fake) + v_variance . (variance_real - variance_fake)

with the moments of the generator's batch, variances unbiased, and those of all training images; every v is a moving
average of the difference that it is multiplied by (`benchmark.objectives.adam_average`), updated with this batch first
and a constant for the gradient. A step's batch of real images only tells how many are generated.
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.activations.moments import batch_moments
from benchmark.activations.sight import Sight
from benchmark.networks import Networks
from benchmark.objectives.adam_average import Rule, follow
from benchmark.objectives.objective import Objective, Update, generate, normal
from benchmark.objectives.options import MomentMatchingOptions


def build(options: MomentMatchingOptions, sight: Sight) -> Objective:
    """Return the objective: one update of the generator. Nothing is looked at before its loss is asked for."""
    rule = Rule(options.average_lr, options.average_betas, options.average_period)
    names = ("mean", "variance") if options.moments == "mean_and_variance" else ("mean",)

    def match(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
        latents = normal(len(images), networks, images, generator)
        fake, real = batch_moments(sight.activations(generate(networks, latents))), sight.real_moments
        loss = images.new_zeros(())
        for name in names:
            difference = getattr(real, name) - getattr(fake, name)
            average = follow(networks.memory, name, difference.detach(), rule, generator)
            loss = loss + average @ difference
        return loss

    return Objective(updates=(Update("generator", ("generator",), match),), generate=generate)
