"""The family of activations: `load(options, device, cache) -> Activations`, what frozen networks see in images.

Facts: `assets(options)` are the names of the downloads a member needs (`benchmark.prepare`); `count(options, shape)`
is how many values it gives for an image of (channels, height, width), ValueError where it does not take such images.
"""

from benchmark.activations.options import DigitsActivationsOptions, Vgg16Options, Vgg19BnOptions
from benchmark.table import Entry, Table

ACTIVATIONS = Table(
    "activations",
    {
        "digits_classifier": Entry(
            "benchmark.activations.digits_classifier:load",
            DigitsActivationsOptions,
            "four layers of the shipped classifier of the digits, after their SiLU",
            facts={"assets": lambda _: (), "count": lambda options, shape: options.count(shape)},
        ),
        "vgg16": Entry(
            "benchmark.activations.vgg:load",
            Vgg16Options,
            "layers of VGG-16 trained on ImageNet (torchvision), after their ReLU, for perceptual losses",
            facts={
                "assets": lambda options: options.assets,
                "count": lambda options, shape: options.count(shape),
            },
        ),
        "vgg19_bn": Entry(
            "benchmark.activations.vgg:load",
            Vgg19BnOptions,
            "layers of VGG-19 with batch norm trained on ImageNet (torchvision), after their ReLU: all 16",
            facts={
                "assets": lambda options: options.assets,
                "count": lambda options, shape: options.count(shape),
            },
        ),
    },
)
