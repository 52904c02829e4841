"""Batches of one domain and of two: what is in them, in which order, and that nothing is paired."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from benchmark.batches import Batches, by_domain
from benchmark.errors import RunError
from benchmark.schema.training import Augmentation


def numbered(count: int, first: int = 0) -> Tensor:
    """Images of 4x4 that say their own number."""
    return torch.arange(first, first + count, dtype=torch.uint8).reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4).clone()


def numbers(batch: Tensor) -> list[int]:
    found: list[int] = batch[:, 0, 0, 0].tolist()
    return found


@given(first=st.integers(4, 20), second=st.integers(4, 20), size=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_a_batch_of_two_domains_is_that_of_each_side_by_side(first: int, second: int, size: int, seed: int) -> None:
    a, b = numbered(first), numbered(second, 100)
    both, alone = Batches((a, b), size, seed), Batches((a,), size, seed)
    seen_b: list[int] = []
    for _ in range(3 * max(first, second) // size):
        batch = both.next()
        assert torch.equal(batch[:size], alone.next())
        assert torch.equal(batch, both.last())
        seen_b += numbers(batch[size:])
    epoch = second // size * size
    for start in range(0, len(seen_b) - epoch + 1, epoch):
        assert len(set(seen_b[start : start + epoch])) == epoch
    assert min(seen_b) >= 100


def test_the_domains_of_equal_images_have_orders_of_their_own() -> None:
    same = numbered(50)
    batch = Batches((same, same), 50, seed=0).next()
    assert numbers(batch[:50]) != numbers(batch[50:])
    assert sorted(numbers(batch[:50])) == sorted(numbers(batch[50:]))


def test_any_batch_can_be_asked_for_by_its_number() -> None:
    domains = (numbered(9), numbered(5, 100))
    going, any_order = Batches(domains, 2, 7), Batches(domains, 2, 7)
    expected = [going.next() for _ in range(12)]
    for index in (11, 0, 5, 4, 10):
        assert torch.equal(any_order.at(index), expected[index])
        assert torch.equal(Batches(domains, 2, 7, index).next(), expected[index])
    assert not torch.equal(Batches(domains, 2, 7, purpose="criterion data").next(), expected[0])


def test_labels_come_to_where_the_images_are() -> None:
    batches = Batches((numbered(9).to("meta"),), 4, 0, labels=torch.arange(9))
    images, labels = batches.next(), batches.last_labels()
    assert labels is not None
    assert (images.device.type, labels.device.type, labels.shape) == ("meta", "meta", (4,))


def test_augmented_batches_depend_on_their_number_alone() -> None:
    noisy = torch.randint(0, 256, (6, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    rule = Augmentation(enlarge=7, mirror=True)
    going, later = Batches((noisy,), 3, 1, augmentation=rule), Batches((noisy,), 3, 1, 2, augmentation=rule)
    first = [going.next() for _ in range(3)]
    assert torch.equal(later.next(), first[2])
    plain = Batches((noisy,), 3, 1)
    assert not any(torch.equal(batch, plain.next()) for batch in first)


def test_labels_tell_the_domains_apart_only_where_there_are_two() -> None:
    pixels, labels = numbered(6), torch.tensor([1, 0, 1, 1, 0, 1])
    assert [numbers(domain) for domain in by_domain(pixels, labels, 2)] == [[1, 4], [0, 2, 3, 5]]
    (everything,) = by_domain(pixels, labels, 1)
    assert everything is pixels
    with pytest.raises(RunError, match="2 domains, but the images have no labels"):
        by_domain(pixels, None, 2)


def test_each_domain_must_fill_a_batch() -> None:
    with pytest.raises(RunError, match="batch size 4 exceeds the 3 training images"):
        Batches((numbered(9), numbered(3)), 4, 0)
