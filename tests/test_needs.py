"""What a plan needs from elsewhere is told before anything runs, and fetched by its name."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import cast

import pytest

from benchmark.errors import MissingAssetError
from benchmark.needs import assets_of, check_assets, fetch, layouts
from benchmark.prepare import ASSETS, Asset
from benchmark.schema.job import Plan
from tests.datasets.formats import WRITERS
from tests.tiny import planned

MNIST = "experiments.auto.dataset={name: mnist, image_size: 32}"
CIFAR10 = "experiments.auto.dataset={name: cifar10}"
CELEBA = "experiments.auto_imp.dataset={name: celeba}"
INCEPTION = "experiments.gan.metrics.fid.extractor={name: inception, mode: clean}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TICKETBENCH_DATA", raising=False)
    return tmp_path / "cache"


def plan(*overrides: str) -> Plan:
    return planned(overrides=overrides)


def test_embedded_data_need_nothing(cache: Path) -> None:
    assert assets_of(plan()) == []
    check_assets([plan()])


def test_data_sets_and_weights_are_listed_once_in_the_order_of_the_jobs() -> None:
    assert assets_of(plan(MNIST, CELEBA, INCEPTION)) == ["inception_torchscript", "mnist", "celeba"]


@pytest.mark.parametrize(
    ("name", "override", "file"),
    [
        ("mnist", MNIST, "MNIST/raw/train-images-idx3-ubyte.gz"),
        ("cifar10", CIFAR10, "cifar-10-batches-bin/data_batch_1.bin"),
        ("celeba", CELEBA, "celeba/list_eval_partition.txt"),
    ],
)
def test_a_missing_data_set_is_one_line_with_file_folder_and_remedy(
    cache: Path, name: str, override: str, file: str
) -> None:
    for data, option in ((None, ""), (cache / "mine", f" --data {cache / 'mine'}")):
        with pytest.raises(MissingAssetError) as told:
            check_assets([plan(), plan(override)], data)
        message = str(told.value)
        assert "\n" not in message
        assert f"({(data or cache / 'data') / file} is not there)" in message
        assert f"`ticketbench prepare --asset {name}{option}` downloads it" in message


def test_all_that_is_missing_is_told_at_once(cache: Path) -> None:
    with pytest.raises(MissingAssetError, match=r"needs inception_torchscript, mnist \(.*\), celeba \("):
        check_assets([plan(MNIST, CELEBA, INCEPTION)])


@pytest.mark.parametrize(("name", "override"), [("mnist", MNIST), ("cifar10", CIFAR10), ("celeba", CELEBA)])
def test_a_data_set_that_is_there_is_enough(cache: Path, tmp_path: Path, name: str, override: str) -> None:
    check_assets([plan(override)], WRITERS[name](tmp_path / "mine"))
    shutil.move(tmp_path / "mine", cache / "data")
    check_assets([plan(override)])


def test_what_no_program_fetches_comes_last_with_how_it_is_done_by_hand(cache: Path) -> None:
    faces = "experiments.auto.dataset={name: ffhq, image_size: 32}"
    mixed = plan(faces, CELEBA)
    assert assets_of(mixed) == ["celeba", "ffhq"]
    with pytest.raises(MissingAssetError) as told:
        check_assets([mixed])
    assert "thumbnails128x128 is not there; it cannot be fetched by a program: " in str(told.value)
    assert "`ticketbench prepare --asset celeba` downloads it" in str(told.value)
    with pytest.raises(MissingAssetError, match=r"; `--data DIR` names another folder of data sets$"):
        check_assets([plan(faces)])
    with pytest.raises(MissingAssetError, match="belongs into ffhq/"):
        fetch("ffhq", None)


def test_half_of_a_data_set_is_not(cache: Path, tmp_path: Path) -> None:
    (WRITERS["cifar10"](tmp_path) / "cifar-10-batches-bin/test_batch.bin").unlink()
    with pytest.raises(MissingAssetError, match=r"test_batch\.bin is not there"):
        check_assets([plan(CIFAR10)], tmp_path)


def test_weights_go_to_the_cache_and_data_sets_to_their_folder(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "served.bin").write_bytes(b"weights")
    asset = Asset(
        file="weights.bin",
        urls=((tmp_path / "served.bin").as_uri(),),
        sha256=hashlib.sha256(b"weights").hexdigest(),
        size=7,
        licence="MIT",
        says="weights",
        source="this test",
    )
    monkeypatch.setitem(cast("dict[str, Asset]", ASSETS), "weights", asset)
    assert fetch("weights", tmp_path / "data") == cache / "weights.bin"
    assert fetch("mnist", WRITERS["mnist"](tmp_path / "data")) == tmp_path / "data"


def test_an_unknown_download_gets_a_suggestion() -> None:
    fetched = {"mnist", "cifar10", "celeba", "stl10", "horse2zebra", "lsun_bedroom"}
    assert set(layouts()) == fetched | {"ffhq", "baby_imagenet"}
    with pytest.raises(MissingAssetError, match="unknown download 'cifar'; did you mean 'cifar10'"):
        fetch("cifar", None)
