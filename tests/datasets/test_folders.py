"""LSUN Bedroom, FFHQ and Baby ImageNet, read from tiny files in their real formats (`tests.datasets.folders`)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmark.datasets import DATASETS, held_out
from benchmark.datasets.folder_layouts import BABY_IMAGENET, FFHQ, LSUN_BEDROOM
from benchmark.datasets.options import HeldOutOptions
from benchmark.errors import MissingAssetError
from benchmark.images import Images
from benchmark.schema.record import Selection
from tests.datasets.folders import (
    CLASSES,
    bedrooms,
    keys,
    write_baby_imagenet,
    write_database,
    write_export,
    write_ffhq,
)
from tests.serving import serving

LSUN = {"image_size": 16, "test_images": 2}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TICKETBENCH_DATA", raising=False)


def load(name: str, split: str, root: Path | None, **options: Any) -> Images:
    chosen = DATASETS.parse(DATASETS.resolve(Selection(name=name, **options)))
    images: Images = DATASETS[name].load()(chosen, split, root)
    assert tuple(images.pixels.shape[1:]) == DATASETS[name].facts["shape"](chosen)
    return images


def squares(files: list[Path], size: int) -> Any:
    """Return what torchvision makes of image files."""
    transforms = pytest.importorskip("torchvision.transforms")
    prepare = transforms.Compose([transforms.Resize(size), transforms.CenterCrop(size)])
    found = []
    for file in files:
        with Image.open(file) as image:
            found.append(np.asarray(prepare(image.convert("RGB"))).transpose(2, 0, 1))
    return np.stack(found)


@pytest.mark.parametrize("write", [write_database, write_export])
def test_of_bedrooms_the_first_are_held_out_in_both_forms(tmp_path: Path, write: Callable[..., Path]) -> None:
    entries = bedrooms()
    write(tmp_path / "lsun" / ("bedroom_train_lmdb" if write is write_database else "bedroom_train"), entries)
    files = [write_export(tmp_path / "plain", entries, flat=True) / f"{key}.webp" for key in keys()]
    test, train = (load("lsun_bedroom", split, tmp_path, **LSUN) for split in ("test", "train"))
    assert np.array_equal(test.pixels.numpy(), squares(files[:2], 16))
    assert np.array_equal(train.pixels.numpy(), squares(files[2:], 16))
    assert test.labels is None
    assert test.preparation.startswith("images 1 to 2 in the order of the files, shorter side to 16")
    assert train.preparation.startswith("images 3 to 7 in the order of the files")
    assert train.preparation.endswith("7 images where the data set has 3033042")
    few = load("lsun_bedroom", "train", tmp_path, **LSUN, train_images=3)
    assert torch.equal(few.pixels, train.pixels[:3])
    assert few.preparation.startswith("images 3 to 5 in")


@pytest.mark.parametrize("flat", [False, True])
def test_faces_lie_in_folders_of_a_thousand_or_in_one(tmp_path: Path, flat: bool) -> None:
    write_ffhq(tmp_path, flat)
    files = sorted((tmp_path / "ffhq").rglob("*.png"), key=lambda file: file.name)
    test, train = (load("ffhq", split, tmp_path, test_images=4) for split in ("test", "train"))
    assert np.array_equal(torch.cat([test.pixels, train.pixels]).numpy(), squares(files, 64))
    assert (len(test), len(train)) == (4, 2)


@given(count=st.integers(1, 40), test=st.integers(1, 40), train=st.none() | st.integers(1, 40))
def test_the_splits_share_no_image_and_have_what_was_asked_for(count: int, test: int, train: int | None) -> None:
    options = HeldOutOptions(test_images=test, train_images=train)
    if count < test + (train or 1):
        with pytest.raises(MissingAssetError, match=f"{count} images are there, but {test} are held out"):
            held_out.part("faces", count, options, "train")
        return
    tested, trained = (held_out.part("faces", count, options, split) for split in ("test", "train"))
    assert [*tested, *trained] == list(range(test + (train or count - test)))
    assert len(tested) == test


def test_the_papers_own_splits_are_the_default() -> None:
    options = HeldOutOptions()
    assert held_out.part("lsun_bedroom", 3_033_042, options, "train") == range(10_000, 3_033_042)
    assert held_out.part("ffhq", 70_000, options, "test") == range(10_000)
    assert options.shape == (3, 64, 64)


def test_of_baby_imagenet_a_class_is_its_folder(tmp_path: Path) -> None:
    folders = pytest.importorskip("torchvision.datasets").ImageFolder
    write_baby_imagenet(tmp_path)
    for split, folder in (("train", "train"), ("test", "valid")):
        images = load("baby_imagenet", split, tmp_path, image_size=8)
        theirs = folders(tmp_path / "baby_imagenet" / folder)
        assert images.labels is not None
        assert images.labels.tolist() == theirs.targets
        assert np.array_equal(images.pixels.numpy(), squares([Path(path) for path, _ in theirs.samples], 8))
        assert images.labels.tolist() == images.pixels[:, 0, 0, 0].tolist()
    assert len(load("baby_imagenet", "train", tmp_path)) == 2 * CLASSES + 1


def test_classes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    place = write_baby_imagenet(tmp_path) / "baby_imagenet"
    (place / "valid" / "n1007" / "valid0.png").unlink()
    with pytest.raises(MissingAssetError, match=r"valid: its classes with images are not those of .*train"):
        load("baby_imagenet", "test", tmp_path)
    assert len(load("baby_imagenet", "train", tmp_path)) == 2 * CLASSES + 1
    (place / "train" / "n1").mkdir()
    with pytest.raises(MissingAssetError, match="train: has 101 folders, and the data set has 100 classes"):
        load("baby_imagenet", "train", tmp_path)


WRITTEN: dict[str, tuple[Callable[[Path], Path], str, dict[str, Any]]] = {
    "lsun_bedroom": (
        lambda root: write_export(root / "lsun" / "bedroom_train", bedrooms()),
        "lsun/bedroom_train_lmdb/data.mdb",
        LSUN,
    ),
    "ffhq": (write_ffhq, "ffhq/thumbnails128x128", {"test_images": 2}),
    "baby_imagenet": (write_baby_imagenet, "baby_imagenet/train", {}),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_absent_files_are_named_with_what_brings_them(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingAssetError) as told:
        load(name, "train", tmp_path)
    assert str(told.value).startswith(f"{tmp_path / WRITTEN[name][1]}: not there; ")
    fetched = name == "lsun_bedroom"
    assert ("`ticketbench prepare --asset lsun_bedroom` fetches it" in str(told.value)) == fetched
    assert ("it cannot be fetched by a program: its page leads to" in str(told.value)) != fetched
    assert "https://" in str(told.value)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_damaged_image_is_named(tmp_path: Path, name: str) -> None:
    write, _, options = WRITTEN[name]
    write(tmp_path)
    damaged = sorted(path for path in tmp_path.rglob("*") if path.suffix in {".webp", ".png"})[-1]
    damaged.write_bytes(damaged.read_bytes()[:30])
    split = "test" if name == "baby_imagenet" else "train"
    with pytest.raises(MissingAssetError, match=rf"{damaged.name}: cannot be read as an image"):
        load(name, split, tmp_path, **options)


@pytest.mark.parametrize("name", WRITTEN)
def test_an_unknown_split_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="'valid'"):
        load(name, "valid", tmp_path)


@pytest.mark.parametrize("layout", [FFHQ, BABY_IMAGENET])
def test_what_no_program_fetches_is_told_when_it_is_asked_for(tmp_path: Path, layout: Any) -> None:
    with pytest.raises(MissingAssetError, match=r"not there; it cannot be fetched by a program: .*\(https://"):
        layout.fetch(tmp_path)
    WRITTEN[layout.name][0](tmp_path)
    assert layout.fetch(tmp_path) == tmp_path


def test_the_published_archive_is_fetched_unpacked_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("TICKETBENCH_MIRROR", raising=False)
    (download,) = LSUN_BEDROOM.downloads
    write_database(tmp_path / "source" / str(download.holds), bedrooms())
    archive = shutil.make_archive(str(tmp_path / "bedroom_train_lmdb"), "zip", tmp_path / "source", download.holds)
    content = Path(archive).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    with serving(tmp_path) as server:
        urls = (f"{server.url}/{download.asset.file}",)
        asset = replace(download.asset, urls=urls, sha256=sha256, size=len(content))
        replace(LSUN_BEDROOM, downloads=(replace(download, asset=asset),)).fetch(tmp_path / "data")
    assert len(load("lsun_bedroom", "train", tmp_path / "data", **LSUN)) == 5


def test_the_published_archive_is_the_one_that_others_recorded() -> None:
    (download,) = LSUN_BEDROOM.downloads
    assert len(bytes.fromhex(download.asset.sha256)) == 32
    assert download.asset.urls == ("https://dl.yf.io/lsun/scenes/bedroom_train_lmdb.zip",)
    assert f"{download.folder}/{download.holds}/data.mdb" in LSUN_BEDROOM.versions[0]["train"]


def test_a_folder_of_bedrooms_keeps_the_database_from_being_fetched(tmp_path: Path) -> None:
    WRITTEN["lsun_bedroom"][0](tmp_path)
    assert LSUN_BEDROOM.fetch(tmp_path) == tmp_path
