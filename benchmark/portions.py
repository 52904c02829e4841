"""How much goes through a network at a time: always the same on a CPU, on a GPU as much as its memory takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

MOST = 8
"""A portion on a GPU is at most so many times that on a CPU: beyond that it gains nothing, and others want memory."""
SHARE = 0.25
"""Of a GPU's free memory, which other jobs may want at the same moment."""


def portions(work: Callable[[int, int], Tensor], count: int, size: int, device: str | torch.device) -> Iterator[Tensor]:
    """Yield `work(start, stop)` over 0..count in order, `size` at a time.

    On a CUDA device the first portion shows what it takes of memory, and the others are larger by a power of two, and
    smaller again where others have taken that memory since. There kernels may sum in another order for another size:
    the last bits of what they give depend on the memory that was free where that is scarce. On a CPU they depend on
    nothing.
    """
    held, start = _held(device), min(size, count)
    first = work(0, start)
    times = _times(device, held)
    yield first
    while start < count:
        stop = min(start + times * size, count)
        try:
            part = work(start, stop)
        except torch.OutOfMemoryError:
            if times == 1:
                raise
            times //= 2
            continue
        yield part
        start = stop


def fitting(taken: int, free: int) -> int:
    """Return how many times a portion that took so many bytes fits: a power of two, up to `MOST`."""
    times = min(MOST, int(SHARE * free / max(taken, 1)))
    return 1 << max(times, 1).bit_length() - 1


def _held(device: str | torch.device) -> int:
    """Return the bytes of a GPU that are not free, the fewest that this process can do with; 0 for a CPU.

    The allocator's peak would tell more exactly what a portion takes, but a job's own peak is read from it.
    """
    if torch.device(device).type != "cuda":
        return 0
    torch.cuda.empty_cache()
    return torch.cuda.memory_reserved(device)


def _times(device: str | torch.device, held: int) -> int:
    if torch.device(device).type != "cuda":
        return 1
    reserved = torch.cuda.memory_reserved(device)
    free = torch.cuda.mem_get_info(device)[0] + reserved - torch.cuda.memory_allocated(device)
    return fitting(reserved - held, free)
