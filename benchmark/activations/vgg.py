"""VGG networks of torchvision (Simonyan & Zisserman 2015) up to their last wanted ReLU, frozen, on checked weights.

Built here layer by layer as torchvision does it, so that the classifier of 124 million weights is never made. Images in
-1..1 are brought to the mean and standard deviation of ImageNet that the weights were trained with; gray ones are
repeated to three channels. It computes in single precision whatever a training's precision.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from benchmark.activations.activations import Activations, Tapped
from benchmark.activations.options import WIDTHS
from benchmark.errors import MissingAssetError
from benchmark.published import IMAGENET_DEVIATION, IMAGENET_MEAN, weights_of

if TYPE_CHECKING:
    from benchmark.activations.options import VggOptions


def load(options: VggOptions, device: str | torch.device, cache: Path | None = None) -> Activations:
    """Return the layers; raise `MissingAssetError` if the weights are absent or not what they should be.

    On torch's meta device nothing is read.
    """
    network, sha256 = build(options), None
    if torch.device(device).type != "meta":
        path, sha256 = weights_of(options, cache)
        _fill(network, path)
    network.eval().requires_grad_(False).to(device)
    return Activations(options.asset, sha256, options.layers, network, options.mixes_batch)


def build(options: VggOptions) -> Tapped:
    """Return the network without values, on torch's meta device."""
    with torch.device("meta"):
        chain = _chain(options)
    relus = [index for index, module in enumerate(chain) if isinstance(module, nn.ReLU)]
    taps = [index for index, name in zip(relus, options.known, strict=True) if name in options.layers]
    return Tapped(_normalized, chain, taps)


def _chain(options: VggOptions) -> list[nn.Module]:
    chain, inputs = list[nn.Module](), 3
    for count, outputs in zip(options.blocks, WIDTHS, strict=True):
        for _ in range(count):
            chain.append(nn.Conv2d(inputs, outputs, 3, padding=1))
            if options.batch_norm:
                chain.append(nn.BatchNorm2d(outputs, track_running_stats=not options.mixes_batch))
            chain.append(nn.ReLU(inplace=True))
            inputs = outputs
        chain.append(nn.MaxPool2d(2))
    return chain


def _fill(network: Tapped, path: Path) -> None:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        network.to_empty(device="cpu")
        for name, tensor in network.state_dict().items():
            if not name.endswith("num_batches_tracked"):  # read in training alone, and not in older files
                tensor.copy_(state[name].reshape(tensor.shape))
    except (RuntimeError, AttributeError, TypeError, KeyError, EOFError, pickle.UnpicklingError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MissingAssetError(f"{path}: not the weights that this network has: {reason}") from error


def _normalized(images: Tensor) -> Tensor:
    colors = images.expand(-1, 3, -1, -1).unbind(1)
    # Plain numbers: a tensor of them would have to be brought to the device at every pass.
    scales = zip(colors, IMAGENET_MEAN, IMAGENET_DEVIATION, strict=True)
    return torch.stack([((values + 1.0) / 2.0 - mean) / deviation for values, mean, deviation in scales], dim=1)
