"""How many jobs run at once on GPUs: as many share one as its memory holds of the largest."""

from __future__ import annotations

from collections.abc import Callable, Iterable

CONTEXT = 512 * 1024**2
"""Bytes of a GPU that are set aside for CUDA itself in each process, which no count of tensors sees."""
SPARE = 0.05
"""The share of a GPU's memory that stays free: others may use it too."""


def fitting(peaks: Iterable[int | None], memory: int, processors: int) -> int:
    """Return how many jobs fit into so many bytes of one GPU, each as large as the largest, and feed on a processor.

    One where the peak of any is not known.
    """
    largest = 0
    for peak in peaks:
        if peak is None:
            return 1
        largest = max(largest, peak)
    return max(1, min(processors, int(memory * (1 - SPARE)) // (largest + CONTEXT)))


def slots(gpus: int, workers: int | None, per_gpu: int | None, fit: Callable[[], int]) -> int:
    """Return how many jobs run at once: `per_gpu` on each GPU, and no more than `workers` in all.

    Null is automatic: what fits; where only the workers are given, all of them, spread over the GPUs.
    """
    if per_gpu is None:
        return gpus * fit() if workers is None else workers
    return gpus * per_gpu if workers is None else min(workers, gpus * per_gpu)
