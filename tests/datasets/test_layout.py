"""What is fetched is what the readers look for, and nothing is fetched that is there."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.datasets import DATASETS
from benchmark.datasets.layout import CELEBA, CIFAR10, HORSE2ZEBRA, MNIST, STL10, Download, Layout
from benchmark.errors import MissingAssetError
from tests.datasets.formats import WRITERS, write_cifar_pickled, write_mnist
from tests.serving import serving

LAYOUTS = {"mnist": MNIST, "cifar10": CIFAR10, "celeba": CELEBA, "stl10": STL10, "horse2zebra": HORSE2ZEBRA}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("TICKETBENCH_MIRROR", raising=False)


def packed(download: Download, data: Path, served: Path) -> Path:
    """Put what a download brings where it is served from, made of files in their places."""
    target = served / download.asset.file
    if download.holds is None:
        return Path(shutil.copy(data / download.folder / download.asset.file, target))
    kind, suffix = ("zip", ".zip") if target.suffix == ".zip" else ("gztar", ".tar.gz")
    base = str(target).removesuffix(suffix)
    return Path(shutil.make_archive(base, kind, data / download.folder, download.holds))


def offered(name: str, tmp_path: Path, url: str) -> Layout:
    """Return the layout of a data set with its real folders, and tiny files to be had at an address."""
    (tmp_path / "source").mkdir()
    WRITERS[name](tmp_path / "source")
    downloads = []
    for download in LAYOUTS[name].downloads:
        file = packed(download, tmp_path / "source", tmp_path / "served")
        content = file.read_bytes()
        asset = dataclasses.replace(
            download.asset,
            urls=(f"{url}/{file.name}",),
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
        )
        downloads.append(dataclasses.replace(download, asset=asset))
    return dataclasses.replace(LAYOUTS[name], downloads=tuple(downloads))


def pixels(name: str, split: str, root: Path) -> Any:
    options = DATASETS[name].options()
    return DATASETS[name].load()(options, split, root).pixels


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_data_set_is_fetched_once_and_then_read(name: str, tmp_path: Path) -> None:
    root = tmp_path / "data"
    steps: list[tuple[int, int]] = []
    with serving(tmp_path / "served") as server:
        layout = offered(name, tmp_path, server.url)
        assert layout.absent(root) is not None
        assert layout.fetch(root, lambda done, total: steps.append((done, total))) == root
        asked = list(server.requests)
        layout.fetch(root)
        assert server.requests == asked
    assert sorted(asked) == sorted(f"/{download.asset.file}" for download in layout.downloads)
    assert [done for done, total in steps if done == total] == [each.asset.size for each in layout.downloads]
    assert layout.absent(root) is None
    for split in ("train", "test"):
        assert torch.equal(pixels(name, split, root), pixels(name, split, tmp_path / "source"))


def test_a_file_put_there_by_hand_is_unpacked_without_network(tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    layout = offered("celeba", tmp_path, "http://127.0.0.1:9")
    root = tmp_path / "data"
    (root / "celeba").mkdir(parents=True)
    for file in (tmp_path / "served").iterdir():
        shutil.copy(file, root / "celeba")
    layout.fetch(root)
    assert len(pixels("celeba", "test", root)) == 2
    (tmp_path / "other").mkdir()
    with pytest.raises(MissingAssetError, match=r"127.0.0.1:9.*put the file into .*other/celeba by hand"):
        layout.fetch(tmp_path / "other")


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_altered_file_is_refused_and_leaves_nothing_to_be_read(name: str, tmp_path: Path) -> None:
    with serving(tmp_path / "served") as server:
        layout = offered(name, tmp_path, server.url)
        file = tmp_path / "served" / layout.downloads[-1].asset.file
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
        with pytest.raises(MissingAssetError, match="SHA-256 differs"):
            layout.fetch(tmp_path / "data")
    assert layout.absent(tmp_path / "data") is not None


def test_a_copy_made_by_torchvision_is_left_alone(tmp_path: Path) -> None:
    write_cifar_pickled(tmp_path)
    write_mnist(tmp_path, compressed=False)
    for layout in (CIFAR10, MNIST):
        assert layout.fetch(tmp_path) == tmp_path


def test_the_addresses_and_hashes_are_torchvisions_where_it_has_them() -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    theirs = [f"{datasets.MNIST.mirrors[0]}{file}" for file, _ in datasets.MNIST.resources]
    assert [download.asset.urls[0] for download in MNIST.downloads] == theirs
    assert datasets.CIFAR10.base_folder == "cifar-10-batches-py"
    assert datasets.CelebA.base_folder == "celeba"
    assert datasets.STL10.base_folder == "stl10_binary"
    assert [each.asset.urls[0] for each in STL10.downloads] == [datasets.STL10.url.replace("http:", "https:")]
    files = {file: identifier for identifier, _, file in datasets.CelebA.file_list}
    for download in CELEBA.downloads:
        assert download.asset.urls[-1].endswith(f"id={files[download.asset.file]}")


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_manifest_is_complete(name: str) -> None:
    for download in LAYOUTS[name].downloads:
        asset = download.asset
        assert len(bytes.fromhex(asset.sha256)) == 32
        assert asset.size > 0
        assert all(url.startswith("https://") for url in asset.urls)
        assert asset.source
        made = f"{download.folder}/{download.holds or asset.file}".removeprefix("./")
        first = LAYOUTS[name].versions[0]
        assert any(path == made or path.startswith(f"{made}/") for paths in first.values() for path in paths)
