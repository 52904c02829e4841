"""Images by Pillow from files or bytes, and one clear error for what is none."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image

from benchmark.errors import MissingAssetError

DAMAGE = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
"""What Pillow raises for bytes that are no image, cut off, or altered."""


def decoded(source: Path | BytesIO, name: object, mode: Literal["RGB", "L"] = "RGB") -> Image.Image:
    """Return an image in color or in gray; `MissingAssetError` with its name where it cannot be read as one."""
    try:
        with Image.open(source) as image:
            return image.convert(mode)
    except DAMAGE as error:
        raise MissingAssetError(f"{name}: cannot be read as an image: {error}") from None
