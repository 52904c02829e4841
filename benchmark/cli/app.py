"""The command line as a whole: its commands, and how an error becomes one line and an exit code."""

from __future__ import annotations

import signal
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from benchmark.cli import inspect_commands, plan_command, results_commands, run_commands, trend_commands
from benchmark.errors import SuiteError, TicketbenchError
from benchmark.stopping import Insist, Terminated, terminable


class _StopError(TicketbenchError):
    """The user pressed Ctrl-C, or the process was told to end."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number  # as shells say it
        super().__init__("stopped; the same command goes on from here")


class _Commands(TyperGroup):
    """The commands; Ctrl-C becomes an error of ours here, since releases of typer differ in what they make of it."""

    def invoke(self, ctx: Any) -> Any:
        """Invoke the command that was called."""
        try:
            with terminable(), Insist():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _StopError(signal.SIGINT) from None
        except Terminated:
            raise _StopError(signal.SIGTERM) from None


app = typer.Typer(
    cls=_Commands,
    name="ticketbench",
    help="Does this lottery-ticket paper's claim about generative models hold, and does it still hold tonight?",
    epilog="Begin with: ticketbench run demo --results results/demo && ticketbench report results/demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
inspect_commands.add_to(app)
plan_command.add_to(app)
run_commands.add_to(app)
results_commands.add_to(app)
trend_commands.add_to(app)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; every expected error is one line on stderr."""
    try:
        app(arguments)
    except SystemExit as end:  # how typer ends a command; of wrong usage it has told the user
        return int(end.code or 0)
    except SuiteError as error:
        print("\n".join(error.problems), file=sys.stderr)  # noqa: T201 - the lines are the message
        return error.exit_code
    except TicketbenchError as error:
        print(f"ticketbench: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except OSError as error:
        print(f"ticketbench: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return TicketbenchError.exit_code
    return 0
