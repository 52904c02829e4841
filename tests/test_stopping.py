"""Signals that are put off until a training has kept its step."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from benchmark.stopping import Insist, Stop, Terminated, terminable


def test_sigterm_is_an_exception_within_and_what_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_is_noted_and_takes_effect_when_it_is_obeyed(
    number: signal.Signals, error: type[BaseException]
) -> None:
    reached: list[str] = []
    with pytest.raises(error), terminable(), Stop() as stop:
        assert stop.asked is None
        signal.raise_signal(number)
        assert stop.asked == number
        reached.append("after the signal")
        stop.obey()
        reached.append("after it was obeyed")
    assert reached == ["after the signal"]


def test_a_signal_that_nobody_obeyed_takes_effect_on_leaving() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt):
        with Stop():
            signal.raise_signal(signal.SIGINT)
            reached.append("inside")
        reached.append("outside")
    assert reached == ["inside"]


def test_a_second_ctrl_c_is_not_put_off_but_a_second_sigterm_is() -> None:
    with pytest.raises(KeyboardInterrupt), Stop() as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it was put off")
    with pytest.raises(Terminated), terminable(), Stop() as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert stop.asked == signal.SIGTERM


def test_handlers_are_put_back_and_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Stop() as stop:
            signal.raise_signal(signal.SIGINT)
            assert stop.asked is None
            assert signal.getsignal(signal.SIGTERM) == stop._hear
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) != stop._hear
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_that_hears_no_signals_leaves_the_handlers_alone() -> None:
    found = []

    def enter() -> None:
        before = signal.getsignal(signal.SIGINT)
        with terminable(), Stop():
            found.append(signal.getsignal(signal.SIGINT) is before)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [True]


def test_where_nobody_handles_it_the_process_ends_by_the_signal() -> None:
    code = (
        "import signal; from benchmark.stopping import Stop\n"
        "with Stop() as stop:\n"
        "    signal.raise_signal(signal.SIGTERM); print('kept', flush=True); stop.obey()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGTERM, "kept\n", "")


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
@pytest.mark.parametrize("swallowed", [True, False])
def test_a_signal_counts_though_somebody_made_another_error_of_it(
    number: signal.Signals, error: type[BaseException], swallowed: bool
) -> None:
    with pytest.raises(error), terminable(), Insist():
        try:
            signal.raise_signal(number)
        except BaseException:  # noqa: BLE001 - as a careless library does
            if not swallowed:
                raise RecursionError from None


def test_within_one_that_insists_a_training_still_puts_it_off() -> None:
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt), Insist() as outer:
        with Stop() as stop:
            signal.raise_signal(signal.SIGINT)
            reached.append("kept")
            stop.obey()
        pytest.fail("it was obeyed")
    assert reached == ["kept"]
    assert outer.asked == signal.SIGINT


def test_without_a_signal_nobody_insists() -> None:
    with Insist() as listener:
        pass
    assert listener.asked is None
    with pytest.raises(RecursionError), Insist():
        raise RecursionError
