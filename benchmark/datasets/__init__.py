"""The family of data sets: `load(options, split, root) -> Images`, for the splits `train` and `test`.

Facts: `shape(options)` is (channels, height, width); `embedded` where no download is needed.
"""

from benchmark.datasets.options import DigitsOptions
from benchmark.table import Entry, Table

DATASETS = Table(
    "datasets",
    {
        "digits": Entry(
            "benchmark.datasets.digits:load",
            DigitsOptions,
            "1,797 handwritten digits that scikit-learn carries (UCI), 1,297 to train on and 500 to test on",
            facts={"shape": lambda options: options.shape, "embedded": True},
        ),
    },
)
