"""The layouts of the data sets of Yeo et al. (2023) that are folders of image files, or become one (LSUN Bedroom)."""

from __future__ import annotations

from benchmark.datasets.layout import Download, Layout, Version
from benchmark.prepare import Asset


def _both(*paths: str) -> Version:
    """Return the files of data sets whose splits lie in the same places."""
    return {"train": paths, "test": paths}


LSUN_BEDROOM = Layout(
    name="lsun_bedroom",
    versions=(_both("lsun/bedroom_train_lmdb/data.mdb"), _both("lsun/bedroom_train")),
    downloads=(
        Download(
            Asset(
                file="bedroom_train_lmdb.zip",
                urls=("https://dl.yf.io/lsun/scenes/bedroom_train_lmdb.zip",),
                sha256="a15644c2e7153106867f0adb3491fc41224102d1f01b24494fb47d9f5d1f174e",
                size=45_922_737_680,
                licence="none found",
                says="LSUN, bedrooms, the training database: 46 GB, and as much again unpacked",
                source="tensorflow/datasets, url_checksums/lsun.txt (hash, size, address without TLS)",
            ),
            folder="lsun",
            holds="bedroom_train_lmdb",
        ),
    ),
    page="https://www.yf.io/p/lsun",
)

FFHQ = Layout(
    name="ffhq",
    versions=(_both("ffhq/thumbnails128x128"),),
    downloads=(),
    page="https://github.com/NVlabs/ffhq-dataset",
    by_hand="its page leads to a folder of Google Drive, whose thumbnails128x128 belongs into ffhq/",
)

BABY_IMAGENET = Layout(
    name="baby_imagenet",
    versions=(_both("baby_imagenet/train", "baby_imagenet/valid"),),
    downloads=(),
    page="https://github.com/POSTECH-CVLab/PyTorch-StudioGAN",
    by_hand="its page leads to an archive, whose folders train and valid belong into baby_imagenet/",
)
