"""Inception-v3 of torchvision with its ImageNet-1k weights, read as the code of Yeo et al. (2023) does it.

Another network, other weights and another reading of images than FID's Inception (`benchmark.features.inception`):
numbers in the two are never compared. torchvision's own loader would set `transform_input`, which brings images from
ImageNet's mean and standard deviation to the scale -1..1 that these weights were trained on. The authors' code goes
through the network's blocks instead and so leaves it out, and what they print was measured without it.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.errors import MissingAssetError
from benchmark.features.extractor import Extractor
from benchmark.published import IMAGENET_DEVIATION, IMAGENET_MEAN, weights_of

if TYPE_CHECKING:
    from benchmark.features.options import TorchvisionInceptionOptions

SIZE = 299
RESIZER = "PyTorch bilinear to 299x299, align_corners false, no antialiasing; ImageNet mean and standard deviation"


def load(options: TorchvisionInceptionOptions, device: str | torch.device, cache: Path | None = None) -> Extractor:
    """Return the extractor; raise `MissingAssetError` if its weights or torchvision cannot be used here.

    One-channel images are repeated to three.
    """
    path, sha256 = weights_of(options, cache)
    try:
        network = _network(path)
    except (RuntimeError, AttributeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MissingAssetError(f"{path}: not the weights of torchvision's Inception-v3: {reason}") from error
    head, network.fc = network.fc.to(device), nn.Identity()
    network.to(device)
    return Extractor(
        name="inception_torchvision",
        sha256=sha256,
        dimensions=head.in_features,
        resizer=RESIZER,
        quantization="uint8 before resizing, none after",
        embed=lambda pixels: network(normalized(pixels.to(device))),
        classify=lambda features: head(features.to(device)).softmax(dim=1),
        classes="the 1000 classes of ImageNet-1k",
        batch_size=50,
        device=device,
    )


def normalized(pixels: Tensor) -> Tensor:
    """Return what the network sees, float [B, 3, 299, 299], for uint8 pixels [B, 1 or 3, H, W]."""
    values = functional.interpolate(pixels.float(), size=(SIZE, SIZE), mode="bilinear", align_corners=False) / 255.0
    mean, deviation = (values.new_tensor(each).view(1, 3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    return (values - mean) / deviation


def _network(path: Path) -> Any:
    """Return the network in evaluation mode, built without values, so that no global chance is drawn from."""
    try:
        from torchvision.models import inception_v3
    except (ImportError, RuntimeError) as error:
        raise MissingAssetError(
            f"torchvision cannot be imported ({error}): install torch and torchvision from one source"
        ) from error
    with torch.device("meta"):
        network = inception_v3(weights=None, init_weights=False)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), assign=True)
    return network.eval().requires_grad_(False)
