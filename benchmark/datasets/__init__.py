"""The family of data sets: `load(options, split, root) -> Images`, for the splits `train` and `test`.

Facts: `shape(options)` is (channels, height, width); `embedded` where no download is needed, and
then `train_images(options)`, how many there are to train on; `test_images(options)`, how many to test on, where that
is the same for everybody; `layout` (`benchmark.datasets.layout`) where one is, or
`absent(options, root)`, the first file that is not there, where everybody brings their own; `domains(options)`, how
many the labels tell apart, where labels tell domains (`benchmark.images`).
"""

from benchmark.datasets.folder_layouts import BABY_IMAGENET, FFHQ, LSUN_BEDROOM
from benchmark.datasets.layout import CELEBA, CIFAR10, HORSE2ZEBRA, MNIST, STL10, two_domains
from benchmark.datasets.options import (
    BabyImagenetOptions,
    CelebaOptions,
    Cifar10Options,
    DigitsOptions,
    DigitStylesOptions,
    FfhqOptions,
    Horse2zebraOptions,
    LsunBedroomOptions,
    MnistOptions,
    PhotographsOptions,
    Stl10Options,
    UnpairedFolderOptions,
)
from benchmark.table import Entry, Table

DATASETS = Table(
    "datasets",
    {
        "digits": Entry(
            "benchmark.datasets.digits:load",
            DigitsOptions,
            "1,797 handwritten digits that scikit-learn carries (UCI), 1,297 to train on and 500 to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": True,
                "train_images": lambda _: 1297,
                "test_images": lambda _: 500,
            },
        ),
        "photographs": Entry(
            "benchmark.datasets.photographs:load",
            PhotographsOptions,
            "2,080 patches of the two photographs that scikit-learn carries, 1,560 to train on and 520 to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": True,
                "train_images": lambda options: options.train_images,
                "test_images": lambda options: options.train_images // 3,
                "domains": lambda options: 2 if options.photograph == "both" else 1,
            },
        ),
        "digit_styles": Entry(
            "benchmark.datasets.digit_styles:load",
            DigitStylesOptions,
            "two domains without pairs: handwritten digits as they are, 651, and 646 others inverted or thick",
            facts={
                "shape": lambda options: options.shape,
                "embedded": True,
                "train_images": lambda options: {"both": 1297, "a": 651, "b": 646}[options.domain],
                "domains": lambda options: 2 if options.domain == "both" else 1,
            },
        ),
        "mnist": Entry(
            "benchmark.datasets.mnist:load",
            MnistOptions,
            "handwritten digits, 60,000 to train on and 10,000 to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": False,
                "layout": MNIST,
                "test_images": lambda _: 10_000,
            },
        ),
        "cifar10": Entry(
            "benchmark.datasets.cifar10:load",
            Cifar10Options,
            "small color photographs of ten classes, 50,000 to train on and 10,000 to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": False,
                "layout": CIFAR10,
                "test_images": lambda _: 10_000,
            },
        ),
        "celeba": Entry(
            "benchmark.datasets.celeba:load",
            CelebaOptions,
            "aligned faces, 162,770 to train on and 19,962 to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": False,
                "layout": CELEBA,
                "test_images": lambda options: min(options.test_images or 19_962, 19_962),
            },
        ),
        "lsun_bedroom": Entry(
            "benchmark.datasets.lsun_bedroom:load",
            LsunBedroomOptions,
            "photographs of bedrooms, 3,023,042 to train on; the first 10,000 are held out to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": False,
                "layout": LSUN_BEDROOM,
                "test_images": lambda options: options.test_images,
            },
        ),
        "ffhq": Entry(
            "benchmark.datasets.ffhq:load",
            FfhqOptions,
            "thumbnails of faces, 60,000 to train on; the first 10,000 are held out to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": False,
                "layout": FFHQ,
                "test_images": lambda options: options.test_images,
            },
        ),
        "baby_imagenet": Entry(
            "benchmark.datasets.baby_imagenet:load",
            BabyImagenetOptions,
            "photographs of 100 classes of ImageNet, in the folders of StudioGAN",
            facts={"shape": lambda options: options.shape, "embedded": False, "layout": BABY_IMAGENET},
        ),
        "stl10": Entry(
            "benchmark.datasets.stl10:load",
            Stl10Options,
            "color photographs of ten classes, 5,000 to train on and 8,000 to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": False,
                "layout": STL10,
                "test_images": lambda _: 8_000,
            },
        ),
        "horse2zebra": Entry(
            "benchmark.datasets.horse2zebra:load",
            Horse2zebraOptions,
            "two domains without pairs: 1,067 horses and 1,334 zebras to train on, 120 and 140 to test on",
            facts={
                "shape": lambda options: options.shape,
                "embedded": False,
                "layout": HORSE2ZEBRA,
                "domains": lambda _: 2,
            },
        ),
        "unpaired_folder": Entry(
            "benchmark.datasets.unpaired_folder:load",
            UnpairedFolderOptions,
            "two domains without pairs, images of your own in the folders trainA, trainB, testA and testB",
            facts={
                "shape": lambda options: options.shape,
                "embedded": False,
                "absent": lambda options, root: two_domains(options.folder).absent(root),
                "domains": lambda _: 2,
            },
        ),
    },
)
