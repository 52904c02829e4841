"""`python -m benchmark` and the command `ticketbench`."""

import gc
import sys

FEW = 1000
"""How many lesser garbage collections come before a full one: 10, as usual, take a third of a large plan's time."""


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(*gc.get_threshold()[:2], FEW)
    try:
        from benchmark.cli.app import run
    except KeyboardInterrupt:  # reading the modules takes part of a second, in which nothing has begun
        sys.exit(130)  # as the command line itself ends then
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
