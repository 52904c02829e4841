"""The learning rates of a training against torch's own scheduler."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

from benchmark.schema.suite import Training
from benchmark.schema.training import Cosine, Schedule
from benchmark.training import rate_share


@given(epochs=st.integers(2, 12), start=st.integers(0, 11), every=st.integers(1, 5))
def test_the_shares_are_those_of_an_epoch_scheduler(epochs: int, start: int, every: int) -> None:
    start %= epochs
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(()))], lr=1.0)
    scheduler = LambdaLR(optimizer, lambda epoch: 1.0 - max(0, epoch - start) / (epochs - start))
    rule = Schedule.model_validate({"name": "linear", "from": start * every, "every": every})
    for step in range(epochs * every):
        assert rate_share(rule, step, epochs * every) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step % every == every - 1:
            scheduler.step()


@given(half=st.integers(1, 12), steps=st.integers(1, 60))
def test_the_cosine_is_torchs_with_twice_its_maximum(half: int, steps: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(()))], lr=1.0)
    scheduler = CosineAnnealingLR(optimizer, T_max=half)
    rule = Cosine(name="cosine", period=2 * half)
    for step in range(steps):
        assert rate_share(rule, step, steps) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-6)
        optimizer.step()
        scheduler.step()


def test_a_schedule_begins_within_the_training() -> None:
    with pytest.raises(ValidationError, match="fall from step 8, after the 8 steps"):
        Training.model_validate(
            {"steps": 8, "batch_size": 1, "optimizers": {"*": {"lr": 0.1}}, "schedule": {"name": "linear", "from": 8}}
        )
