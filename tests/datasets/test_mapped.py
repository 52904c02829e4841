"""Pixels are made once and mapped: as torchvision prepares them, by one process, whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL
import pytest
import torch
from PIL import Image

from benchmark import environment
from benchmark.datasets import mapped as module
from benchmark.datasets.mapped import mapped
from benchmark.errors import MissingAssetError
from tests.datasets.folders import encoded, picture


class Held:
    """Pictures in memory that count how often they are asked for."""

    def __init__(self, contents: list[bytes], fingerprint: str = "a") -> None:
        self.contents, self.fingerprint, self.asked = contents, fingerprint, 0

    def __len__(self) -> int:
        return len(self.contents)

    def encoded(self, chosen: range) -> Iterator[tuple[str, bytes]]:
        self.asked += 1
        for place in chosen:
            yield f"image {place}", self.contents[place]


KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")


def held(count: int = 5) -> Held:
    return Held([encoded(picture(20 + 7 * place, 31), KINDS[place % len(KINDS)]) for place in range(count)])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "BLOCK", 2)
    return tmp_path / "cache" / "pixels"


@pytest.mark.parametrize("size", [8, 31, 40])
def test_pixels_are_those_of_torchvisions_resize_and_center_crop(size: int) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    pictures = held()
    prepare = transforms.Compose([transforms.Resize(size), transforms.CenterCrop(size)])
    wanted = []
    for data in pictures.contents[1:]:
        with Image.open(io.BytesIO(data)) as image:
            wanted.append(np.asarray(prepare(image.convert("RGB"))).transpose(2, 0, 1))
    pixels = mapped("rooms", pictures, range(1, 5), size)
    assert pixels.dtype == torch.uint8
    assert np.array_equal(pixels.numpy(), np.stack(wanted))


def test_what_was_made_is_read_again_and_another_part_size_or_state_is_not(cache: Path) -> None:
    pictures = held()
    first = mapped("rooms", pictures, range(3), 8)
    first.zero_()  # this process's copy alone
    again = mapped("rooms", pictures, range(3), 8)
    assert pictures.asked == 1
    assert again.any()
    mapped("rooms", pictures, range(1, 3), 8)
    mapped("rooms", pictures, range(3), 9)
    pictures.fingerprint = "b"
    mapped("rooms", pictures, range(3), 8)
    assert pictures.asked == 4
    made = [path for path in cache.iterdir() if path.suffix == ".uint8"]
    assert len(made) == 4
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in made)


def test_another_decoder_makes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = held()
    mapped("rooms", pictures, range(3), 8)
    monkeypatch.setattr(PIL, "__version__", "0.0.1")
    mapped("rooms", pictures, range(3), 8)
    assert pictures.asked == 2


def test_a_file_of_another_length_is_made_anew(cache: Path) -> None:
    pictures = held()
    whole = mapped("rooms", pictures, range(3), 8).clone()
    (file,) = cache.glob("*.uint8")
    file.write_bytes(file.read_bytes()[:-1])
    assert torch.equal(mapped("rooms", pictures, range(3), 8), whole)
    assert pictures.asked == 2


def test_what_a_killed_process_left_half_made_takes_no_room_for_long(cache: Path) -> None:
    pictures = held()
    whole = mapped("rooms", pictures, range(3), 8).clone()
    (file,) = cache.glob("*.uint8")
    file.rename(cache / f".{file.name}-killed")
    assert torch.equal(mapped("rooms", pictures, range(3), 8), whole)
    assert [path.name for path in cache.iterdir() if path.suffix != ".lock"] == [file.name]


def test_of_several_that_want_the_same_one_makes_it() -> None:
    pictures = held()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: mapped("rooms", pictures, range(5), 8), range(4)))
    assert pictures.asked == 1
    assert all(torch.equal(one, found[0]) for one in found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0, 1, 20, 0.5])
def test_an_image_that_was_cut_off_is_named_and_nothing_is_left(cache: Path, kind: str, kept: float) -> None:
    whole = encoded(picture(40, 50), kind)
    cut = whole[: int(kept * len(whole)) if isinstance(kept, float) else kept]
    with pytest.raises(MissingAssetError, match=r"^image 3: cannot be read as an image"):
        mapped("rooms", Held([whole] * 3 + [cut] + [whole]), range(5), 8)
    assert [path for path in cache.iterdir() if path.suffix != ".lock"] == []


def test_altered_bytes_are_pixels_or_an_error_of_ours() -> None:
    whole = encoded(picture(40, 50), "PNG")
    refused = 0
    for place in range(0, len(whole), 97):
        altered = whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]
        try:
            assert len(mapped("rooms", Held([altered], str(place)), range(1), 8)) == 1
        except MissingAssetError:
            refused += 1
    assert refused > 0


def test_a_disk_without_room_is_told_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    pictures = held()
    monkeypatch.setattr(environment, "free_bytes", lambda _: 3 * 8 * 8 * 5 - 1)
    with pytest.raises(MissingAssetError, match=r"5 images of rooms take .*TICKETBENCH_CACHE.*`train_images`"):
        mapped("rooms", pictures, range(5), 8)
    assert pictures.asked == 0
    assert [path for path in cache.iterdir() if path.suffix != ".lock"] == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(MissingAssetError, match=r"file/pixels/.*cannot be written"):
        mapped("rooms", held(), range(5), 8)
