"""What Pillow makes of files that are no images, cut off, or altered: an image or one error of ours, never another."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Literal

import pytest

from benchmark.datasets.decoding import decoded
from benchmark.errors import MissingAssetError
from tests.datasets.folders import encoded, picture
from tests.datasets.formats import write_celeba, write_domains
from tests.datasets.test_image_files import load

KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


SIZE = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
BOMB = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", SIZE) + chunk(b"IDAT", b"")
"""The head of a PNG file of 3.6 billion pixels."""


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_files_and_bytes_are_decoded_alike(tmp_path: Path, mode: Literal["RGB", "L"]) -> None:
    file, image = tmp_path / "one.png", picture(7, 5)
    file.write_bytes(encoded(image, "PNG"))
    for source in (file, io.BytesIO(file.read_bytes())):
        assert decoded(source, "one", mode).tobytes() == image.convert(mode).tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_altered_bytes_are_an_image_or_an_error_with_the_name(kind: str) -> None:
    whole, refused = encoded(picture(40, 50), kind), 0
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        for other in (whole[:place], whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]):
            try:
                assert decoded(io.BytesIO(other), "this one").mode == "RGB"
            except MissingAssetError as error:
                assert str(error).startswith("this one: cannot be read as an image")
                refused += 1
    assert refused > 0


@pytest.mark.parametrize(
    ("name", "file"), [("celeba", "celeba/img_align_celeba/000004.jpg"), ("horse2zebra", "horse2zebra/testB/1.png")]
)
def test_a_file_that_says_it_is_too_large_is_named(tmp_path: Path, name: str, file: str) -> None:
    write_celeba(tmp_path)
    write_domains(tmp_path, "horse2zebra")
    (tmp_path / file).write_bytes(BOMB)
    with pytest.raises(MissingAssetError, match=rf"{Path(file).name}: cannot be read as an image: .*3600000000 pixels"):
        load(name, "test", tmp_path)
