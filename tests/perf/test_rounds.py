"""Sides take turns, and what is told of them are their rounds but for the first."""

from __future__ import annotations

import pytest
import torch

from tests.perf import profiling
from tests.perf.rate import fastest
from tests.perf.rounds import Turns, interleave, made, middle, ratios, untouched
from tests.perf.sides import Side
from tests.perf.training import PLAIN, deviation


class Counted(Side):
    device = "cpu"

    def __init__(self, name: str, calls: list[str], each: float = 0.5) -> None:
        self.name, self.calls, self.each = name, calls, each

    def prepare(self) -> None:
        self.calls.append(f"prepare {self.name}")

    def train(self, steps: int) -> None:
        self.calls.append(f"{steps} of {self.name}")

    def seconds(self, steps: int) -> float:
        self.train(steps)
        return self.each * steps


def test_sides_take_turns_and_the_first_round_is_left_out() -> None:
    calls = list[str]()
    turns = made({"slow": lambda: Counted("slow", calls), "fast": lambda: Counted("fast", calls, 0.25)}, "cpu")
    interleave(turns.values(), 3, 2)
    assert calls == ["prepare slow", "3 of slow", "prepare fast", "3 of fast"] * 3
    assert turns["slow"].seconds == [1.5, 1.5]
    assert turns["slow"].step_ms(3) == (500.0, 500.0)
    assert ratios(turns["slow"], turns["fast"]) == (2.0, 2.0)
    assert middle(turns["slow"], turns["fast"]) == 2.0


def test_settings_of_torch_are_as_before() -> None:
    before = torch.are_deterministic_algorithms_enabled()
    with untouched():
        torch.use_deterministic_algorithms(not before)
        torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark
    assert torch.are_deterministic_algorithms_enabled() is before
    assert not torch.backends.cudnn.benchmark


def test_the_fastest_arm_has_the_losses_of_the_plain_one() -> None:
    plain, wrong = (Turns(Counted(name, []), 0, [seconds]) for name, seconds in (("plain", 2.0), ("wrong", 1.0)))
    sides = {PLAIN: plain, "channels_last": wrong}
    assert fastest(sides, {PLAIN: 0.0, "channels_last": 1e-6}, "cpu") == "channels_last"
    assert fastest(sides, {PLAIN: 0.0, "channels_last": 1e-3}, "cpu") == PLAIN


def test_losses_deviate_by_the_largest_share() -> None:
    plain = {"generator": 0.5, "discriminator": -4.0}
    assert deviation(plain, plain) == 0.0
    assert deviation({"generator": 0.6, "discriminator": -4.0}, plain) == pytest.approx(0.1)
    assert deviation({"generator": 0.5, "discriminator": -5.0}, plain) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aten::convolution_backward", "convolutions and matrix products"),
        ("sm90_xmma_fprop_implicit_gemm_bf16", "convolutions and matrix products"),
        ("enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", "images"),
        ("Optimizer.step#Adam.step", "optimizer"),
        ("aten::native_batch_norm_backward", "normalization"),
        ("aten::clamp_min", "element by element"),
    ],
)
def test_a_name_tells_a_kind_of_work(name: str, kind: str) -> None:
    assert profiling.kind_of(name) == kind


def test_a_profile_tells_shares_and_operations(capsys: pytest.CaptureFixture[str]) -> None:
    class Products(Counted):
        def train(self, steps: int) -> None:
            for _ in range(steps):
                torch.mm(torch.ones(8, 8), torch.ones(8, 8))

    profiling.tell("products", Products("a", []), 3)
    told = capsys.readouterr().err
    assert "products: " in told
    assert "convolutions and matrix products" in told
    assert "aten::mm" in told
