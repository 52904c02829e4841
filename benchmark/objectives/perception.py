"""How far images are from others as a frozen network sees them: the perceptual loss of Johnson et al. (2016).

For a generator and a trained one it is what GAN Slimming (Wang et al. 2020) distills with. The code of Chen et al.
(2021) has for SNGAN the mean absolute difference in relu1_2 of VGG-16 and 1e5 times the style of four layers, of
images enlarged to 256x256 by nearest neighbors; Johnson et al. have the squared difference (their Eq. 2).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import interpolate, l1_loss, mse_loss

from benchmark.activations.activations import Activations
from benchmark.schema.training import Perception

DIFFERENCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"squared": mse_loss, "absolute": l1_loss}


def perceptual_loss(activations: Activations, chosen: Perception) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss of images [N, C, H, W] in -1..1 that should look like others, which get no gradient."""

    def loss(images: Tensor, wanted: Tensor) -> Tensor:
        seen, aim = (activations(_enlarged(each, chosen.enlarge)) for each in (images, wanted.detach()))
        layers = dict(zip(activations.layers, zip(seen, aim, strict=True), strict=True))
        total = sum((DIFFERENCES[chosen.difference](*layers[name]) for name in chosen.content), images.new_zeros(()))
        if chosen.style:
            total = total + chosen.style * sum(mse_loss(gram(own), gram(other)) for own, other in layers.values())
        return total

    return loss


def gram(values: Tensor) -> Tensor:
    """Return how channels go together, [N, C, C], over the positions of [N, C, ...] (Johnson et al. 2016, Eq. 3)."""
    flat = values.flatten(2) if values.ndim > 2 else values.unsqueeze(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def _enlarged(images: Tensor, side: int | None) -> Tensor:
    return images if side is None else interpolate(images, size=(side, side), mode="nearest")
