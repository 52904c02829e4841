"""Named streams of random numbers."""

from __future__ import annotations

import hashlib

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.streams import stream, stream_seed

SEEDS = st.integers(0, 2**40)
PURPOSES = st.text(min_size=1, max_size=20)
COORDINATES = st.tuples(SEEDS, PURPOSES, SEEDS)


def test_a_stream_is_the_same_everywhere_and_for_ever() -> None:
    digest = hashlib.sha256(b"3|data order|7").digest()
    assert stream_seed(3, "data order", 7) == int.from_bytes(digest[:8], "big") // 2 == 2_915_698_787_354_985_492
    assert torch.equal(torch.rand(5, generator=stream(0, "x")), torch.rand(5, generator=stream(0, "x", 0)))


@given(COORDINATES, COORDINATES)
def test_another_seed_purpose_or_index_is_another_stream(
    one: tuple[int, str, int], other: tuple[int, str, int]
) -> None:
    assert (stream_seed(*one) == stream_seed(*other)) == (one == other)
    assert 0 <= stream_seed(*one) < 2**63


@settings(max_examples=20)
@given(COORDINATES)
def test_global_randomness_is_neither_read_nor_changed(coordinates: tuple[int, str, int]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    drawn = torch.rand(3, generator=stream(*coordinates))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(torch.rand(3, generator=stream(*coordinates)), drawn)
