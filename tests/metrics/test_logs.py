"""The metrics that read the training log and the event: by example, by property, and by another way of computing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import RunError
from benchmark.metrics import METRICS
from benchmark.metrics.early_stopping import last_improvement, smoothed
from benchmark.metrics.subject import NotMeasured, Subject, Value
from benchmark.schema.measurement import Event, LogLine
from benchmark.schema.record import Selection
from tests.metrics.conftest import make_ticket

Ticket = Callable[..., Subject]

loss = st.integers(-1000, 1000).map(lambda number: number / 8)
positive = st.integers(1, 1000).map(lambda number: number / 8)
TICKET = make_ticket()
tolerances = st.sampled_from([0.0, 0.01, 0.125, 0.5])


def log(losses: Sequence[float], every: int = 50) -> tuple[LogLine, ...]:
    return tuple(
        LogLine(step=every * (index + 1), loss={"generator": value, "discriminator": -value})
        for index, value in enumerate(losses)
    )


def measured(subject: Subject, name: str, **options: object) -> Value:
    chosen = METRICS.parse(METRICS.resolve(Selection.model_validate({"name": name, **options})))
    value: Value = METRICS[name].load()(subject, chosen)
    return value


def test_the_logged_loss_is_the_mean_of_the_last_tenth(ticket: Ticket) -> None:
    subject = ticket(log=lambda: log([100.0] * 22 + [1.0, 2.0, 6.0]))
    found = measured(subject, "logged_loss", update="generator")
    assert found.value == 3.0
    assert found.details == {"lines": 3, "of": 25, "after_step": 1100}
    assert measured(subject, "logged_loss", update="discriminator").value == -3.0
    assert METRICS["logged_loss"].facts["lower_is_better"] is None


@given(st.lists(loss, min_size=1, max_size=40), st.floats(0.01, 1.0))
def test_a_share_of_the_lines_is_at_least_one_and_at_most_all(losses: list[float], share: float) -> None:
    found = measured(replace(TICKET, log=lambda: log(losses)), "logged_loss", update="generator", share=share)
    count = int(np.ceil(share * len(losses)))
    assert found.value == pytest.approx(np.mean(losses[-count:]), abs=1e-9)


@pytest.mark.parametrize("name", ["logged_loss", "early_stopping"])
def test_a_log_that_has_no_such_loss_or_no_lines_is_told(name: str, ticket: Ticket) -> None:
    with pytest.raises(RunError, match=r"no loss of 'critic', but of generator, discriminator"):
        measured(ticket(log=lambda: log([1.0])), name, update="critic")
    with pytest.raises(NotMeasured, match="made no steps"):
        measured(ticket(), name, update="generator")


@given(st.lists(loss, min_size=1, max_size=60), tolerances)
def test_the_step_is_the_first_that_nothing_later_improves_on(losses: list[float], tolerance: float) -> None:
    naive = next(
        i for i, here in enumerate(losses) if all(later >= here - tolerance * abs(here) for later in losses[i + 1 :])
    )
    assert last_improvement(losses, tolerance) == naive


@given(st.lists(positive, min_size=1, max_size=40, unique=True), st.integers(1, 8))
def test_a_loss_that_always_falls_stops_improving_at_its_end(losses: list[float], lines: int) -> None:
    falling = sorted(losses, reverse=True)
    assert last_improvement(smoothed(falling, lines), 0.0) == len(falling) - 1
    assert last_improvement(smoothed(falling[::-1], lines), 0.0) == 0


@given(loss, st.integers(1, 40), st.integers(1, 8), tolerances)
def test_a_constant_loss_never_improves(value: float, count: int, lines: int, tolerance: float) -> None:
    assert last_improvement(smoothed([value] * count, lines), tolerance) == 0


@given(st.lists(loss, min_size=1, max_size=40), tolerances, st.sampled_from([0.25, 2.0, 1024.0]), st.integers(1, 8))
def test_the_scale_of_the_loss_does_not_matter(losses: list[float], tolerance: float, scale: float, lines: int) -> None:
    scaled = [scale * value for value in losses]
    assert last_improvement(smoothed(scaled, lines), tolerance) == last_improvement(smoothed(losses, lines), tolerance)


@given(st.integers(1, 20), st.integers(10, 20), st.integers(1, 9), tolerances)
def test_a_loss_that_falls_once_stops_improving_there(before: int, after: int, lines: int, tolerance: float) -> None:
    step = [8.0] * before + [2.0] * after
    assert last_improvement(step, tolerance) == before
    # A mean over several lines comes down over as many, and within the tolerance of its end a little sooner.
    late = last_improvement(smoothed(step, lines), tolerance)
    assert before <= late <= before + lines - 1
    if tolerance == 0.0:
        assert late == before + lines - 1


@given(st.lists(loss, min_size=1, max_size=40), st.integers(1, 50))
def test_smoothing_is_the_mean_of_what_came_last(losses: list[float], lines: int) -> None:
    expected = [np.mean(losses[max(0, end - lines) : end]) for end in range(1, len(losses) + 1)]
    assert smoothed(losses, lines) == pytest.approx(expected, abs=1e-9)


def test_it_says_where_the_loss_was_still_falling(ticket: Ticket) -> None:
    still = measured(ticket(log=lambda: log([8.0, 4.0, 2.0, 1.0])), "early_stopping", update="generator", smoothing=1)
    assert (still.value, still.details["still_improving"]) == (200.0, True)
    over = measured(ticket(log=lambda: log([8.0, 1.0, 1.0, 1.5])), "early_stopping", update="generator", smoothing=1)
    assert (over.value, over.details["still_improving"]) == (100.0, False)
    assert (over.details["loss"], over.details["last_loss"], over.details["last_step"]) == (1.0, 1.5, 200)
    noisy = log([8.0, 1.0, 0.995, 1.0])
    assert measured(ticket(log=lambda: noisy), "early_stopping", update="generator", smoothing=1).value == 100.0
    strict = measured(ticket(log=lambda: noisy), "early_stopping", update="generator", smoothing=1, tolerance=0.0)
    assert strict.value == 150.0
    assert strict.protocol != over.protocol


EVENT = Event(found=True, step=240, epoch=6.0, distances=((0.3,), (0.08, 0.05)))


def test_the_stopping_time_is_that_of_the_event(ticket: Ticket) -> None:
    subject = ticket(event=lambda: EVENT)
    epochs, steps = measured(subject, "stopping_time"), measured(subject, "stopping_time", unit="step")
    assert (epochs.value, epochs.unit) == (6.0, "epochs")
    assert (steps.value, steps.unit) == (240.0, "steps")
    assert epochs.details["distances"] == [[0.3], [0.08, 0.05]]
    assert epochs.protocol != steps.protocol


@pytest.mark.parametrize("event", [None, EVENT.model_copy(update={"found": False})])
def test_a_training_that_did_not_stop_has_no_stopping_time(event: Event | None, ticket: Ticket) -> None:
    with pytest.raises(RunError, match="did not stop at a stable mask"):
        measured(ticket(event=lambda: event), "stopping_time")
