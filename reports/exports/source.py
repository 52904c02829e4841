"""What exports are made of: a results directory, each part of it read or judged once, where it is asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.documents import check_format, parsed
from benchmark.errors import UsageError
from benchmark.judge import exit_code, judge, outcomes
from benchmark.schema.job import Campaign
from benchmark.schema.measurement import Outcome
from benchmark.schema.verdict import Verdicts
from reports.evidence import Evidence


class Source:
    """A results directory, and verdicts from before where one asks what has changed since."""

    def __init__(self, results: ResultsDir, before: Verdicts | None = None) -> None:
        self.results, self.before = results, before

    @cached_property
    def campaign(self) -> Campaign:
        """What the directory is about."""
        return self.results.read_campaign()

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """What was measured, by suite."""
        return {key: Evidence(self.results, suite) for key, suite in self.campaign.suites.items()}

    @cached_property
    def verdicts(self) -> Verdicts:
        """Every claim, judged."""
        return judge(self.results)

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """How each job ended of which a result is owed."""
        return outcomes(self.results, self.campaign)

    @cached_property
    def exit_code(self) -> int:
        """The exit code of `verify`."""
        return exit_code(self.verdicts, self.outcomes.values())


def read_verdicts(path: Path) -> Verdicts:
    """Return the verdicts on a results directory, or those of a `verdicts.json`.

    `UsageError` where there is neither, or the file's format is newer than this code; `ArtifactError` where the file
    is something else.
    """
    if path.is_dir():
        return judge(ResultsDir(path))
    if not path.is_file():
        raise UsageError(f"{path}: no results directory here, and no verdicts.json")
    check_format(path)
    return parsed(path.read_bytes(), Verdicts, path)
