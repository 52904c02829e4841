"""Channels last in memory: the same training but for rounding, whole or resumed, whatever it is a training of."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.every_training import Trained, recipes

TOLERANCE = 1e-5
"""How far a loss of the first steps may be off, relative to it, in another layout."""


def off(one: Tensor, other: Tensor) -> float:
    """Return how far two tensors are apart, as a share of the size of the second."""
    return float((one.double() - other).norm() / other.double().norm().clamp_min(1e-3))


@pytest.mark.parametrize("name", recipes())
def test_the_first_steps_are_the_same_but_for_rounding(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.training.LOG_EVERY", 1)
    # One step of Adam makes a full step of the rounding noise that is a bias's gradient before batch normalization.
    # CycleGAN's instance norms look at a few pixels here, and magnify any change.
    lr = 1e-5 if name == "cyclegan" else 1e-3
    components = recipes()[name].training.optimizers
    gentle: dict[str, Any] = {"optimizers": {component: {"name": "sgd", "lr": lr} for component in components}}
    first, last = Trained(name, **gentle), Trained(name, **gentle, layout="channels_last")
    for trained in (first, last):
        trained.run(trained.state())
    assert [step for step, _ in last.lines] == [step for step, _ in first.lines]
    for (_, losses), (_, expected) in zip(last.lines, first.lines, strict=True):
        assert losses == pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE)
    ends = zip(last.snapshots[6].items(), first.snapshots[6].items(), strict=True)
    found = {key: off(tensor, other) for (key, tensor), (_, other) in ends if key.startswith("raw/")}
    assert max(found.values()) < 10 * TOLERANCE, max(found, key=found.__getitem__)


@pytest.mark.parametrize("name", recipes())
def test_a_training_resumes_to_the_same_bytes(name: str) -> None:
    whole = Trained(name, layout="channels_last")
    whole.run(whole.state())
    rest = Trained(name, layout="channels_last")
    state = rest.state(3)
    state.restore({key: tensor.contiguous() for key, tensor in whole.snapshots[3].items()})
    rest.run(state)
    assert rest.snapshots.keys() == {3, 4, 5, 6}
    for step, tensors in rest.snapshots.items():
        assert tensors.keys() == whole.snapshots[step].keys()
        assert all(torch.equal(tensor, whole.snapshots[step][key]) for key, tensor in tensors.items()), step


def test_weights_moments_averages_and_scores_lie_channels_last() -> None:
    for name, kinds in (("gan", ("raw/", "ema/", "optimizer/")), ("gfmn_strong", ("raw/", "scores/", "optimizer/"))):
        trained = Trained(name, layout="channels_last")
        state = trained.state()
        trained.run(state)
        for kind in kinds:
            large = {key: one for key, one in state.tensors().items() if key.startswith(kind) and one.ndim == 4}
            assert large
            wide = {key: one for key, one in large.items() if one.shape[1] > 1 and one.shape[2] > 1}
            assert wide
            assert all(one.is_contiguous(memory_format=torch.channels_last) for one in wide.values())
