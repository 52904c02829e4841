"""Networks by component, and the full names of their tensors."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.networks import Networks, channel_scales, prunable_weights, section, shift_name, with_shifts

KINDS = ("conv", "conv_transpose", "linear")


def networks() -> Networks:
    first = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Sequential(nn.Linear(4, 3)))
    return Networks({"second": nn.Sequential(nn.ConvTranspose2d(2, 1, 3)), "first": first})


def test_every_tensor_has_one_full_name_in_a_fixed_order() -> None:
    made = networks()
    names = list(made.state())
    assert names[0] == "first/0.weight"
    assert [name.partition("/")[0] for name in names] == sorted(name.partition("/")[0] for name in names)
    assert {name for name, _ in made.named_parameters()} < set(names)
    assert set(names) - {name for name, _ in made.named_parameters()} == {
        "first/1.running_mean",
        "first/1.running_var",
        "first/1.num_batches_tracked",
    }
    assert made.state()["first/0.weight"].data_ptr() == next(made["first"].parameters()).data_ptr()


def test_values_are_copied_in_and_must_fit() -> None:
    made, other = networks(), networks()
    made.load(other.state())
    assert all(torch.equal(made.state()[name], tensor) for name, tensor in other.state().items())
    assert made.state()["first/0.weight"].data_ptr() != other.state()["first/0.weight"].data_ptr()
    state = made.state()
    with pytest.raises(ValueError, match=r"differ in first/0\.bias"):
        made.load({name: tensor for name, tensor in state.items() if name != "first/0.bias"})
    with pytest.raises(ValueError, match=r"first/0\.bias has shape \(3,\), expected \(2,\)"):
        made.load(state | {"first/0.bias": torch.zeros(3)})


@pytest.mark.parametrize(
    ("kinds", "exclude", "names"),
    [
        (KINDS, (), {"first/0.weight", "first/2.0.weight", "second/0.weight"}),
        (("conv",), (), {"first/0.weight"}),
        (("conv_transpose",), (), {"second/0.weight"}),
        (KINDS, ("first",), {"second/0.weight"}),
        (KINDS, ("first/2.0",), {"first/0.weight", "second/0.weight"}),
    ],
)
def test_weights_of_the_layer_kinds_are_prunable_and_nothing_else(
    kinds: tuple[str, ...], exclude: tuple[str, ...], names: set[str]
) -> None:
    assert prunable_weights(networks(), kinds, exclude).keys() == names


def normalized() -> Networks:
    plain, fixed = nn.BatchNorm1d(4), nn.BatchNorm2d(2, affine=False)
    return Networks({"b": nn.Sequential(nn.BatchNorm2d(3), fixed), "a": nn.Sequential(nn.Linear(4, 4), plain)})


@pytest.mark.parametrize(
    ("exclude", "names"),
    [((), ["a/1.weight", "b/0.weight"]), (("a",), ["b/0.weight"]), (("b/0",), ["a/1.weight"]), (("a/0", "b/1"), None)],
)
def test_a_channel_is_prunable_where_a_batch_norm_scales_it(exclude: tuple[str, ...], names: list[str] | None) -> None:
    made = normalized()
    found = channel_scales(made, exclude)
    assert list(found) == (names or ["a/1.weight", "b/0.weight"])
    assert all(found[name] is dict(made.named_parameters())[name] for name in found)


def test_a_mask_of_channels_is_one_of_their_shifts_too() -> None:
    channels, weights = torch.tensor([True, False]), torch.ones(2, 2, dtype=torch.bool)
    assert shift_name("a/1.weight") == "a/1.bias"
    bound = with_shifts({"a/1.weight": channels, "a/0.weight": weights})
    assert bound == {"a/1.weight": channels, "a/1.bias": channels, "a/0.weight": weights}


def test_the_mode_reaches_every_component() -> None:
    made = networks()
    made.train(False)
    assert not any(module.training for module in made.components.values())
    made.train()
    assert all(module.training for module in made.components.values())


def test_a_section_is_what_stands_below_a_prefix() -> None:
    one = torch.zeros(1)
    assert section({"raw/a/b": one, "rawer/a": one, "ema/a": one}, "raw").keys() == {"a/b"}
