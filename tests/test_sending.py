"""What goes from the host to a device is not waited for; the GPU of one of these tests only takes note."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmark.sending import sent


def test_on_a_cpu_nothing_is_copied() -> None:
    numbers = torch.arange(3)
    assert sent(numbers, torch.device("cpu")) is numbers


def test_to_a_gpu_it_goes_from_pinned_memory_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []

    def pinned(tensor: Tensor) -> Tensor:
        done.append("pinned")
        return tensor

    def moved(tensor: Tensor, device: torch.device, non_blocking: bool) -> Tensor:
        done.append((device.type, non_blocking))
        return tensor

    monkeypatch.setattr(Tensor, "pin_memory", pinned)
    monkeypatch.setattr(Tensor, "to", moved)
    sent(torch.arange(3), torch.device("cuda"))
    assert done == ["pinned", ("cuda", True)]
