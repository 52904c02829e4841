"""Random crops and mirror images: what is done to a batch of images before a training looks at them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from benchmark.schema.training import Augmentation
from benchmark.sending import sent


def augmented(pixels: Tensor, rule: Augmentation, chance: torch.Generator) -> Tensor:
    """Return uint8 images [N, C, H, W], each enlarged, cropped at random to its own size, and mirrored or not.

    Enlarged by Pillow's bicubic filter, first along the rows, each time to the nearest byte (half up) as Pillow
    does. All is drawn on the generator's device.
    """
    count, _, height, width = pixels.shape
    large = pixels if rule.enlarge is None else _enlarged(pixels, rule.enlarge)
    tops, lefts = (_drawn(count, room + 1, chance) for room in (large.shape[2] - height, large.shape[3] - width))
    rows, columns = tops[:, None] + torch.arange(height), lefts[:, None] + torch.arange(width)
    if rule.mirror:
        columns = torch.where(_drawn(count, 2, chance)[:, None] == 1, columns.flip(1), columns)
    rows, columns, places = (sent(index, pixels.device) for index in (rows, columns, torch.arange(count)))
    return large.movedim(1, 3)[places[:, None, None], rows[:, :, None], columns[:, None, :]].movedim(3, 1)


def _enlarged(pixels: Tensor, side: int) -> Tensor:
    values = pixels.to(torch.float32)
    for size in ((pixels.shape[2], side), (side, side)):
        values = interpolate(values, size, mode="bicubic", antialias=True).add(0.5).floor().clamp(0, 255)
    return values.to(torch.uint8)


def _drawn(count: int, sides: int, chance: torch.Generator) -> Tensor:
    return torch.randint(sides, (count,), generator=chance, device=chance.device)
