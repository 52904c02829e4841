"""The family of objectives: `build(options) -> Objective` (`benchmark.objectives.objective`).

Facts: `components`, the names of the networks it trains; `generates` and `reconstructs`, what they can do afterwards;
`updates`, the names under which their losses are logged; `teachable`, the components that may learn from a teacher:
there are some where `build` takes a lesson too.
"""

from benchmark.objectives.options import AutoencoderOptions, GanOptions, VaeOptions
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
                "teachable": ("discriminator",),
            },
        ),
    },
)
