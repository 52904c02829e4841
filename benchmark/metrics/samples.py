"""Sample grids as PNG: the same bytes for the same pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

LEGIBLE = 48
"""Images smaller than this many screen pixels are enlarged by a whole factor."""


def grid(pixels: Tensor, columns: int) -> bytes:
    """Return a PNG of uint8 images [N, C, H, W] (C is 1 or 3) in rows of `columns`, with white lines between.

    Small images are enlarged by repeating pixels; an unfinished last row is filled with white.
    """
    count, channels, height, width = pixels.shape
    if channels not in {1, 3} or not count:
        raise ValueError(f"a grid shows at least one image of one or three channels, not {tuple(pixels.shape)}")
    factor = max(1, -(-LEGIBLE // max(height, width)))
    large = pixels.cpu().repeat_interleave(factor, dim=2).repeat_interleave(factor, dim=3)
    framed = functional.pad(large, (0, 1, 0, 1), value=255)
    missing = -count % columns
    blank = torch.full((missing, *framed.shape[1:]), 255, dtype=torch.uint8)
    cells = torch.cat([framed, blank]).reshape(-1, columns, *framed.shape[1:])  # [rows, columns, C, h, w]
    sheet = cells.permute(0, 3, 1, 4, 2).flatten(2, 3).flatten(0, 1)  # [rows * h, columns * w, C]
    image = Image.fromarray(sheet[:-1, :-1].squeeze(2).numpy() if channels == 1 else sheet[:-1, :-1].numpy())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=9)
    return buffer.getvalue()


def facing(pairs: Sequence[tuple[Tensor, Tensor]], count: int, columns: int) -> Tensor:
    """Return rows of images given, each above a row of what was made of them: up to `count` images of every pair.

    Both of a pair are uint8 [N, C, H, W]. A row that is not full is filled with white, so that others stay in place.
    """
    rows = [
        functional.pad(row.cpu(), (0, 0, 0, 0, 0, 0, 0, columns - len(row)), value=255)
        for given, made in pairs
        for both in zip(torch.split(given[:count], columns), torch.split(made[:count], columns), strict=True)
        for row in both
    ]
    return torch.cat(rows)
