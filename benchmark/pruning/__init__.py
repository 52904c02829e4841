"""The family of pruning criteria: `score(evidence, options) -> scores`, larger is kept (`benchmark.pruning.criterion`).

How many are kept is `count`, which ones `allocate`, and keeping the others at zero `mask`.
Facts: `granularity`, what is ranked where that is not single weights.
"""

from benchmark.pruning.options import DataOptions
from benchmark.schema.record import Options
from benchmark.table import Entry, Table

CRITERIA = Table(
    "criteria",
    {
        "magnitude": Entry(
            "benchmark.pruning.magnitude:score",
            Options,
            "the absolute value of the weight (Han et al. 2015)",
        ),
        "random": Entry(
            "benchmark.pruning.random:score",
            Options,
            "a uniform draw that looks at nothing: the control",
        ),
        "snip": Entry(
            "benchmark.pruning.snip:score",
            DataOptions,
            "what removing the weight changes in the loss (Lee et al. 2019)",
        ),
        "grasp": Entry(
            "benchmark.pruning.grasp:score",
            DataOptions,
            "what removing the weight takes from the gradient flow (Wang et al. 2020)",
        ),
        "batch_norm_scale": Entry(
            "benchmark.pruning.batch_norm_scale:score",
            Options,
            "the absolute scale that batch normalization gives the channel (Liu et al. 2017)",
            facts={"granularity": "channel"},
        ),
    },
)
