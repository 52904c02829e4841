"""An optimizer step as one CUDA graph: what it launches is recorded once, and launched as a whole from then on.

Steps of small networks are hundreds of kernels of some microseconds each, which Python launches more slowly than a GPU
runs them. A graph has the same kernels in the same order on the same memory, so the numbers are the same. What differs
from step to step is copied to where the graph reads it, or lies on the device already: learning rates, the counts of
optimizers, the seed of what is drawn.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor

WARM_UP = 3
"""Steps that are made as they are before one is recorded: libraries choose their kernels and memory in the first."""

Body = Callable[[Tensor, Tensor | None, torch.Generator], Tensor]
"""(images uint8 [N, C, H, W], labels [N] or null, generator) -> loss: one optimizer step, in place."""


class Graph(Protocol):
    """What a device did, to be done again."""

    def warm(self, body: Callable[[], Tensor]) -> Tensor:
        """Do it once, without recording it."""

    def record(self, body: Callable[[], Tensor]) -> Tensor:
        """Note what it does without doing it, and return what it is going to return, at its place."""

    def replay(self) -> None:
        """Do what was recorded."""


NewGraph = Callable[[torch.Generator], Graph]
"""Makes a graph that draws from a generator: from its seed as it is at each replay."""


class CudaGraph:
    """A graph of torch's current GPU, which draws from one generator of that device."""

    def __init__(self, chance: torch.Generator) -> None:
        self._graph = torch.cuda.CUDAGraph()
        _draw_from(self._graph, chance)
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call,unused-ignore]

    def warm(self, body: Callable[[], Tensor]) -> Tensor:
        """Do it on a stream of its own, as the recording will."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            done = body()
        torch.cuda.current_stream().wait_stream(self._stream)
        return done

    def record(self, body: Callable[[], Tensor]) -> Tensor:
        """Record what a call launches; an error names an operation that waits for the device or needs the host."""
        with torch.cuda.graph(self._graph, stream=self._stream):
            return body()

    def replay(self) -> None:
        """Launch all of it."""
        self._graph.replay()


def _draw_from(graph: torch.cuda.CUDAGraph, chance: torch.Generator) -> None:
    if hasattr(graph, "register_generator_state"):  # newer versions of torch see it by themselves, and will not have it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph.register_generator_state(chance)


class Replayed:
    """An optimizer step that is recorded after some steps: called as its body is, with a seed in place of a generator.

    The body must launch the same operations on the same tensors at each call, whatever their values.
    """

    def __init__(
        self, body: Body, chance: torch.Generator, graph: Graph, optimizers: Iterable[torch.optim.Optimizer]
    ) -> None:
        self._body, self._chance, self._graph, self._optimizers = body, chance, graph, tuple(optimizers)
        self._warmed = 0
        self._place: tuple[Tensor, Tensor | None, Tensor] | None = None

    def __call__(self, images: Tensor, labels: Tensor | None, seed: int) -> Tensor:
        """Make the step and return its loss."""
        self._chance.manual_seed(seed)
        if self._warmed < WARM_UP:
            self._warmed += 1
            return self._graph.warm(lambda: self._body(images, labels, self._chance))
        if self._place is None:
            self._place = self._recorded(images.clone(), None if labels is None else labels.clone())
        given, told, loss = self._place
        given.copy_(images)
        if told is not None and labels is not None:
            told.copy_(labels)
        self._graph.replay()
        return loss.clone()

    def _recorded(self, images: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor | None, Tensor]:
        with _capturable(self._optimizers):
            return images, labels, self._graph.record(lambda: self._body(images, labels, self._chance))


@contextmanager
def _capturable(optimizers: Iterable[torch.optim.Optimizer]) -> Iterator[None]:
    """Let optimizers be recorded: fused ones keep all they need on the device, whether they are told so or not."""
    groups = [group for optimizer in optimizers for group in optimizer.param_groups if "capturable" in group]
    before = [group["capturable"] for group in groups]
    for group in groups:
        group["capturable"] = True
    try:
        yield
    finally:
        for group, was in zip(groups, before, strict=True):
            group["capturable"] = was
