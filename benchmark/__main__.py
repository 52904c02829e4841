"""`python -m benchmark` and the command `ticketbench`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from benchmark.cli.app import run
    except KeyboardInterrupt:  # reading the modules takes part of a second, in which nothing has begun
        sys.exit(130)  # as the command line itself ends then
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
