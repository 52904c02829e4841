"""What one suite of a results directory holds, read once and looked up by experiment, level and seed."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator
from functools import cached_property, lru_cache

from pydantic import JsonValue

from benchmark.artifacts import ResultsDir
from benchmark.schema.job import CampaignSuite, Job
from benchmark.schema.measurement import Measurement, Outcome
from benchmark.schema.reference import Number, References
from benchmark.statistics import mean
from reports.page import Picture
from reports.wording import CHANNELS, removed

MOST_BYTES = 32_768
"""A larger picture, such as 64 color images of 32x32 pixels, is compressed: a page may show a hundred."""
PNG_SIZE = slice(16, 24)
"""Width and height in a PNG file's first chunk (PNG specification, 11.2.2)."""


class Evidence:
    """The measurements, samples and documents of one suite's jobs."""

    def __init__(self, results: ResultsDir, campaign: CampaignSuite) -> None:
        self.results = results
        self.campaign = campaign
        self.plan = campaign.whole
        self.suite = campaign.plan.suite
        self._planned = {planned.id: planned for planned in self.plan.jobs}
        self._measured: dict[tuple[str, str], Measurement | None] = {}

    def job(self, job: str) -> Job:
        """Return a job by its id."""
        return self._planned[job].job

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """How each job ended."""
        return self.results.outcomes(self.plan)

    @cached_property
    def arms(self) -> dict[str, dict[int, dict[int, str]]]:
        """The job of each experiment, level and seed."""
        found: dict[str, dict[int, dict[int, str]]] = defaultdict(lambda: defaultdict(dict))
        for arm in self.plan.arms:
            found[arm.experiment][arm.level][arm.seed] = arm.job
        return found

    @cached_property
    def references(self) -> dict[str, References]:
        """The reference files of the campaign, by paper key."""
        from benchmark.suites import read_references

        return {key: read_references(text, f"{key}.yaml") for key, text in sorted(self.campaign.references.items())}

    def reference(self, name: str) -> Number | None:
        """Return the printed number called `PAPER/NUMBER`, or null if the campaign does not hold it."""
        paper, _, key = name.partition("/")
        held = self.references.get(paper)
        return held.numbers.get(key) if held else None

    def measurement(self, job: str, name: str) -> Measurement | None:
        """Return what was measured on a finished job under a name that claims use, or null."""
        if (job, name) not in self._measured:
            request = next((request for request in self._planned[job].metrics if request.name == name), None)
            # A job that failed, its audit above all, has no measurement that counts.
            counts = request is not None and self.outcomes[job] == "done"
            self._measured[job, name] = self.results.run(job).read_measurement(request) if request and counts else None
        return self._measured[job, name]

    def names_of(self, metric: str) -> tuple[str, ...]:
        """Return the names under which the suite measures a metric of the family `METRICS`, sorted."""
        return tuple(sorted(self._names.get(metric, ())))

    @cached_property
    def _names(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for planned in self.plan.jobs:
            for request in planned.metrics:
                found[request.metric.name].add(request.name)
        return found

    def of_metric(self, job: str, metric: str) -> Measurement | None:
        """Return the first measurement of a job by a metric of the family `METRICS`, or null."""
        names = (request.name for request in self._planned[job].metrics if request.metric.name == metric)
        return next((made for name in names if (made := self.measurement(job, name)) is not None), None)

    def sparsity(self, job: str) -> float | None:
        """Return the measured sparsity of a job, or null."""
        made = self.of_metric(job, "sparsity")
        return None if made is None else made.value

    def of_channels(self, jobs: Iterable[str]) -> bool:
        """Tell whether the masks of any of these jobs are of channels, not of weights."""
        return any(self._drawn_of_channels(job) or self.sparsity_of(job).startswith(CHANNELS) for job in jobs)

    def _drawn_of_channels(self, job: str) -> bool:
        return self._planned[job].job.mask.granularity == "channel"

    def is_ticket(self, experiment: str, level: int) -> bool:
        """Tell whether a level is of tickets: all above the dense one, and those that a training of scores found."""
        jobs = self.arms[experiment].get(level, {}).values()
        return level > 0 or any(self._planned[job].job.training.scores is not None for job in jobs)

    def sparsity_of(self, job: str) -> str:
        """Return what a job's measured sparsity is a share of, in the words of its protocol; empty where unknown."""
        made = self.of_metric(job, "sparsity")
        return "" if made is None else made.protocol.convention or ""

    def removed(self, jobs: Collection[str]) -> str | None:
        """Write the mean sparsity of some jobs and what it is a share of, or return null."""
        sparsities = [value for job in jobs if (value := self.sparsity(job)) is not None]
        return removed(mean(sparsities), self.of_channels(jobs)) if sparsities else None

    def documents(self, name: str) -> Iterator[dict[str, JsonValue]]:
        """Yield a plain JSON object of every job that has it."""
        for planned in self.plan.jobs:
            document = self.results.run(planned.id).read_document(name)
            if isinstance(document, dict):
                yield document

    def audit(self, job: str) -> dict[str, JsonValue] | None:
        """Return the ticket audit of a finished job, or null."""
        document = self.results.run(job).read_document("audit.json") if self.outcomes[job] == "done" else None
        return document if isinstance(document, dict) else None

    def step_seconds(self, job: str) -> float | None:
        """Return the seconds that one training step took, or null where no time was recorded."""
        return self.results.run(job).step_seconds()

    def pictures(self, job: str, arm: str, seed: int, kinds: Container[str] | None = None) -> tuple[Picture, ...]:
        """Return the sample grids of a job (all kinds, where it is null), worded as those of an arm."""
        files = self.results.run(job).files
        named = ((name, name.removeprefix("samples/").removesuffix(".png")) for name in files.names("samples"))
        chosen = ((name, kind) for name, kind in named if kinds is None or kind in kinds)
        return tuple(_picture(files.read(name), kind, arm, seed) for name, kind in chosen)


def _picture(data: bytes, kind: str, arm: str, seed: int) -> Picture:
    width, height = struct.unpack(">II", data[PNG_SIZE]) if len(data) >= PNG_SIZE.stop else (0, 0)
    what = kind.replace("_", " ")
    real = what == "real"
    large = len(data) > MOST_BYTES
    words = "real images" if real else f"{arm}, seed {seed}: {what}"
    encoded = _encoded(data)
    return Picture(
        key=f"picture-{hashlib.sha256(encoded.encode()).hexdigest()[:16]}",
        caption=f"{words} (compressed here)" if large else words,
        alt="Grid of real images" if real else f"Grid of {what} of {arm}, trained with seed {seed}",
        format="jpeg" if large else "png",
        data=encoded,
        width=width,
        height=height,
    )


@lru_cache(maxsize=64)
def _encoded(data: bytes) -> str:
    """Return a picture as the page holds it; most claims show the same real images."""
    return base64.b64encode(_compressed(data) if len(data) > MOST_BYTES else data).decode()


def _compressed(data: bytes) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).save(buffer, format="JPEG", quality=85, subsampling=0)
    return buffer.getvalue()
