"""What the machine is asked, and what it is spared."""

from __future__ import annotations

import sys

import pytest

from benchmark import environment
from benchmark.errors import UsageError


def test_auto_is_the_cpu_without_asking_torch_where_the_system_shows_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_shows_no_gpu", lambda: True)
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would raise
    assert environment.resolve_device("auto") == "cpu"
    assert environment.resolve_device("cpu") == "cpu"


def test_auto_asks_torch_where_a_gpu_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_shows_no_gpu", lambda: False)
    for there, device in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr("torch.cuda.is_available", lambda there=there: there)
        assert environment.resolve_device("auto") == device


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UsageError, match="no CUDA device is visible"):
        environment.resolve_device("cuda")
    with pytest.raises(UsageError, match="expected auto, cpu or cuda"):
        environment.resolve_device("gpu")
