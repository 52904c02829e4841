"""A small, sound ticket as metrics see it, with or without images, for the tests of the metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from benchmark.metrics.subject import Subject
from benchmark.models.construction import materialize
from benchmark.models.dcgan import build
from benchmark.models.initialization import initialize
from benchmark.models.options import DcganOptions
from benchmark.networks import channel_scales, prunable_weights, with_shifts
from benchmark.pruning.shrink import remove_channels
from benchmark.schema.record import Resolved
from tests.metrics.pictures import EXTRACTOR, Shared, images, pixels

KINDS = ("conv", "conv_transpose", "linear")
SHAPE = (1, 16, 16)


def never(*_: Any) -> Any:
    raise AssertionError("this metric has no business with images")


@pytest.fixture
def ticket() -> Callable[..., Subject]:
    """`ticket(keep=0.4, **fields)`: a sound ticket, with some of the subject's fields replaced."""
    return make_ticket


def make_ticket(keep: float = 0.4, **changes: Any) -> Subject:
    """A DCGAN with random masks, "trained" by doubling its weights."""
    networks = materialize(build, DcganOptions(base_channels=4, z_dim=6), SHAPE, "cpu")
    chance = torch.Generator().manual_seed(0)
    initialize(networks, "torch_default", chance)
    rewind = {name: tensor.detach().clone() for name, tensor in networks.state().items()}
    masks = {
        name: torch.rand(weight.shape, generator=chance) < keep
        for name, weight in prunable_weights(networks, KINDS, ()).items()
    }
    start = {name: tensor * masks[name] if name in masks else tensor for name, tensor in rewind.items()}
    subject = Subject(
        job_id="job",
        dataset=Resolved(name="digits"),
        device="cpu",
        masks=masks,
        start=start,
        rewind=rewind,
        end={name: tensor * 2 for name, tensor in start.items()},
        networks_of=lambda weights: networks,
        generate=never,
        reconstruct=never,
        images=never,
        extractor=never,
        store=never,
    )
    return replace(subject, **changes)


@pytest.fixture
def stored() -> dict[str, Any]:
    """The statistics that `subject` stores, by key."""
    return {}


@pytest.fixture
def subject(stored: dict[str, Any]) -> Subject:
    """A sound ticket with the images of `tests.metrics.pictures`."""
    return make_ticket(
        generate=pixels,
        images=images,
        extractor=lambda chosen: EXTRACTOR,
        store=lambda key, arrays: stored.update({key: arrays}),
        recall=Shared().recall,
        recall_data=Shared().recall,
    )


@pytest.fixture
def channel_ticket() -> Callable[..., Subject]:
    """`channel_ticket(shrunken=False, **fields)`: the same with a mask of channels, masked or removed."""
    return make_channel_ticket


def make_channel_ticket(shrunken: bool = False, **changes: Any) -> Subject:
    """A DCGAN that lost every third channel, "trained" by doubling its weights."""
    subject = make_ticket(keep=2.0)
    networks = subject.networks_of("raw")
    masks = {name: torch.arange(len(scale)) % 3 != 0 for name, scale in channel_scales(networks).items()}
    rewind = dict(subject.rewind)
    if shrunken:
        remove_channels(networks, masks)
        rewind = {name: tensor.detach().clone() for name, tensor in networks.state().items()}
    bound = {} if shrunken else with_shifts(masks)
    start = {name: tensor * bound[name] if name in bound else tensor for name, tensor in rewind.items()}
    end = {name: tensor * 2 for name, tensor in start.items()}
    sound = replace(subject, masks=masks, rewind=rewind, start=start, end=end, shrunken=shrunken)
    return replace(sound, **changes)
