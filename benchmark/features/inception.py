"""Inception-v3 of 2015-12-05 through clean-fid's own modules (Parmar et al. 2022), on weights that were checked.

clean-fid would fetch its weights while it is built, unchecked and into a shared temporary folder; here it is handed
a file from the cache directory (`benchmark.prepare`) or one of the user's.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from benchmark.errors import MissingAssetError
from benchmark.features.extractor import Extractor
from benchmark.features.resizing import clean, plain
from benchmark.prepare import ASSETS
from benchmark.published import weights_of

if TYPE_CHECKING:
    from benchmark.features.options import InceptionOptions

DIMENSIONS = 2048
BATCH_SIZE = 50
RESIZERS = {
    "clean": "PIL bicubic to 299x299, antialiased, float per channel (clean-fid clean)",
    "legacy_pytorch": "PyTorch bilinear to 299x299, align_corners false, no antialiasing (clean-fid legacy_pytorch)",
    "legacy_tensorflow": "bilinear to 299x299 inside the network, as in TensorFlow 1 (clean-fid legacy_tensorflow)",
}
RESIZE: Mapping[str, Callable[[Tensor], Tensor]] = {
    "clean": clean,
    "legacy_pytorch": plain,
    "legacy_tensorflow": Tensor.float,
}
"""What is done to uint8 [B, C, H, W] before the network: to 299x299 unless it does that itself."""

CLASSES = "the 1008 outputs of 2015-12-05, without their bias"
"""As in Salimans et al. (2016), whose code multiplies the pooled features by the last layer's weights and no more."""

Network = tuple[Callable[[Tensor], Tensor], Callable[[], Tensor]]
"""Resized images to features [B, 2048], and the weights [1008, 2048] of the last layer, read when they are needed."""


def load(options: InceptionOptions, device: str | torch.device, cache: Path | None = None) -> Extractor:
    """Return the extractor; raise `MissingAssetError` if its weights or torchvision cannot be used here.

    One-channel images are repeated to three, as PIL's conversion to RGB does.
    """
    path, sha256 = weights_of(options, cache)
    name = ASSETS[options.asset].file
    if path.name != name:
        raise MissingAssetError(f"{path}: clean-fid looks for the name {name} in a folder; rename the file")
    build = _state_dict_network if options.mode == "legacy_pytorch" else _torchscript_network
    try:
        network, head = build(path, options.mode, device)
    except (RuntimeError, AttributeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MissingAssetError(f"{path}: not the weights that the mode {options.mode} reads: {reason}") from error
    resize = RESIZE[options.mode]
    return Extractor(
        name=f"inception_{options.mode}",
        sha256=sha256,
        dimensions=DIMENSIONS,
        resizer=RESIZERS[options.mode],
        quantization="uint8 before resizing, none after",
        embed=lambda pixels: network(resize(pixels.to(device)).expand(-1, 3, -1, -1)),
        classify=lambda features: (features.to(device) @ head().to(device).T).softmax(dim=1),
        classes=CLASSES,
        batch_size=BATCH_SIZE,
        device=device,
    )


def _torchscript_network(path: Path, mode: str, device: str | torch.device) -> Network:
    from cleanfid.inception_torchscript import InceptionV3W

    with warnings.catch_warnings():
        # torch calls torch.jit.load deprecated (a FutureWarning since 2.15); nothing else reads this file.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        network: Any = InceptionV3W(str(path.parent), download=False, resize_inside=mode == "legacy_tensorflow")
    network.eval().to(device)
    return network, lambda: network.base.output.weight


def _state_dict_network(path: Path, mode: str, device: str | torch.device) -> Network:
    state = torch.load(path, map_location="cpu", weights_only=True)
    with _served_to_cleanfid(state) as inception, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # clean-fid uses torchvision's old spelling of "no weights"
        network: nn.Module = inception.InceptionV3(output_blocks=[3], resize_input=False)
    network.eval().to(device)
    return lambda images: network(images / 255.0)[0].flatten(1), lambda: state["fc.weight"]


@contextmanager
def _served_to_cleanfid(state: dict[str, Tensor]) -> Iterator[Any]:
    """Let clean-fid's Inception find these weights where it would have downloaded its own."""
    try:
        from cleanfid import inception_pytorch
    except (ImportError, RuntimeError) as error:
        raise MissingAssetError(
            f"torchvision cannot be imported ({error}): install torch and torchvision from one source"
        ) from error
    fetch = inception_pytorch.load_state_dict_from_url
    inception_pytorch.load_state_dict_from_url = lambda *_, **__: state
    try:
        yield inception_pytorch
    finally:
        inception_pytorch.load_state_dict_from_url = fetch
