"""The command line as a whole: its commands, and how an error becomes one line and an exit code."""

from __future__ import annotations

import sys

import typer
from click.exceptions import ClickException

from benchmark.cli import inspect_commands, results_commands, run_commands
from benchmark.errors import SuiteError, TicketbenchError

app = typer.Typer(
    name="ticketbench",
    help="Does this lottery-ticket paper's claim about generative models hold, and does it still hold tonight?",
    epilog="Begin with: ticketbench run demo --results results/demo && ticketbench report results/demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
inspect_commands.add_to(app)
run_commands.add_to(app)
results_commands.add_to(app)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; every expected error is one line on stderr."""
    try:
        code = app(arguments, standalone_mode=False)
    except SuiteError as error:
        print("\n".join(error.problems), file=sys.stderr)  # noqa: T201 - the lines are the message
        return error.exit_code
    except TicketbenchError as error:
        print(f"ticketbench: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print("ticketbench: stopped; the same command goes on from here", file=sys.stderr)  # noqa: T201
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain about it once more on exit.
        sys.stderr.close()
        return 141
    return int(code or 0)
