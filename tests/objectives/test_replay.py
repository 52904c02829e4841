"""The pool of earlier images against the same done one by one, and what holds of it whatever is drawn."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from benchmark.objectives.replay import replayed
from benchmark.streams import stream


def images(numbers: range) -> Tensor:
    return torch.tensor(list(numbers), dtype=torch.float32).reshape(-1, 1, 1, 1)


def as_set(tensor: Tensor) -> set[float]:
    return set(tensor.flatten().tolist())


@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=12), pool=st.integers(1, 6), seed=st.integers(0, 50))
def test_every_image_is_shown_or_kept_and_none_is_lost_or_doubled(sizes: list[int], pool: int, seed: int) -> None:
    memory: dict[str, Tensor] = {}
    shown: list[float] = []
    first = 0
    for step, count in enumerate(sizes):
        made = images(range(first, first + count))
        before = as_set(memory["pool"]) if memory else set()
        out = replayed(memory, "pool", made, pool, stream(seed, "pool", step))
        first += count
        kept = as_set(memory["pool"])
        assert out.shape == made.shape
        assert len(kept) == min(pool, first)
        assert as_set(out) | kept == before | as_set(made)
        shown += out.flatten().tolist()
    assert shown[: min(pool, first)] == list(range(min(pool, first)))


def test_one_image_at_a_time_is_exchanged_half_the_time_with_any_other() -> None:
    memory = {"pool": images(range(50))}
    exchanged: list[int] = []
    for step in range(4000):
        before = memory["pool"].clone()
        made = images(range(1000 + step, 1001 + step))
        out = replayed(memory, "pool", made, 50, stream(0, "pool", step))
        changed = (memory["pool"] != before).flatten().nonzero().flatten()
        if torch.equal(out, made):
            assert not len(changed)
        else:
            assert len(changed) == 1
            place = int(changed)
            assert torch.equal(out[0], before[place])
            assert torch.equal(memory["pool"][place], made[0])
            exchanged.append(place)
    assert abs(len(exchanged) - 2000) < 4 * 4000**0.5 / 2
    counts = torch.tensor(exchanged).bincount(minlength=50)
    assert int(counts.min()) > 10
    assert int(counts.max()) < 80


def test_an_empty_pool_keeps_nothing() -> None:
    memory: dict[str, Tensor] = {}
    made = images(range(3))
    assert replayed(memory, "pool", made, 0, stream(0, "pool")) is made
    assert memory == {}
