"""Dies at the n-th change of the file system, for every n, goes on each time, and prints where the bytes differed.

Each attempt is a fork of a process that has imported everything and computed nothing.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Imported once, for all forks: torch's optimizers and deterministic mode import its compiler when first used.
import PIL.Image  # noqa: F401
import torch._inductor  # noqa: F401

import benchmark.stages  # noqa: F401
from benchmark import training
from benchmark.cli import app
from benchmark.datasets import DATASETS
from benchmark.metrics import METRICS
from benchmark.schema.record import Selection
from benchmark.storage import Storage
from tests.tiny import contents

DIED = 99


def main(suite: str, folder: Path) -> None:
    """Print `{"died_at": [...], "differs_at": [...]}`."""
    training.LOG_EVERY = 5
    resolved = DATASETS.resolve(Selection(name="digits"))
    DATASETS["digits"].load()(DATASETS.parse(resolved), "train", None)
    for name in METRICS:
        METRICS[name].load()
    given = [
        "--only",
        "winning",
        "--set",
        "seeds=1",
        "--set",
        "experiments.dense.training.steps=12",
        "--device",
        "cpu",
        "--executor",
        "inline",
        "--quiet",
    ]
    arguments = ["run", suite, *given, "--checkpoint-every", "0", "--results"]
    whole = folder / "whole"
    assert forked(lambda: app.run([*arguments, str(whole)])) == 0
    expected = contents(whole)
    died: list[int] = []
    differs: list[int] = []
    for number in itertools.count(1):
        place = folder / str(number)
        if forked(lambda: run_until(number, [*arguments, str(place)])) != DIED:  # noqa: B023 - called in this round
            break
        died.append(number)
        ended = forked(lambda: app.run([*arguments, str(place)]))  # noqa: B023
        whole_again = forked(lambda: app.run(["doctor", "--deep", str(place)]))  # noqa: B023
        if ended != 0 or whole_again != 0 or contents(place) != expected:
            differs.append(number)
        else:
            shutil.rmtree(place)
    sys.stdout.write(json.dumps({"died_at": died, "differs_at": differs}))


def forked(work: Callable[[], int]) -> int:
    """Return the exit code of some work done in a fork, its output dropped."""
    process = os.fork()
    if process == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def run_until(number: int, arguments: list[str]) -> int:
    """Run, but die instead of making the n-th change; an append is half done."""
    count = itertools.count(1)

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(path: Path, *given: Any, **named: Any) -> Any:
            if path.exists() and next(count) == number:
                os._exit(DIED)
            return change(path, *given, **named)

        return wrapped

    def append(storage: Storage, name: str, data: bytes) -> None:
        if next(count) == number:
            whole_append(storage, name, data[: len(data) // 2])
            os._exit(DIED)
        whole_append(storage, name, data)

    whole_append = Storage.append
    setattr(Storage, "append", append)  # noqa: B010 - a method, replaced for this process
    Path.replace = dying(Path.replace)  # type: ignore[method-assign]
    Path.unlink = dying(Path.unlink)  # type: ignore[method-assign]
    os.truncate = dying(os.truncate)
    return app.run(arguments)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
