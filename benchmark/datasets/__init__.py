"""The family of data sets: `load(options, split, root) -> Images`, for the splits `train` and `test`.

Facts: `shape(options)` is (channels, height, width); `embedded` where no download is needed, and
then `train_images(options)`, how many there are to train on; `layout` (`benchmark.datasets.layout`) where one is.
"""

from benchmark.datasets.layout import CELEBA, CIFAR10, MNIST, STL10
from benchmark.datasets.options import (
    CelebaOptions,
    Cifar10Options,
    DigitsOptions,
    MnistOptions,
    PhotographsOptions,
    Stl10Options,
)
from benchmark.table import Entry, Table

DATASETS = Table(
    "datasets",
    {
        "digits": Entry(
            "benchmark.datasets.digits:load",
            DigitsOptions,
            "1,797 handwritten digits that scikit-learn carries (UCI), 1,297 to train on and 500 to test on",
            facts={"shape": lambda options: options.shape, "embedded": True, "train_images": lambda _: 1297},
        ),
        "photographs": Entry(
            "benchmark.datasets.photographs:load",
            PhotographsOptions,
            "2,080 patches of the two photographs that scikit-learn carries, 1,560 to train on and 520 to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": True,
                "train_images": lambda options: options.train_images,
            },
        ),
        "mnist": Entry(
            "benchmark.datasets.mnist:load",
            MnistOptions,
            "handwritten digits, 60,000 to train on and 10,000 to test on",
            facts={"shape": lambda options: options.shape, "embedded": False, "layout": MNIST},
        ),
        "cifar10": Entry(
            "benchmark.datasets.cifar10:load",
            Cifar10Options,
            "small color photographs of ten classes, 50,000 to train on and 10,000 to test on",
            facts={"shape": lambda options: options.shape, "embedded": False, "layout": CIFAR10},
        ),
        "celeba": Entry(
            "benchmark.datasets.celeba:load",
            CelebaOptions,
            "aligned faces, 162,770 to train on and 19,962 to test on",
            facts={"shape": lambda options: options.shape, "embedded": False, "layout": CELEBA},
        ),
        "stl10": Entry(
            "benchmark.datasets.stl10:load",
            Stl10Options,
            "color photographs of ten classes, 5,000 to train on and 8,000 to test on",
            facts={"shape": lambda options: options.shape, "embedded": False, "layout": STL10},
        ),
    },
)
