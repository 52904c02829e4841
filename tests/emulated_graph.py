"""A stand-in for a CUDA graph on a CPU: operations are noted while they run, and run again on the same memory.

As on a GPU, only operations on tensors are repeated: no line of Python, and nothing that was read from a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

WAITS = {"_local_scalar_dense", "nonzero", "is_nonzero", "equal", "_unique2", "masked_select", "lift_fresh"}
"""What waits for the device, or brings numbers from the host: no recording can have it."""


class HostError(RuntimeError):
    """A step needs the host: on a GPU it would wait, and could not be recorded."""


class Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation; those that need the host are an error."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation and note it."""
        name = func.overloadpacket.__name__
        if name in WAITS:
            raise HostError(name)
        out = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, out))
        return out


class EmulatedGraph:
    """Does what was recorded again, each result at the place where it was first."""

    made = 0

    def __init__(self, chance: torch.Generator) -> None:
        self._tape = Tape()
        self._fresh = True
        self.replays = 0
        EmulatedGraph.made += 1

    def warm(self, body: Callable[[], Tensor]) -> Tensor:
        """Do it."""
        return body()

    def record(self, body: Callable[[], Tensor]) -> Tensor:
        """Note what is done; here it is done as well, which counts as the first replay."""
        with self._tape:
            return body()

    def replay(self) -> None:
        """Do it all again."""
        self.replays += 1
        if self._fresh:
            self._fresh = False
            return
        with torch.no_grad():
            for func, args, kwargs, out in self._tape.calls:
                _again(func, args, kwargs, out)


def _again(func: Any, args: Any, kwargs: Any, out: Any) -> None:
    given = {
        tensor.untyped_storage().data_ptr() for tensor in tree_leaves((args, kwargs)) if isinstance(tensor, Tensor)
    }
    made = func(*args, **kwargs)
    for new, old in zip(tree_leaves(made), tree_leaves(out), strict=True):
        if isinstance(old, Tensor) and old.untyped_storage().data_ptr() not in given:  # else a view, or in place
            old.copy_(new)
