"""A small convolutional network that reads the digits: the feature extractor of the embedded data.

Its weights are shipped, `digits_classifier.safetensors`; `digits_classifier.json` beside them says how they were
made (`python -m benchmark.datasets.train_digits_classifier`), with what accuracy, and their SHA-256.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from benchmark.errors import UsageError
from benchmark.features.doubling import RULE, doubled
from benchmark.features.extractor import Extractor
from benchmark.images import to_values
from benchmark.prepare import check

if TYPE_CHECKING:
    from benchmark.features.options import DigitsClassifierOptions

WEIGHTS = Path(__file__).with_name("digits_classifier.safetensors")
RECORD = Path(__file__).with_name("digits_classifier.json")
SIZE = 16
FEATURES = 64


class DigitsClassifier(nn.Module):
    """Three convolutions and two dense layers; the features are the activations before the last one.

    SiLU keeps all 64 features alive: with ReLU a quarter of them were zero on every image, and the covariance singular.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(1, 16, stride=1),
            *_block(16, 32, stride=2),
            *_block(32, 64, stride=2),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 2 * 2, FEATURES),
            nn.SiLU(),
        )
        self.head = nn.Linear(FEATURES, 10)

    def forward(self, values: Tensor) -> Tensor:
        """Return logits [N, 10] for values [N, 1, 16, 16] in -1..1."""
        logits: Tensor = self.head(self.features(values))
        return logits


def load(options: DigitsClassifierOptions, device: str | torch.device, cache: Path | None = None) -> Extractor:
    """Return the shipped extractor; `MissingAssetError` if its file is not the one that was recorded."""
    network, sha256 = shipped(device)

    def embed(pixels: Tensor) -> Tensor:
        features: Tensor = network.features(_values(pixels, device))
        return features

    return Extractor(
        name="digits_classifier",
        sha256=sha256,
        dimensions=FEATURES,
        resizer=f"8x8 to 16x16 {RULE}; 16x16 as it is",
        quantization="uint8",
        embed=embed,
        classify=lambda features: network.head(features.to(device)).softmax(dim=1),
        classes="the ten digits",
        device=device,
    )


def shipped(device: str | torch.device) -> tuple[DigitsClassifier, str]:
    """Return the frozen network with the shipped weights and their SHA-256; `MissingAssetError` if they are others."""
    from safetensors.torch import load_file

    sha256 = str(json.loads(RECORD.read_text(encoding="utf-8"))["sha256"])
    check(WEIGHTS, sha256, "install ticketbench anew")
    with torch.device("meta"):  # nothing is drawn for weights that come from the file
        network = DigitsClassifier()
    network.load_state_dict(load_file(WEIGHTS), assign=True)
    return network.eval().requires_grad_(False).to(device), sha256


def _values(pixels: Tensor, device: str | torch.device) -> Tensor:
    if pixels.shape[1] != 1 or pixels.shape[2] != pixels.shape[3] or pixels.shape[2] not in {SIZE, SIZE // 2}:
        shape = "x".join(map(str, pixels.shape[1:]))
        raise UsageError(f"the extractor digits_classifier reads images of 1x8x8 or 1x16x16, not {shape}")
    on_device = pixels.to(device)
    return to_values(on_device if pixels.shape[2] == SIZE else doubled(on_device))


def _block(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(),
    )
