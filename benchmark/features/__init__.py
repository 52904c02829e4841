"""The family of feature extractors: `load(options, device, cache) -> Extractor`.

Facts: `assets(options)` are the names of the downloads a member needs (`benchmark.prepare`); `shapes`, where it takes
images of these alone, as (channels, height, width); `labels`, the data sets whose labels its classes are; `dimensions`,
how many features it gives of an image.
"""

from benchmark.features.options import DigitsClassifierOptions, InceptionOptions, TorchvisionInceptionOptions
from benchmark.table import Entry, Table

EXTRACTORS = Table(
    "extractors",
    {
        "digits_classifier": Entry(
            "benchmark.features.digits_classifier:load",
            DigitsClassifierOptions,
            "64 features of a small convolutional network trained on the digits' training split; shipped",
            facts={"assets": lambda _: (), "shapes": ((1, 8, 8), (1, 16, 16)), "labels": ("digits",), "dimensions": 64},
        ),
        "inception": Entry(
            "benchmark.features.inception:load",
            InceptionOptions,
            "2048 pooled features of Inception-v3 (2015-12-05), resized and read as clean-fid does it",
            facts={"assets": lambda options: options.assets, "dimensions": 2048},
        ),
        "inception_torchvision": Entry(
            "benchmark.features.inception_torchvision:load",
            TorchvisionInceptionOptions,
            "2048 pooled features of torchvision's Inception-v3 (ImageNet-1k), as in the code of Yeo et al. (2023)",
            facts={"assets": lambda options: options.assets, "dimensions": 2048},
        ),
    },
)
