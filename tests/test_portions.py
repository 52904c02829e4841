"""How much goes through a network at a time; the GPU of these tests is a few numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from benchmark.portions import MOST, SHARE, fitting, portions


@dataclass
class Gpu:
    """Memory of which a portion takes `each` byte for every item, and gives back nothing before it is asked to."""

    free: int
    each: int
    reserved: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)

    def work(self, start: int, stop: int) -> Tensor:
        self.asked.append((start, stop))
        taken = max(self.reserved, self.each * (stop - start))
        self.free, self.reserved = self.free - (taken - self.reserved), taken
        return torch.arange(start, stop)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(torch.cuda, "empty_cache", self.empty_cache)
        patch.setattr(torch.cuda, "memory_reserved", lambda device: self.reserved)
        patch.setattr(torch.cuda, "memory_allocated", lambda device: 0)
        patch.setattr(torch.cuda, "mem_get_info", lambda device: (self.free, 10**12))

    def empty_cache(self) -> None:
        self.free, self.reserved = self.free + self.reserved, 0


@given(st.integers(0, 70), st.integers(1, 20))
def test_portions_on_a_cpu_are_of_one_size_and_cover_all(count: int, size: int) -> None:
    asked: list[tuple[int, int]] = []

    def work(start: int, stop: int) -> Tensor:
        asked.append((start, stop))
        return torch.arange(start, stop)

    assert torch.cat(list(portions(work, count, size, "cpu"))).tolist() == list(range(count))
    assert all(stop - start == size for start, stop in asked[:-1])


@pytest.mark.parametrize(("free", "size"), [(10**9, 50 * MOST), (80_000, 200), (1_000, 50)])
def test_portions_on_a_gpu_grow_with_what_the_first_one_leaves_free(
    free: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = Gpu(free=free, each=100, reserved=free // 2)  # half is a cache that may be given back
    gpu.install(monkeypatch)
    found = torch.cat(list(portions(gpu.work, 5000, 50, "cuda")))
    assert found.tolist() == list(range(5000))
    assert gpu.asked[0] == (0, 50)
    assert {stop - start for start, stop in gpu.asked[1:-1]} == {size}


@pytest.mark.parametrize(("most", "sizes"), [(399, {200}), (150, {100}), (60, {50})])
def test_portions_shrink_where_others_have_taken_the_memory(
    most: int, sizes: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = Gpu(free=10**9, each=1)
    gpu.install(monkeypatch)

    def work(start: int, stop: int) -> Tensor:
        if stop - start > most:
            raise torch.OutOfMemoryError
        return gpu.work(start, stop)

    assert torch.cat(list(portions(work, 5000, 50, "cuda"))).tolist() == list(range(5000))
    assert {stop - start for start, stop in gpu.asked[1:-1]} == sizes


def test_a_portion_that_fits_at_no_size_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Gpu(free=10**9, each=1)
    gpu.install(monkeypatch)

    def work(start: int, stop: int) -> Tensor:
        if start:
            raise torch.OutOfMemoryError
        return gpu.work(start, stop)

    with pytest.raises(torch.OutOfMemoryError):
        list(portions(work, 5000, 50, "cuda"))


@given(st.integers(0, 10**9), st.integers(0, 10**12))
def test_as_many_fit_as_stay_within_a_share_of_what_is_free(taken: int, free: int) -> None:
    times = fitting(taken, free)
    assert times in {2**power for power in range(MOST.bit_length())}
    assert times == 1 or times * taken <= SHARE * free
    assert times == MOST or 2 * times * max(taken, 1) > SHARE * free
