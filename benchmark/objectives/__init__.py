"""The family of objectives: `build(options) -> Objective` (`benchmark.objectives.objective`).

Facts: `components`, the names of the networks it trains; `generates` and `reconstructs`, what they can do afterwards;
`updates`, the names under which their losses are logged; `teachable`, the components that may learn from a teacher by
a loss of that name: there are some where `build` takes a lesson too; `domains`, how many its images must be of (1
where it does not say); `directions`, in which it can translate afterwards; `activations(options)`, the frozen network
(of the family of that name) that it sees images through: where it is there, `build` takes a `Sight` of it too.
"""

from benchmark.objectives.options import (
    AutoencoderOptions,
    CycleganOptions,
    GanOptions,
    MomentMatchingOptions,
    VaeOptions,
)
from benchmark.table import Entry, Table

OBJECTIVES = Table(
    "objectives",
    {
        "autoencoder": Entry(
            "benchmark.objectives.autoencoder:build",
            AutoencoderOptions,
            "mean squared error of the reconstruction",
            facts={
                "components": ("encoder", "decoder"),
                "generates": False,
                "reconstructs": True,
                "updates": ("autoencoder",),
            },
        ),
        "vae": Entry(
            "benchmark.objectives.vae:build",
            VaeOptions,
            "evidence lower bound with a Gaussian posterior; beta weighs the KL term",
            facts={"components": ("encoder", "decoder"), "generates": True, "reconstructs": True, "updates": ("vae",)},
        ),
        "gan": Entry(
            "benchmark.objectives.gan:build",
            GanOptions,
            "generator against discriminator: non-saturating, hinge or Wasserstein loss on logits",
            facts={
                "components": ("generator", "discriminator"),
                "generates": True,
                "reconstructs": False,
                "updates": ("discriminator", "generator"),
                "teachable": {"kl": ("discriminator",), "perceptual": ("generator",)},
            },
        ),
        "cyclegan": Entry(
            "benchmark.objectives.cyclegan:build",
            CycleganOptions,
            "two generators between two domains without pairs: least squares, cycle and identity losses",
            facts={
                "components": ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b"),
                "generates": False,
                "reconstructs": False,
                "updates": ("generators", "discriminator_a", "discriminator_b"),
                "domains": 2,
                "directions": ("ab", "ba"),
                "teachable": {"perceptual": ("generator_ab", "generator_ba")},
            },
        ),
        "moment_matching": Entry(
            "benchmark.objectives.moment_matching:build",
            MomentMatchingOptions,
            "a generator by itself: mean and variance of real images in the activations of a frozen classifier",
            facts={
                "components": ("generator",),
                "generates": True,
                "reconstructs": False,
                "updates": ("generator",),
                "activations": lambda options: options.activations,
            },
        ),
    },
)
