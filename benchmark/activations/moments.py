"""Mean and variance of every activation: of a batch, and of all real images, which are computed once and kept.

The real ones are a pass through the images in float64, joined batch by batch (Chan, Golub & LeVeque 1983), so that no
more than one batch of activations is held. Where the network mixes a batch, they depend on how the images are batched:
here in a fixed random order, in batches of (almost) the size that is trained with.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from filelock import FileLock
from safetensors.torch import load, save
from torch import Tensor

from benchmark.activations.activations import Activations
from benchmark.errors import ArtifactError
from benchmark.images import Images, to_values
from benchmark.prepare import cache_directory
from benchmark.schema.record import canonical
from benchmark.storage import Storage
from benchmark.streams import stream

FOLDER = "moments"
"""Within the cache directory."""


@dataclass(frozen=True)
class Moments:
    """Mean [F] and unbiased variance [F] of each of F activations, over images."""

    mean: Tensor
    variance: Tensor


def batch_moments(layers: list[Tensor]) -> Moments:
    """Return the moments over a batch of two or more, for one tensor [N, ...] per layer, with gradients to them."""
    found = [torch.var_mean(layer.flatten(1), dim=0) for layer in layers]
    return Moments(torch.cat([mean for _, mean in found]), torch.cat([variance for variance, _ in found]))


@torch.no_grad()
def image_moments(activations: Activations, pixels: Tensor, batch_size: int, device: str) -> Moments:
    """Return the moments over all images, uint8 [N, C, H, W], in float32 on the device; ValueError for fewer than 2."""
    if len(pixels) < 2:
        raise ValueError(f"a variance needs at least two images, not {len(pixels)}")
    order = torch.randperm(len(pixels), generator=stream(0, "order of the moments"))
    count, mean, scatter = 0, torch.zeros((), device=device), torch.zeros((), device=device)
    for part in torch.tensor_split(order, math.ceil(len(pixels) / batch_size)):
        layers = activations(to_values(pixels[part].to(device)))
        found = [torch.var_mean(layer.flatten(1).double(), dim=0, correction=0) for layer in layers]
        spread, own = torch.cat([one for one, _ in found]), torch.cat([one for _, one in found])
        total = count + len(part)
        shift = own - mean
        mean = mean + shift * (len(part) / total)
        scatter = scatter + spread * len(part) + shift.square() * (count * len(part) / total)
        count = total
    return Moments(mean.float(), (scatter / (count - 1)).float())


def kept_moments(
    activations: Activations, images: Images, batch_size: int, device: str, cache: Path | None = None
) -> Moments:
    """Return the moments over a data set's images, computed the first time and read from the cache from then on.

    Whatever they depend on is in the name of their file, the pixels themselves among it. Of several processes one
    computes them and the others wait; a file that is damaged is made anew.
    """
    facts = _facts(activations, images, batch_size, device)
    folder = Storage((cache or cache_directory()) / FOLDER)
    name = f"{activations.name}-{hashlib.sha256(canonical(facts).encode()).hexdigest()[:16]}.safetensors"
    folder.path.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.path / f"{name}.lock"):
        try:
            data = folder.read(name)
        except ArtifactError:
            made = image_moments(activations, images.pixels, batch_size, device)
            tensors = {"mean": made.mean.cpu(), "variance": made.variance.cpu()}
            data = save(tensors, metadata={"facts": canonical(facts)})
            folder.write(name, data)
    tensors = load(data)
    return Moments(tensors["mean"].to(device), tensors["variance"].to(device))


def _facts(activations: Activations, images: Images, batch_size: int, device: str) -> dict[str, object]:
    return {
        "format": 1,
        "activations": activations.name,
        "weights": activations.sha256,
        "layers": activations.layers,
        "mixes_batch": activations.mixes_batch,
        "batch_size": batch_size,
        "images": list(images.pixels.shape),
        "pixels": hashlib.sha256(images.pixels.contiguous().numpy().data).hexdigest(),
        "preparation": images.preparation,
        "computed_by": [torch.device(device).type, torch.__version__, activations.layout],
    }
