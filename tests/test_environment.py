"""What the machine is asked, and what it is spared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="asks Linux")
def test_a_peak_is_of_what_came_since_it_was_forgotten() -> None:
    size = 64 * 1024**2
    environment.forget_peak("cpu")
    before = environment.peak_bytes("cpu")
    held = bytearray(b"x" * size)
    peak = environment.peak_bytes("cpu")
    del held
    environment.forget_peak("cpu")
    after = environment.peak_bytes("cpu")
    assert before is not None
    assert peak is not None
    assert after is not None
    assert peak >= before + size
    assert after < peak - size / 2


@pytest.mark.parametrize(
    ("named", "count", "found"), [(None, 3, ("0", "1", "2")), ("4, GPU-7f", 2, ("4", "GPU-7f")), ("1,-1,2", 1, ("1",))]
)
def test_gpus_are_called_as_the_environment_calls_them(
    monkeypatch: pytest.MonkeyPatch, named: str | None, count: int, found: tuple[str, ...]
) -> None:
    if named is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
    assert environment.visible_gpus() == found


def test_a_prepared_process_has_one_thread_and_deterministic_kernels_and_fills_no_new_tensor() -> None:
    asks = "torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.empty(64).isnan().all().item()"
    code = f"import torch; from benchmark.environment import prepare_process; prepare_process('cpu'); print({asks})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "True", "False"]
