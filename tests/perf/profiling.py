"""What the time of some steps goes to, by torch's profiler: the ten operations that take most of it."""

from __future__ import annotations

import sys
from collections import Counter

from torch._C._autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from tests.perf.sides import Side, now

KINDS = {
    "images": ("dataloader", "index", "randperm", "gather"),
    "convolutions and matrix products": (
        *("conv", "cudnn", "gemm", "winograd", "wgrad", "dgrad", "xmma", "cutlass"),
        *("aten::mm", "aten::addmm", "aten::bmm", "aten::mv", "aten::dot"),
    ),
    "normalization": ("batch_norm", "batchnorm", "bn_", "instance_norm"),
    "optimizer": ("adam", "sgd"),
    "lists of tensors": ("_foreach", "multi_tensor"),
}
"""Words in the names of operations and kernels that tell a kind; what has none of them is element by element."""


def tell(says: str, side: Side, steps: int) -> None:
    """Print on the error output what so many steps spend most of their time on, and the shares of kinds of work."""
    device = side.device
    side.prepare()
    side.train(steps)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device == "cuda" else [])]
    key = f"self_{device}_time_total" if device == "cpu" else "self_device_time_total"
    begun = now(device)
    with profile(activities=activities) as found:
        side.train(steps)
        seconds = now(device) - begun
    averages = found.key_averages()
    shares: Counter[str] = Counter()
    for event in averages:
        # What a kernel takes is also counted for the operation that started it.
        if device == "cpu" or event.device_type != DeviceType.CPU:
            shares[kind_of(event.key)] += getattr(event, key)
    whole = 1e6 * seconds
    named = ", ".join(f"{kind} {spent / whole:.0%}" for kind, spent in shares.most_common())
    rest = max(0.0, 1.0 - shares.total() / whole)
    sys.stderr.write(f"\n{says}: {1000 * seconds / steps:.3g} ms a step under the profiler: {named}, ")
    sys.stderr.write(f"{'the device waits' if device == 'cuda' else 'outside of operations'} {rest:.0%}\n")
    sys.stderr.write(averages.table(sort_by=key, row_limit=10, max_name_column_width=60) + "\n")


def kind_of(name: str) -> str:
    """Return the kind of work that an operation's name tells."""
    lower = name.lower()
    return next((kind for kind, words in KINDS.items() if any(word in lower for word in words)), "element by element")
