"""clean-fid's way from a folder of PNG files to a distance, by its own functions (Parmar et al. 2022)."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Array = NDArray[np.float64]


def save(pixels: Tensor, folder: Path, first: int) -> None:
    """Write uint8 images [N, 3, H, W] as PNG files, numbered from `first` on."""
    for number, image in enumerate(pixels.permute(0, 2, 3, 1).cpu().numpy(), first):
        Image.fromarray(image).save(folder / f"{number:06d}.png")


def features(
    folder: Path, network: Callable[[Tensor], Tensor], mode: str | None, device: str, workers: int
) -> NDArray[np.float32]:
    """Return the features of all images of a folder, resized as `mode` says or not at all, in batches as by default."""
    unchanged = None if mode is not None else lambda image: image.astype(np.float32)
    with as_it_is() as fid:
        found: NDArray[np.float32] = fid.get_folder_features(
            str(folder),
            network,
            num_workers=workers,
            device=torch.device(device),
            mode=mode or "clean",
            custom_fn_resize=unchanged,
            verbose=False,
        )
    return found


def distance(one: tuple[Array, Array], other: tuple[Array, Array]) -> float:
    """Return clean-fid's distance of two pairs of mean and covariance."""
    with as_it_is() as fid:
        return float(fid.frechet_distance(*one, *other))


@contextlib.contextmanager
def as_it_is() -> Iterator[Any]:
    """Let clean-fid warn and print as it does, and call SciPy as it did when clean-fid was written."""
    root = scipy.linalg.sqrtm
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from cleanfid import fid

        # SciPy 1.18 dropped the argument that asks for an estimated error beside the root
        with patch.object(fid.linalg, "sqrtm", lambda matrix, disp=True: root(matrix) if disp else (root(matrix), 0)):
            yield fid
