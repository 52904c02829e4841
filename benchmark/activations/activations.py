"""What a frozen network sees in images, layer by layer, with gradients back to the images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from benchmark.schema.numerics import Layout


@dataclass(frozen=True)
class Activations:
    """The outputs of some layers of a frozen network, and what they depend on.

    `network` maps images float [N, C, H, W] in -1..1 to one tensor [N, ...] for each of the `layers`, in their order;
    it has no state that a pass changes. `sha256` is that of the file with its weights, null on torch's meta device,
    where there are none. `layout` is how its weights lie in memory. Where `mixes_batch`, what it sees in an image
    depends on the others of its batch.
    """

    name: str
    sha256: str | None
    layers: tuple[str, ...]
    network: nn.Module
    mixes_batch: bool = False
    layout: Layout = "channels_first"

    def __call__(self, images: Tensor) -> list[Tensor]:
        """Return one tensor [N, ...] per layer for images float [N, C, H, W] in -1..1."""
        found: list[Tensor] = self.network(images)
        return found


class Tapped(nn.Module):
    """A chain of modules that returns what comes out of some of them; `prepare` maps the images to its input.

    `features` ends with the last module that is tapped; the names of its tensors are those of the whole chain.
    """

    def __init__(self, prepare: Callable[[Tensor], Tensor], chain: Sequence[nn.Module], taps: Sequence[int]) -> None:
        super().__init__()
        self.features = nn.Sequential(*chain[: max(taps) + 1])
        self._prepare, self._taps = prepare, frozenset(taps)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the tapped outputs, first module first."""
        values, found = self._prepare(images), []
        for index, module in enumerate(self.features):
            values = module(values)
            if index in self._taps:
                found.append(values)
        return found
