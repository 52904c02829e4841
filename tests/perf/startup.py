"""How long commands take to start: `python -m tests.perf.startup [RESULTS]` prints the best of five, in seconds."""

from __future__ import annotations

import sys
import time

from tests.end_to_end.command import ticketbench

ROUNDS = 5


def best(*arguments: str) -> float:
    """Return the shortest of some rounds, in seconds."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ended = ticketbench(*arguments)
        times.append(time.perf_counter() - begun)
        if ended.returncode not in {0, 1, 3}:
            raise SystemExit(ended.stderr)
    return min(times)


def main(results: list[str]) -> None:
    """Print a line per command."""
    calls = [["--help"], ["list"], ["list", "models"], ["show", "demo"], ["plan", "demo"]]
    calls += [[command, folder] for folder in results for command in ("verify", "report")]
    for call in calls:
        sys.stdout.write(f"{best(*call):6.2f}  ticketbench {' '.join(call)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
