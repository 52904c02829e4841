"""The only module that asks the machine: device, processor, versions, commit."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

from benchmark.errors import UsageError

PACKAGES = (
    "ticketbench",
    "torch",
    "torch-pruning",
    "torchvision",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "clean-fid",
    "ptflops",
    "safetensors",
    "pydantic",
)


def resolve_device(wanted: str) -> str:
    """Return `cpu` or `cuda` for `auto`; raise `UsageError` if the wanted device is not there.

    torch is asked, which takes seconds to import, only where the system shows a GPU at all.
    """
    if wanted not in {"auto", "cpu", "cuda"}:
        raise UsageError(f"--device {wanted}: expected auto, cpu or cuda")
    if wanted == "cpu" or (wanted == "auto" and _shows_no_gpu()):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise UsageError("--device cuda: no CUDA device is visible here; use --device cpu or auto")
    return "cpu"


def _shows_no_gpu() -> bool:
    """Tell whether Linux has none of the device files of NVIDIA, WSL or AMD; elsewhere nothing is known."""
    names = ("nvidiactl", "dxg", "kfd")
    return sys.platform == "linux" and not any((Path("/dev") / name).exists() for name in names)


def prepare_process(device: str) -> None:
    """Make this process compute reproducibly: one CPU thread, deterministic kernels, no timing-based choices."""
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Else every new tensor is first filled with NaN, which tells of a read before a write, and costs a kernel each.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined,unused-ignore]
    if device == "cuda":
        # cuBLAS is deterministic only with a fixed workspace; read when the first handle is made.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False


def describe(device: str) -> dict[str, str]:
    """Return what a reader needs to know of the machine and the software that made a result."""
    import torch

    facts = {
        "python": python_version(),
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
        "device": device,
        **{f"version_{name}": version for name, version in versions().items()},
        **commit(),
    }
    if device == "cuda":
        facts |= {
            "gpu": torch.cuda.get_device_name(),
            "cuda": str(torch.version.cuda),
            "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call,unused-ignore]
        }
    return facts


def versions() -> dict[str, str]:
    """Return the installed versions of the packages that results depend on; `absent` where one is not installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


@cache
def commit() -> dict[str, str]:
    """Return the commit of the checkout that this code runs from, and whether it has uncommitted changes."""
    root = Path(__file__).resolve().parent.parent
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return {"commit": "not a checkout"}
    return {
        "commit": _output(git, "-C", str(root), "rev-parse", "HEAD"),
        "dirty": "yes" if _output(git, "-C", str(root), "status", "--porcelain") else "no",
    }


def cpu_name() -> str:
    """Return the processor's model name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def cpu_count() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_average() -> float:
    """Return how many processes ran or wanted to, on average over the last minute."""
    return os.getloadavg()[0]


def busy_seconds() -> float | None:
    """Return the time that all processors together have spent on any program since the start; null if unknown."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
        user, nice, system, _, _, interrupts, soft = map(int, fields[1:8])
    except (OSError, ValueError):
        return None
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def forget_peak(device: str) -> None:
    """Let `peak_bytes` be about what comes from now on, as far as the system can."""
    if device == "cuda":
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    else:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # the peak of the resident set; proc(5)


def peak_bytes(device: str) -> int | None:
    """Return the most memory that this process held: of the GPU what torch had taken, else resident; null if unknown.

    The first half gibibyte or so that CUDA itself takes of a GPU for a process is not in it.
    """
    if device == "cuda":
        import torch

        return int(torch.cuda.max_memory_reserved())
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return 1024 * found[0] if found else None


def visible_gpus() -> tuple[str, ...]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    import torch

    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return tuple((named or [str(place) for place in range(torch.cuda.device_count())])[: torch.cuda.device_count()])


def gpu_bytes() -> int:
    """Return the memory of the smallest of the visible GPUs."""
    import torch

    places = range(torch.cuda.device_count())
    return min((int(torch.cuda.get_device_properties(place).total_memory) for place in places), default=0)


def free_bytes(path: Path) -> int:
    """Return the free space of the file system that holds a path (or its nearest existing parent)."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def python_version() -> str:
    """Return the version of this Python."""
    return platform.python_version()


def supports_python() -> bool:
    """Tell whether this Python is one the project is tested on."""
    return (3, 11) <= sys.version_info[:2] <= (3, 13)


def gpu_name() -> str | None:
    """Return the name of the CUDA device, or null if none is visible."""
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else None


def why_cleanfid_fails() -> str | None:
    """Return why clean-fid cannot be imported (torch and torchvision of two builds, say), or null if it can."""
    try:
        import_module("cleanfid.fid")
    except Exception as error:  # noqa: BLE001 - a mismatched torchvision raises RuntimeError, others ImportError
        return f"clean-fid cannot be imported: {error}"
    return None


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - fixed
