"""Recorded and replayed steps against steps made one by one: same bytes, for a training of every kind.

On a CPU by a stand-in that repeats operations as a graph does; on a GPU by real graphs.
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from benchmark import training_state
from benchmark.cuda_graphs import WARM_UP, CudaGraph, Replayed
from tests.emulated_graph import EmulatedGraph, HostError, Tape
from tests.every_training import Trained, recipes

GRAPHS = sorted(recipes().keys() - {"cyclegan"})


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def rates_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have optimizers read their rates from tensors, as on a GPU."""
    monkeypatch.setattr(training_state, "_rate", lambda lr, device: torch.tensor(lr))


@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.usefixtures("rates_in_place")
def test_replayed_steps_are_the_steps_themselves(name: str, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.training.LOG_EVERY", 2)
    changes: dict[str, Any] = {"steps": 10, "layout": layout}
    plain, replayed = Trained(name, **changes), Trained(name, **changes)
    before = EmulatedGraph.made
    plain.run(plain.state())
    replayed.run(replayed.state(), graph=EmulatedGraph)
    assert EmulatedGraph.made == before + len(replayed.workshop.objective.updates)
    assert replayed.lines == plain.lines
    for step, tensors in plain.snapshots.items():
        assert same(replayed.snapshots[step], tensors), step


@pytest.mark.parametrize("name", ["gan", "sngan", "gfmn_strong"])
@pytest.mark.usefixtures("rates_in_place")
def test_a_replayed_training_resumes_to_the_same_bytes(name: str) -> None:
    whole, rest = Trained(name, steps=12), Trained(name, steps=12)
    whole.run(whole.state())
    state = rest.state(7)
    state.restore(whole.snapshots[7])
    rest.run(state, graph=EmulatedGraph)
    assert all(same(rest.snapshots[step], whole.snapshots[step]) for step in range(7, 13))


@pytest.mark.parametrize("name", GRAPHS)
def test_a_step_asks_nothing_of_the_host(name: str) -> None:
    trained = Trained(name, steps=3)
    state, tape = trained.state(), Tape()
    with ExitStack() as stack:

        def begin() -> None:  # the first step makes what later ones find, and the last one's losses are read
            if state.step == 1:
                stack.enter_context(tape)
            elif state.step == 2:
                stack.close()

        trained.run(state, begin)
    assert len(tape.calls) > 20


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", GRAPHS)
def test_on_a_gpu_a_step_waits_for_nothing(name: str) -> None:
    trained = Trained(name, "cuda", steps=4)
    state = trained.state()
    with ExitStack() as stack:
        stack.callback(torch.cuda.set_sync_debug_mode, "default")

        def begin() -> None:  # the last step's losses are read
            torch.cuda.set_sync_debug_mode("error" if state.step < 3 else "default")

        trained.run(state, begin)
    assert state.step == 4


def test_the_stand_in_refuses_what_reads_a_tensor() -> None:
    with pytest.raises(HostError, match="_local_scalar_dense"), Tape():
        torch.ones(3).sum().item()


def test_steps_that_do_not_repeat_themselves_are_never_recorded() -> None:
    trained, before = Trained("cyclegan"), EmulatedGraph.made
    trained.run(trained.state(), graph=EmulatedGraph)
    assert EmulatedGraph.made == before


def test_inputs_and_seeds_of_every_step_reach_the_recording() -> None:
    layer = nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.Adam(layer.parameters(), fused=True)
    seen, chance, graphs = list[bool](), torch.Generator(), list[EmulatedGraph]()

    def body(images: Tensor, labels: Tensor | None, noise: torch.Generator) -> Tensor:
        seen.append(optimizer.param_groups[0]["capturable"])
        assert labels is not None
        return images.float().mean() + 10 * labels.sum() + torch.rand((), generator=noise)

    graphs.append(EmulatedGraph(chance))
    step = Replayed(body, chance, graphs[0], [optimizer])
    losses = [
        step(torch.full((2, 1, 1, 1), number, dtype=torch.uint8), torch.tensor([number]), 50 + number).item()
        for number in range(6)
    ]
    drawn = [torch.rand((), generator=torch.Generator().manual_seed(50 + number)).item() for number in range(6)]
    assert losses == pytest.approx([11 * number + one for number, one in enumerate(drawn)])
    assert seen == [False] * WARM_UP + [True]
    assert graphs[0].replays == 6 - WARM_UP
    assert not optimizer.param_groups[0]["capturable"]


class Newer:
    """A graph of a torch that knows by itself what is drawn from."""

    def register_generator_state(self, chance: torch.Generator) -> None:
        warnings.warn("CUDAGraph.register_generator_state() is deprecated", FutureWarning, stacklevel=1)


class Older:
    """A graph of a torch that has to be told what is drawn from."""

    told: ClassVar[list[torch.Generator]] = []

    def register_generator_state(self, chance: torch.Generator) -> None:
        self.told.append(chance)


@pytest.mark.parametrize("graph", [Newer, Older, object])
def test_a_graph_is_told_what_it_draws_from_where_torch_wants_it(graph: type, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = torch.Generator()
    monkeypatch.setattr(torch.cuda, "CUDAGraph", graph)
    monkeypatch.setattr(torch.cuda, "Stream", object)
    monkeypatch.setattr(Older, "told", [])
    CudaGraph(chance)  # a warning is an error here
    assert Older.told == ([chance] if graph is Older else [])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", GRAPHS)
def test_on_a_gpu_replayed_steps_are_the_steps_themselves(name: str, precision: str) -> None:
    changes: dict[str, Any] = {"steps": 10, "precision": precision, "layout": "channels_last"}
    plain, replayed = Trained(name, "cuda", **changes), Trained(name, "cuda", **changes)
    plain.run(plain.state())
    replayed.run(replayed.state(), graph=CudaGraph)
    assert replayed.lines == plain.lines
    assert all(same(replayed.snapshots[step], tensors) for step, tensors in plain.snapshots.items())
