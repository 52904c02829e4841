"""Makes the shipped digits classifier: `python -m benchmark.datasets.train_digits_classifier [FOLDER]`.

Trained on the digits' training split alone; the test split is read once, for the accuracy on record. It takes
ten seconds on one core. Another machine's vector units give slightly other weights: that is why they are shipped.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from benchmark.datasets.digits import load
from benchmark.datasets.options import DigitsOptions
from benchmark.features.digits_classifier import RECORD, WEIGHTS, DigitsClassifier
from benchmark.images import Images, to_values
from benchmark.storage import write_file
from benchmark.streams import stream

SEED, EPOCHS, BATCH_SIZE, LR, NOISE = 0, 30, 64, 0.002, 0.1
RECIPE = {
    "seed": SEED,
    "epochs": EPOCHS,
    "batch_size": BATCH_SIZE,
    "optimizer": "Adam, betas 0.9 and 0.999",
    "lr": LR,
    "schedule": "cosine to 0, per step",
    "loss": "cross-entropy",
    "augmentation": f"shifts by -1, 0 or 1 pixels each way, repeating the border; Gaussian noise of {NOISE}",
    "initialization": "Kaiming normal (fan-in, ReLU) for weights of convolutions and dense layers, zero biases",
    "threads": 1,
}


def main(folder: Path) -> None:
    """Train and write weights and record to a folder."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    options = DigitsOptions(image_size=16)
    network = train(load(options, "train"), EPOCHS)
    weights = save({name: tensor.contiguous() for name, tensor in sorted(network.state_dict().items())})
    record = {
        "command": "python -m benchmark.datasets.train_digits_classifier",
        "data": "the training split of the data set digits at 16x16, 1,297 images",
        "recipe": RECIPE,
        "torch": torch.__version__,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "train_accuracy": accuracy(network, load(options, "train")),
        "test_accuracy": accuracy(network, load(options, "test")),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    write_file(folder / WEIGHTS.name, weights)
    write_file(folder / RECORD.name, (json.dumps(record, indent=2) + "\n").encode())


def train(images: Images, epochs: int) -> DigitsClassifier:
    """Return a network trained by `RECIPE`, for so many epochs, in evaluation mode."""
    assert images.labels is not None
    values, network = to_values(images.pixels), initialized(DigitsClassifier())
    optimizer = torch.optim.Adam(network.parameters(), lr=LR)
    steps = epochs * (len(images) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    for epoch in range(epochs):
        generator = stream(SEED, "digits_classifier", epoch + 1)
        order = torch.randperm(len(images), generator=generator)
        for step in range(len(images) // BATCH_SIZE):
            batch = order[step * BATCH_SIZE : (step + 1) * BATCH_SIZE]
            logits = network(augmented(values[batch], generator))
            loss = functional.cross_entropy(logits, images.labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def initialized(network: DigitsClassifier) -> DigitsClassifier:
    """Draw a network's weights from the recipe's own stream."""
    generator = stream(SEED, "digits_classifier")
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                layer.bias.zero_()
    return network


def augmented(values: Tensor, generator: torch.Generator) -> Tensor:
    """Return values [B, 1, S, S], each shifted by up to a pixel each way, with noise added."""
    size = values.shape[-1]
    padded = functional.pad(values, (1, 1, 1, 1), mode="replicate")
    corners = torch.randint(0, 3, (len(values), 2), generator=generator).tolist()
    shifted = torch.stack([image[:, y : y + size, x : x + size] for image, (y, x) in zip(padded, corners, strict=True)])
    return shifted + NOISE * torch.randn(shifted.shape, generator=generator)


@torch.no_grad()
def accuracy(network: DigitsClassifier, images: Images) -> float:
    """Return the share of images whose most probable class is their label."""
    assert images.labels is not None
    hits = network(to_values(images.pixels)).argmax(dim=1) == images.labels
    return round(float(hits.double().mean()), 4)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS.parent)
