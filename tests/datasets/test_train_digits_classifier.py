import json
from pathlib import Path

import pytest
import torch

from benchmark.datasets.digits import load
from benchmark.datasets.options import DigitsOptions
from benchmark.datasets.train_digits_classifier import RECIPE, accuracy, augmented, main, train
from benchmark.features.digits_classifier import RECORD
from benchmark.images import Images, to_values
from benchmark.streams import stream


def test_augmentation_shifts_each_image_by_at_most_a_pixel_and_adds_the_stated_noise() -> None:
    values = torch.zeros(400, 1, 16, 16)
    values[:, :, 8, 8] = 100.0
    peaks = augmented(values, stream(0, "test")).flatten(1).argmax(dim=1)
    assert {(int(peak) // 16, int(peak) % 16) for peak in peaks} == {(y, x) for y in (7, 8, 9) for x in (7, 8, 9)}
    noise = augmented(torch.zeros(400, 1, 16, 16), stream(0, "test"))
    assert noise.std().item() == pytest.approx(0.1, rel=0.02)


def test_two_epochs_learn_and_repeat_bit_for_bit() -> None:
    images = load(DigitsOptions(image_size=16), "train")
    assert images.labels is not None
    some = Images(images.pixels[:640], images.labels[:640], images.preparation)
    first, second = train(some, 2), train(some, 2)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert accuracy(first, load(DigitsOptions(image_size=16), "test")) > 0.5


def test_accuracy_counts_hits() -> None:
    images = load(DigitsOptions(image_size=16), "test")
    assert images.labels is not None
    network = train(load(DigitsOptions(image_size=16), "train"), 1)
    hits = [
        int(network(to_values(images.pixels[i : i + 1])).argmax()) == int(images.labels[i]) for i in range(len(images))
    ]
    assert accuracy(network, images) == pytest.approx(sum(hits) / 500, abs=0.003)


def test_the_recorded_recipe_reaches_a_like_accuracy_on_any_machine(tmp_path: Path) -> None:
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    try:
        main(tmp_path)
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)
    made, shipped = (json.loads(path.read_text()) for path in (tmp_path / RECORD.name, RECORD))
    assert made["recipe"] == shipped["recipe"] == RECIPE
    assert made["test_accuracy"] >= 0.965
