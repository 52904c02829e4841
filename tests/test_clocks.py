"""Nothing depends on what time it is: files from the future or the past are as good, and a clock may jump."""

from __future__ import annotations

import itertools
import json
import os
import time
from pathlib import Path

import pytest

from benchmark.executors.executor import Ended
from benchmark.schema.job import CampaignSuite
from tests.tiny import Watch, contents, run

YEARS = 10 * 365 * 24 * 3600.0


def shift(folder: Path, seconds: float) -> None:
    """Change the modification time of every file and folder, as a wrong clock or a copy would."""
    for path in sorted(folder.rglob("*")):
        at = path.stat().st_mtime + seconds
        os.utime(path, (at, at))


@pytest.mark.parametrize("seconds", [YEARS, -YEARS])
def test_what_is_done_stays_done_whatever_its_files_times(
    results: Path, finished: Path, tiny_suite: CampaignSuite, seconds: float
) -> None:
    shift(results, seconds)
    watch = Watch()
    assert set(run(results, tiny_suite, watch).values()) == {"done"}
    assert (watch.counts, watch.told, watch.files) == ([(6, 6)], [], [])
    assert contents(results) == contents(finished)


def test_a_clock_that_jumps_while_jobs_run_changes_nothing(
    tmp_path: Path, finished: Path, tiny_suite: CampaignSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, jumps = tmp_path / "r", itertools.cycle([YEARS, -2 * YEARS, YEARS / 2])
    now, leaps = time.time(), itertools.count()
    monkeypatch.setattr(time, "time", lambda: now - 1000.0 * next(leaps))

    class Jumping(Watch):
        def ended(self, ended: Ended) -> None:
            super().ended(ended)
            shift(folder, next(jumps))

    watch = Jumping()
    assert set(run(folder, tiny_suite, watch).values()) == {"done"}
    assert len(watch.ends) == 6
    assert contents(folder) == contents(finished)
    spent = [json.loads(file.read_text())["seconds"] for file in folder.glob("runs/*/timings/*.json")]
    assert len(spent) == 12
    assert all(0 < seconds < 3600 for seconds in spent)
    again = Watch()
    run(folder, tiny_suite, again)
    assert again.counts == [(6, 6)]
