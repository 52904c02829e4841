"""Operations of whole trainings against closed forms, and which trainings, masks and scores count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from benchmark.metrics.options import TrainingFlopsOptions
from benchmark.metrics.subject import Effort, Passes, Subject, Value
from benchmark.metrics.training_flops import BATCH_NORM, OUTSIDE, count, measure
from benchmark.networks import Networks

BATCH = 5


def passes(shape: tuple[int, ...], *layers: nn.Module, backward: bool = True, times: int = 1) -> Passes:
    """A network's pass over a batch without values, back to its parameters but not to its inputs."""
    network = nn.Sequential(*layers).to("meta")
    images = torch.empty(BATCH, *shape, device="meta")

    def run() -> None:
        total = network(images).sum()
        if backward:
            torch.autograd.grad(total, list(network.parameters()))

    return Passes(Networks({"net": network}), run, times)


CASES: dict[str, tuple[Passes, dict[str, int]]] = {
    "a convolution, forward alone": (
        passes((3, 9, 9), nn.Conv2d(3, 8, 3, stride=2, padding=1), backward=False),
        {"net/0": 2 * BATCH * 5 * 5 * (3 * 8 * 9)},
    ),
    "a first convolution has no gradient of its inputs": (
        passes((3, 9, 9), nn.Conv2d(3, 8, 3, stride=2, padding=1)),
        {"net/0": 2 * 2 * BATCH * 5 * 5 * (3 * 8 * 9)},
    ),
    "a second one has": (
        passes((3, 9, 9), nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3, bias=False)),
        {"net/0": 2 * 2 * BATCH * 7 * 7 * (3 * 8 * 9), "net/2": 3 * 2 * BATCH * 5 * 5 * (8 * 4 * 9)},
    ),
    "a transposed convolution with a stride counts its input positions": (
        passes((5, 4, 4), nn.Conv2d(5, 5, 1), nn.ConvTranspose2d(5, 6, 4, stride=2, padding=1), nn.Tanh()),
        {"net/0": 2 * 2 * BATCH * 4 * 4 * (5 * 5), "net/1": 3 * 2 * BATCH * 4 * 4 * (5 * 6 * 16)},
    ),
    "linear layers": (
        passes((3, 2, 2), nn.Flatten(), nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 2, bias=False)),
        {"net/1": 2 * 2 * BATCH * 12 * 7, "net/3": 3 * 2 * BATCH * 7 * 2},
    ),
    "batch norm": (
        passes((3, 4, 4), nn.BatchNorm2d(3), nn.ReLU()),
        {"net/0": sum(BATCH_NORM.values()) * BATCH * 3 * 4 * 4},
    ),
    "instance norms, one behind the other": (
        passes((3, 4, 4), nn.InstanceNorm2d(3, affine=True), nn.ReLU(), nn.InstanceNorm2d(3), nn.Conv2d(3, 2, 4)),
        {
            "net/0": sum(BATCH_NORM.values()) * BATCH * 3 * 4 * 4,
            "net/2": sum(BATCH_NORM.values()) * BATCH * 3 * 4 * 4,
            "net/3": 3 * 2 * BATCH * (3 * 2 * 16),
        },
    ),
    "batch norm over vectors, forward alone": (
        passes((6,), nn.BatchNorm1d(6), backward=False),
        {"net/0": BATCH_NORM["forward"] * BATCH * 6},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_layers_count_as_the_closed_forms_say(case: tuple[Passes, dict[str, int]]) -> None:
    made, wanted = case
    assert count(made) == wanted


def test_what_is_computed_without_gradients_has_a_forward_pass_alone() -> None:
    layer = nn.Linear(4, 3).to("meta")
    with torch.no_grad():
        once = count(Passes(Networks({"net": nn.Sequential(layer)}), lambda: layer(torch.empty(2, 4, device="meta"))))
    assert once == {"net/0": 2 * 2 * 4 * 3}


def test_a_gradient_of_a_gradient_belongs_to_its_layer() -> None:
    """The slope of a(b(x)) is A B, so the penalty on it is differentiated through two products of each layer."""
    one, two = nn.Linear(4, 3, bias=False, device="meta"), nn.Linear(3, 1, bias=False, device="meta")
    images = torch.empty(BATCH, 4, device="meta", requires_grad=True)

    def run() -> None:
        (slope,) = torch.autograd.grad(two(one(images)).sum(), images, create_graph=True)
        torch.autograd.grad(slope.square().sum(), [one.weight, two.weight])

    found = count(Passes(Networks({"net": nn.Sequential(one, two)}), run))
    # forward, slope; then of the penalty: the slope's other factor, and the weight
    assert found == {"net/0": 4 * 2 * BATCH * 4 * 3, "net/1": 3 * 2 * BATCH * 3 * 1}


def test_what_no_layer_computes_is_told_apart() -> None:
    layer = nn.Linear(4, 3, device="meta")
    images = torch.empty(2, 4, device="meta")
    found = count(Passes(Networks({"net": nn.Sequential(layer)}), lambda: layer(images) @ layer.weight))
    assert found == {"net/0": 2 * 2 * 4 * 3, OUTSIDE: 2 * 2 * 3 * 4}


def test_counting_leaves_no_hooks_behind() -> None:
    made = passes((3, 9, 9), nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    count(made)
    for layer in made.networks["net"].modules():
        assert not layer._forward_hooks
        assert not layer._forward_pre_hooks


def unused() -> dict[str, Tensor]:
    raise AssertionError("nobody asked what is masked")


def effort(
    job: str, steps: int, passed: int, masks: Callable[[], dict[str, Tensor]] = unused, scoring: Passes | None = None
) -> Effort:
    """A training of a linear layer with 12 weights: two updates a step, one of them made three times."""
    updates = {"one": passes((4,), nn.Linear(4, 3)), "two": passes((4,), nn.Linear(4, 3), times=3)}
    return Effort(job, steps, passed, masks, updates, scoring)


STEP = 4 * (2 * 2 * BATCH * 12)
SCORES = 2 * 2 * BATCH * 5


def measured(subject: Subject, kind: Literal["dense", "effective"], scope: Any) -> Value:
    return measure(subject, TrainingFlopsOptions(kind=kind, scope=scope))


@pytest.mark.parametrize(
    ("scope", "wanted", "jobs"),
    [
        ("job", 7 * STEP, ["ticket"]),
        ("path", (7 + 2) * STEP + SCORES, ["ticket", "parent"]),
        ("lineage", (7 + 9 + 8) * STEP + 2 * SCORES, ["ticket", "parent", "round"]),
    ],
)
def test_a_scope_says_which_trainings_and_scores_count(
    ticket: Callable[..., Subject], scope: str, wanted: int, jobs: list[str]
) -> None:
    scoring = passes((5,), nn.Linear(5, 1))
    lineage = (
        effort("ticket", 7, 7, scoring=scoring),
        effort("parent", 9, 2),
        effort("round", 8, 0, scoring=scoring),
    )
    found = measured(ticket(lineage=lambda: lineage), "dense", scope)
    assert found.value == wanted
    rows: list[dict[str, Any]] = found.details["jobs"]  # type: ignore[assignment]
    assert [row["job"] for row in rows] == jobs
    assert rows[0]["per_step"] == {"one": STEP // 4, "two": 3 * STEP // 4}
    assert sum(row["scoring"] + row["steps"] * sum(row["per_step"].values()) for row in rows) == wanted
    assert found.details["components"] == {"net": wanted - sum(row["scoring"] for row in rows)}


@given(kept=st.lists(st.booleans(), min_size=12, max_size=12))
def test_effective_counts_the_kept_share_of_each_layer_but_scores_whole(kept: list[bool]) -> None:
    from tests.metrics.conftest import make_ticket

    masks = {"net/0.weight": torch.tensor(kept).reshape(3, 4)}
    one = effort("ticket", 7, 7, lambda: masks, passes((5,), nn.Linear(5, 1)))
    subject = make_ticket(lineage=lambda: (one,))
    assert measured(subject, "effective", "lineage").value == 7 * STEP * sum(kept) // 12 + SCORES
    assert measured(subject, "dense", "lineage").value == 7 * STEP + SCORES


def test_kinds_and_scopes_have_protocols_of_their_own(ticket: Callable[..., Subject]) -> None:
    subject = ticket(lineage=lambda: (effort("ticket", 1, 1, dict),))
    kinds: list[Literal["dense", "effective"]] = ["dense", "effective"]
    protocols = [measured(subject, kind, scope).protocol for kind in kinds for scope in ("job", "path", "lineage")]
    assert len({protocol.convention for protocol in protocols}) == 6
    assert {protocol.counter for protocol in protocols} == {f"torch.utils.flop_counter of torch {torch.__version__}"}
