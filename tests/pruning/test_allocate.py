"""Which weights survive: exact counts, nested masks, pools that do not mix, ties by position."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from benchmark.pruning.allocate import LEAST_CHANNELS, Pool, _largest, _ranked, draw, pools, quotas
from benchmark.pruning.count import Target, kept_after, kept_at
from benchmark.pruning.mask import ones

NAMES = ("decoder/a.weight", "decoder/b.weight", "encoder/a.weight")
Sizes = tuple[tuple[int, int], ...]
sizes = st.tuples(*[st.tuples(st.integers(1, 5), st.integers(1, 6))] * 3)
pool_names: st.SearchStrategy[Pool] = st.sampled_from(("global", "component", "layer"))


def scored(shapes: Sizes, seed: int, levels: int) -> dict[str, Tensor]:
    """Scores with many ties: whole numbers below `levels`."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randint(levels, shape, generator=generator).float()
        for name, shape in zip(NAMES, shapes, strict=True)
    }


@given(sizes, st.integers(0, 1000), st.integers(1, 50), pool_names, st.floats(0.01, 0.95), st.integers(1, 3))
def test_counts_are_exact_masks_nested_and_survivors_the_best(
    shapes: Sizes, seed: int, levels: int, pool: Pool, fraction: float, rounds: int
) -> None:
    first_scores = scored(shapes, seed, levels)
    first = draw(first_scores, ones(first_scores), Target(fraction), pool)
    scores = scored(shapes, seed + 1, levels)
    second = draw(scores, first, Target(fraction, rounds), pool)
    for members in pools(NAMES, pool).values():
        before = torch.cat([first[name].flatten() for name in members])
        after = torch.cat([second[name].flatten() for name in members])
        ranked = torch.cat([scores[name].flatten() for name in members])
        assert int(after.sum()) == kept_after(int(before.sum()), fraction, rounds)
        assert not bool((after & ~before).any())
        lost = before & ~after
        if bool(lost.any()) and bool(after.any()):
            assert ranked[after].min() >= ranked[lost].max()


@given(sizes, st.integers(0, 1000), pool_names, st.floats(0.0, 0.99))
def test_a_sparsity_is_met_in_every_pool(shapes: Sizes, seed: int, pool: Pool, sparsity: float) -> None:
    scores = scored(shapes, seed, 5)
    masks = draw(scores, ones(scores), Target(sparsity=sparsity), pool)
    for members in pools(NAMES, pool).values():
        total = sum(masks[name].numel() for name in members)
        assert sum(int(masks[name].sum()) for name in members) == kept_at(total, sparsity)


def test_several_rounds_at_once_are_one_round_after_another_on_the_same_scores() -> None:
    scores = scored(((5, 7), (3, 3), (4, 6)), 0, 10**6)
    stepwise = draw(scores, draw(scores, ones(scores), Target(0.2)), Target(0.2))
    at_once = draw(scores, ones(scores), Target(0.2, rounds=2))
    assert all(torch.equal(stepwise[name], at_once[name]) for name in NAMES)


def test_of_equal_scores_the_first_survive() -> None:
    scores = {name: torch.zeros(2, 2) for name in NAMES}
    masks = draw(scores, ones(scores), Target(sparsity=0.5))
    assert masks[NAMES[0]].all()
    assert masks[NAMES[1]].flatten().tolist() == [True, True, False, False]
    assert not masks[NAMES[2]].any()


def test_the_order_of_the_mapping_does_not_matter() -> None:
    scores = scored(((3, 3), (2, 5), (4, 4)), 3, 2)
    turned = dict(reversed(scores.items()))
    one, other = (draw(ranked, ones(scores), Target(0.3)) for ranked in (scores, turned))
    assert all(torch.equal(one[name], other[name]) for name in NAMES)


def test_weights_without_scores_keep_their_masks() -> None:
    scores = scored(((3, 3), (2, 5), (4, 4)), 3, 100)
    chosen = {name: scores[name] for name in NAMES if name.startswith("encoder")}
    masks = draw(chosen, ones(scores), Target(0.5))
    assert masks[NAMES[0]].all()
    assert masks[NAMES[1]].all()
    assert int(masks[NAMES[2]].sum()) == 8


def test_quotas_say_beforehand_what_is_kept() -> None:
    scores = scored(((3, 3), (2, 5), (4, 4)), 3, 100)
    assert quotas(ones(scores), NAMES, Target(0.2, rounds=2), "component") == {"decoder": 12, "encoder": 10}


@given(sizes, st.integers(0, 1000), st.integers(1, 50), pool_names, st.floats(0.0, 0.99), st.integers(0, 2))
def test_the_best_of_each_name_survive_and_the_count_is_exact_as_long_as_they_leave_room(
    shapes: Sizes, seed: int, levels: int, pool: Pool, sparsity: float, least: int
) -> None:
    scores = scored(shapes, seed, levels)
    masks = draw(scores, ones(scores), Target(sparsity=sparsity), pool, least)
    for name, mask in masks.items():
        leaders = scores[name].flatten().sort(descending=True, stable=True).indices[:least]
        assert mask.flatten()[leaders].all()
    for label, members in pools(NAMES, pool).items():
        floor = sum(min(least, scores[name].numel()) for name in members)
        wanted = max(kept_at(sum(scores[name].numel() for name in members), sparsity), floor)
        assert sum(int(masks[name].sum()) for name in members) == wanted
        assert quotas(ones(scores), NAMES, Target(sparsity=sparsity), pool, least)[label] == wanted


def test_a_layer_keeps_its_best_channel_before_better_ones_of_others() -> None:
    scores = {NAMES[0]: torch.tensor([0.1, 0.2]), NAMES[1]: torch.tensor([5.0, 6.0, 7.0])}
    masks = draw(scores, ones(scores), Target(sparsity=0.4), least=LEAST_CHANNELS)
    assert masks[NAMES[0]].tolist() == [False, True]
    assert masks[NAMES[1]].tolist() == [False, True, True]


def test_inputs_are_left_as_they_are() -> None:
    scores = scored(((3, 3), (2, 5), (4, 4)), 3, 100)
    previous = ones(scores)
    draw(scores, previous, Target(0.5))
    assert all(mask.all() for mask in previous.values())


@pytest.mark.parametrize(
    ("scores", "complaint"),
    [
        ({"encoder/x.weight": torch.zeros(2)}, "no mask"),
        ({NAMES[0]: torch.zeros(3)}, "shape"),
        ({NAMES[0]: torch.tensor([1.0, float("nan")])}, "NaN"),
    ],
)
def test_scores_that_cannot_be_used_are_refused(scores: dict[str, Tensor], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw(scores, {NAMES[0]: torch.ones(2, dtype=torch.bool)}, Target(0.5))


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 9), st.floats(0, 1), st.floats(0, 1.2))
def test_the_largest_are_the_first_of_a_stable_order(
    seed: int, count: int, levels: int, left: float, share: float
) -> None:
    chance = torch.Generator().manual_seed(seed)
    scores = torch.randint(levels, (count,), generator=chance).float()
    scores[torch.rand(count, generator=chance) < 0.1] = torch.inf
    alive = torch.rand(count, generator=chance) < left
    kept = int(share * int(alive.sum()))
    expected = torch.zeros(count, dtype=torch.bool)
    expected[_ranked(scores, alive)[:kept]] = True
    assert torch.equal(_largest(scores, alive, kept), expected)
