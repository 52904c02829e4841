"""Which files the downloaded data sets consist of below the folder of data sets, and where those are fetched.

The folders are torchvision's, so that a copy made by it is found. Every hash and size was read in public code, named
at its `source`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.datasets.unpacking import unpack
from benchmark.errors import MissingAssetError
from benchmark.prepare import Asset, Progress, data_directory, obtain

Version = Mapping[str, tuple[str, ...]]
"""The files of each split, in the order in which its reader wants them."""


@dataclass(frozen=True)
class Download:
    """A file to fetch into `folder`; an archive is unpacked beside it, as its one folder `holds`."""

    asset: Asset
    folder: str = "."
    holds: str | None = None


@dataclass(frozen=True)
class Layout:
    """A data set's files: any of the `versions` will do, the downloads make the first.

    Without downloads, `by_hand` says how its files get where they belong.
    """

    name: str
    versions: tuple[Version, ...]
    downloads: tuple[Download, ...]
    page: str
    by_hand: str = ""

    @property
    def remedy(self) -> str:
        """What brings the files that are not there."""
        where = f" ({self.page})" if self.page else ""
        if self.by_hand:
            return f"it cannot be fetched by a program: {self.by_hand}{where}"
        return f"`ticketbench prepare --asset {self.name}` fetches it{where}"

    def absent(self, root: Path | None, split: str | None = None) -> Path | None:
        """Return the first file that is not there, of one split or of all; null where a version is whole."""
        return self._nearest(root, split)[1]

    def require(self, root: Path | None, split: str) -> tuple[Path, ...]:
        """Return the files of a split; raise `MissingAssetError` with the remedy where one is not there."""
        found, gap = self._nearest(root, split)
        if gap is not None:
            elsewhere = "name another folder as `--data DIR`"
            ways = (self.remedy, elsewhere) if self.by_hand else (elsewhere, self.remedy)
            raise MissingAssetError(
                f"{gap}: not there; the data set {self.name} is looked for in {root or data_directory()}; "
                f"{', or '.join(ways)}"
            )
        return found

    def fetch(self, root: Path | None, progress: Progress | None = None) -> Path:
        """Download and unpack what is not there, and return the folder of data sets.

        Raises `MissingAssetError` with one reason per address, for a damaged archive, or with how it is done by hand.
        """
        folder = root or data_directory()
        gap = self.absent(folder)
        if gap is not None and self.by_hand:
            raise MissingAssetError(f"{gap}: not there; {self.remedy}")
        if gap is not None:
            for download in self.downloads:
                _bring(download, folder / download.folder, progress)
        return folder

    def _nearest(self, root: Path | None, split: str | None) -> tuple[tuple[Path, ...], Path | None]:
        """Return the files of the version of which the least is missing, and the first of those missing."""
        folder = root or data_directory()
        candidates = []
        for version in self.versions:
            wanted = [path for part, paths in version.items() if split in (None, part) for path in paths]
            files = tuple(folder / path for path in dict.fromkeys(wanted))
            candidates.append((files, [file for file in files if not file.exists()]))
        files, gaps = min(candidates, key=lambda candidate: len(candidate[1]))
        return files, next(iter(gaps), None)


def _bring(download: Download, folder: Path, progress: Progress | None) -> None:
    if download.holds is None:
        obtain(download.asset, folder, progress)
    elif not (folder / download.holds).exists():
        unpack(obtain(download.asset, folder, progress), download.holds)


def _mnist(file: str, sha256: str, size: int) -> Download:
    return Download(
        Asset(
            file=file,
            urls=(
                f"https://ossci-datasets.s3.amazonaws.com/mnist/{file}",
                f"https://storage.googleapis.com/cvdf-datasets/mnist/{file}",
            ),
            sha256=sha256,
            size=size,
            licence="CC BY-SA 3.0 (as Keras states it)",
            says="MNIST",
            source="tensorflow/datasets, url_checksums/mnist.txt (hash, size, second address); torchvision (first)",
        ),
        folder="MNIST/raw",
    )


def _mnist_files(suffix: str) -> Version:
    parts = ("images-idx3", "labels-idx1")
    prefixes = {"train": "train", "test": "t10k"}
    return {
        split: tuple(f"MNIST/raw/{prefix}-{part}-ubyte{suffix}" for part in parts) for split, prefix in prefixes.items()
    }


def _cifar10_files(folder: str, suffix: str) -> Version:
    stems = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
    return {split: tuple(f"{folder}/{stem}{suffix}" for stem in names) for split, names in stems.items()}


def two_domains(name: str, downloads: tuple[Download, ...] = (), page: str = "") -> Layout:
    """Return the layout of images of two domains, in the folders of CycleGAN (Zhu et al. 2017)."""
    folders = {split: tuple(f"{name}/{split}{domain}" for domain in "AB") for split in ("train", "test")}
    by_hand = "" if downloads else "put your images into the folders trainA, trainB, testA and testB"
    return Layout(name, (folders,), downloads, page, by_hand)


MNIST = Layout(
    name="mnist",
    versions=(_mnist_files(".gz"), _mnist_files("")),
    downloads=(
        _mnist(
            "train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422
        ),
        _mnist(
            "train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881
        ),
        _mnist(
            "t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877
        ),
        _mnist("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
    ),
    page="http://yann.lecun.com/exdb/mnist",
)

CIFAR10 = Layout(
    name="cifar10",
    versions=(_cifar10_files("cifar-10-batches-bin", ".bin"), _cifar10_files("cifar-10-batches-py", "")),
    downloads=(
        Download(
            Asset(
                file="cifar-10-binary.tar.gz",  # torchvision takes the other archive, whose files are pickled
                urls=("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
                sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                size=170_052_171,
                licence="none found",
                says="CIFAR-10, binary version",
                source="tensorflow/datasets, url_checksums/cifar10.txt (hash, size)",
            ),
            holds="cifar-10-batches-bin",
        ),
    ),
    page="https://www.cs.toronto.edu/~kriz/cifar.html",
)

_CELEBA_FILES = ("celeba/list_eval_partition.txt", "celeba/img_align_celeba")

CELEBA = Layout(
    name="celeba",
    versions=({"train": _CELEBA_FILES, "test": _CELEBA_FILES},),
    downloads=(
        Download(
            Asset(
                file="list_eval_partition.txt",
                urls=("https://drive.google.com/uc?export=download&id=0B7EVK8r0v71pY0NSMzRuSXJEVkk",),
                sha256="fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7",
                size=2_836_386,
                licence="non-commercial research",
                says="CelebA, the official partitions",
                source="tensorflow/datasets, celeb_a/checksums.tsv (hash, size, address)",
            ),
            folder="celeba",
        ),
        Download(
            Asset(
                file="img_align_celeba.zip",
                urls=(
                    "https://s3.amazonaws.com/pytorch-tutorial-assets/img_align_celeba.zip",
                    "https://drive.google.com/uc?export=download&id=0B7EVK8r0v71pZjFTYXZWM3FlRnM",
                ),
                sha256="46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74",
                size=1_443_490_838,
                licence="non-commercial research",
                says="CelebA, aligned and cropped images",
                source="tensorflow/datasets, celeb_a/checksums.tsv (hash, size, second address); "
                "pytorch/tutorials, .jenkins/download_data.py (hash, first address)",
            ),
            folder="celeba",
            holds="img_align_celeba",
        ),
    ),
    page="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
)

STL10 = Layout(
    name="stl10",
    versions=(
        {split: tuple(f"stl10_binary/{split}_{part}.bin" for part in ("X", "y")) for split in ("train", "test")},
    ),
    downloads=(
        Download(
            Asset(
                file="stl10_binary.tar.gz",
                urls=("https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",),
                sha256="f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
                size=2_640_397_119,
                licence="none found",
                says="STL-10, its 100,000 images without labels included",
                source="tensorflow/datasets, url_checksums/stl10.txt (hash, size, address without TLS); "
                "Trusted-AI/adversarial-robustness-toolbox, art/utils.py (address)",
            ),
            holds="stl10_binary",
        ),
    ),
    page="https://cs.stanford.edu/~acoates/stl10",
)

HORSE2ZEBRA = two_domains(
    "horse2zebra",
    downloads=(
        Download(
            Asset(
                file="horse2zebra.zip",
                urls=("https://people.eecs.berkeley.edu/~taesung_park/CycleGAN/datasets/horse2zebra.zip",),
                sha256="a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1",
                size=116_867_962,
                licence="none found",
                says="horse2zebra, photographs of ImageNet",
                source="tensorflow/datasets, url_checksums/cycle_gan.txt (hash, size, address)",
            ),
            holds="horse2zebra",
        ),
    ),
    page="https://junyanz.github.io/CycleGAN",
)
