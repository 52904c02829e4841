"""When a mask counts as stable, against a second account of the three readings that keeps every mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from benchmark.pruning.early_bird import EarlyBird, looks
from benchmark.schema.suite import MaskStable

Reading = Literal["window", "consecutive_window", "consecutive"]
READINGS: tuple[Reading, ...] = ("window", "consecutive_window", "consecutive")
SIZES = {"discriminator/bn.weight": 3, "generator/bn.weight": 5}

scale = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0])
scales = st.fixed_dictionaries(
    {name: st.lists(scale, min_size=size, max_size=size).map(torch.tensor) for name, size in SIZES.items()}
)
rules = st.builds(
    MaskStable,
    when=st.just("mask_stable"),
    sparsity=st.sampled_from([0.0, 0.2, 0.5, 0.9]),
    unit=st.just("step"),
    look_back=st.integers(2, 5),
    threshold=st.sampled_from([0.0, 0.125, 0.25, 0.5]),
    reading=st.sampled_from(READINGS),
)


def rule(reading: Reading, look_back: int = 3, threshold: float = 0.2, sparsity: float = 0.5) -> MaskStable:
    return MaskStable(
        when="mask_stable",
        sparsity=sparsity,
        unit="step",
        look_back=look_back,
        threshold=threshold,
        reading=reading,
    )


def naive_mask(found: dict[str, Tensor], sparsity: float) -> list[bool]:
    """Rank the best channel of each layer before all others, then by size; of equals the first stands first."""
    channels = [(name, abs(float(value))) for name in sorted(found) for value in found[name]]
    best = [max((i for i, (owner, _) in enumerate(channels) if owner == name), key=lambda i: (channels[i][1], -i))
            for name in found]  # fmt: skip
    order = sorted(range(len(channels)), key=lambda i: (i not in best, -channels[i][1], i))
    kept = set(order[: max(len(channels) - round(sparsity * len(channels)), len(best))])
    return [i in kept for i in range(len(channels))]


def apart(one: list[bool], other: list[bool]) -> float:
    return sum(a != b for a, b in zip(one, other, strict=True)) / len(one)


def naive_stable(masks: list[list[bool]], chosen: MaskStable) -> bool:
    newest, back = len(masks) - 1, chosen.look_back
    if chosen.reading == "window":
        pairs = [(newest, newest - i) for i in range(1, back)]
    elif chosen.reading == "consecutive_window":
        pairs = [(newest - i, newest - i - 1) for i in range(back)]
    else:
        pairs = [(newest, newest - 1)]
    return all(b >= 0 and apart(masks[a], masks[b]) <= chosen.threshold for a, b in pairs)


@given(chosen=rules, seen=st.lists(scales, min_size=1, max_size=9))
def test_each_look_decides_as_if_every_mask_had_been_kept(chosen: MaskStable, seen: list[dict[str, Tensor]]) -> None:
    bird, masks = EarlyBird(chosen), []
    for found in seen:
        bird.look(found)
        masks.append(naive_mask(found, chosen.sparsity))
        assert bird.is_stable == naive_stable(masks, chosen)
    assert len(bird.distances) == len(seen)


@given(chosen=rules, seen=st.lists(scales, max_size=9), stop=st.integers(0, 9))
def test_one_that_is_saved_and_restored_goes_on_as_if_it_had_not_been(
    chosen: MaskStable, seen: list[dict[str, Tensor]], stop: int
) -> None:
    whole, first, second = EarlyBird(chosen), EarlyBird(chosen), EarlyBird(chosen)
    for found in seen[:stop]:
        first.look(found)
    second.restore(first.tensors())
    for found in seen[stop:]:
        second.look(found)
    for found in seen:
        whole.look(found)
    assert (second.distances, second.is_stable) == (whole.distances, whole.is_stable)
    assert second.tensors().keys() == whole.tensors().keys()
    for name, tensor in whole.tensors().items():
        torch.testing.assert_close(second.tensors()[name], tensor, rtol=0, atol=0, equal_nan=True)


def found_at(chosen: MaskStable, masks: Sequence[str]) -> int | None:
    """Return the look (from 1) at which masks, written as ones and zeros, are stable."""
    bird = EarlyBird(chosen)
    for count, mask in enumerate(masks, 1):
        bird.look({"generator/bn.weight": torch.tensor([float(bit) for bit in mask])})
        if bird.is_stable:
            return count
    return None


DRIFTING = ["1111100000", "0111110000", "0011111000", "0001111100", "0000111110"]
ONE_JUMP = ["1111100000", "0000011111", "0000011111", "0000011111", "0000011111", "0000011111"]
FLICKERING = ["1111100000", "0000011111", "1111100000", "1111100000", "0000011111", "1111100000"]


@pytest.mark.parametrize(
    ("masks", "expected"),
    [
        (DRIFTING, {"window": None, "consecutive_window": 4, "consecutive": 2}),
        (ONE_JUMP, {"window": 4, "consecutive_window": 5, "consecutive": 3}),
        (FLICKERING, {"window": None, "consecutive_window": None, "consecutive": 4}),
        (["1111100000"] * 5, {"window": 3, "consecutive_window": 4, "consecutive": 2}),
    ],
)
def test_the_readings_of_the_sources_disagree(masks: list[str], expected: dict[Reading, int | None]) -> None:
    assert {reading: found_at(rule(reading), masks) for reading in READINGS} == expected


def test_the_default_is_the_reading_of_the_code_of_both_papers() -> None:
    """The newest of five masks against each of the other four (You et al. 2020), at a distance of 0.1 at most."""
    chosen = MaskStable(when="mask_stable", sparsity=0.5, unit="epoch")
    assert (chosen.reading, chosen.look_back, chosen.threshold, chosen.every) == ("window", 5, 0.1, 1)
    assert EarlyBird(chosen).needed == 4
    assert found_at(chosen, ["1111100000"] * 9) == 5


def test_a_distance_at_the_threshold_is_stable_and_one_above_is_not() -> None:
    nearer, farther = ["1111100000", "1111010000"], ["1111100000", "1110011000"]
    assert found_at(rule("consecutive", threshold=0.2), nearer) == 2
    assert found_at(rule("consecutive", threshold=0.2), farther) is None
    assert found_at(rule("consecutive", threshold=0.4), farther) == 2


def test_channels_of_all_networks_compete_in_one_pool() -> None:
    bird = EarlyBird(rule("consecutive", sparsity=0.5))
    bird.look({"b/bn.weight": torch.tensor([3.0, -4.0, 5.0]), "a/bn.weight": torch.tensor([0.1, 0.2, 0.3])})
    assert bird.tensors()["masks"].tolist() == [[False, False, True, False, True, True]]  # every layer keeps one


def test_scales_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        EarlyBird(rule("window")).look({"a/bn.weight": torch.tensor([1.0, float("nan")])})


@given(steps=st.integers(0, 60), batches=st.integers(1, 5), per_epoch=st.integers(1, 9), every=st.integers(1, 3))
def test_looks_are_counted_in_whole_units(steps: int, batches: int, per_epoch: int, every: int) -> None:
    epochs = MaskStable(when="mask_stable", sparsity=0.5, unit="epoch", every=every)
    passes = [step for step in range(1, steps * batches + 1) if step % (per_epoch * every) == 0]
    assert looks(epochs, steps, batches, per_epoch) == len(passes)
    assert looks(epochs.model_copy(update={"unit": "step"}), steps, batches, per_epoch) == steps // every
