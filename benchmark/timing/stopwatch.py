"""One process of a timing: the arm's training and those it rests on, a few steps of each by the clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Protocol

import torch
from torch import Tensor

from benchmark import environment
from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop, removed_channels, training_masks
from benchmark.cuda_graphs import WARM_UP, CudaGraph
from benchmark.executors.executor import Work
from benchmark.images import Images
from benchmark.lineage import lineage
from benchmark.pruning.early_bird import EarlyBird
from benchmark.schema.job import Job
from benchmark.schema.record import canonical
from benchmark.schema.settings import Settings
from benchmark.schema.suite import MaskStable
from benchmark.schema.timing import QUIET, Clocking, TimedTraining
from benchmark.statistics import mean
from benchmark.tickets import make_masks, rewound, with_teacher
from benchmark.timing.turns import Turn
from benchmark.training import Hooks, Loop, State, look, new_state

LOOKS = 5
"""Looks at a mask that are timed."""


def clock(work: Work, turn: Turn) -> Clocking:
    """Time an arm in this process, and note what else the machine did meanwhile."""
    environment.prepare_process(work.settings.device)
    load, busy, since = environment.load_average(), environment.busy_seconds(), time.perf_counter()
    own = time.process_time()
    trainings = _Clock(work, turn).trainings()
    others = _others(busy, time.process_time() - own, time.perf_counter() - since)
    return Clocking(
        arm=turn.arm,
        process=turn.process,
        seed=turn.seed,
        job=turn.job,
        trainings=trainings,
        load=(load, environment.load_average()),
        others=others,
        environment=_described(work.settings),
        warning=_warning(others),
    )


def _described(settings: Settings) -> dict[str, str]:
    return environment.describe(settings.device) | ({"cuda_graphs": "yes"} if settings.records_steps else {})


def kind(job: str, recipe: Job) -> str:
    """Return what a step's time depends on: trainings of one kind take as long a step, and one is timed for all.

    That is all but seed, length and the values of weights and masks; a network without some channels is its own kind.
    """
    task = recipe.model_dump(mode="json", include={"dataset", "model", "objective", "training"})
    del task["training"]["steps"]
    if recipe.training.teacher is not None:
        del task["training"]["teacher"]["from"]
    thin = job if recipe.shrink else None
    return canonical([task, recipe.mask.op != "ones", recipe.mask.granularity, thin])


@dataclass(frozen=True)
class _Pace:
    """The steps of one training by the clock."""

    job: str
    mean: float
    median: float


class _Clock:
    """Times trainings on one device; images are loaded once and count for nothing."""

    def __init__(self, work: Work, turn: Turn) -> None:
        self._results = ResultsDir(work.results)
        self._settings = work.settings
        self._turn = turn
        self._images: dict[tuple[str, str], Images] = {}

    def trainings(self) -> tuple[TimedTraining, ...]:
        """Return the arm's own training and those it rests on; all steps are timed before any mask is drawn."""
        stretches = lineage(self._results, self._turn.job)
        paces: dict[str, _Pace] = {}
        kinds = {job: kind(job, self._recipe(job)) for job in stretches}
        for job, found in kinds.items():
            if found not in paces:
                paces[found] = self._pace(job)
        return tuple(
            TimedTraining(
                job=job,
                steps=stretch.steps,
                passed=stretch.passed,
                timed=paces[kinds[job]].job,
                step_seconds=paces[kinds[job]].mean,
                step_median=paces[kinds[job]].median,
                mask_seconds=self._mask_seconds(job),
            )
            for job, stretch in stretches.items()
        )

    def _recipe(self, job: str) -> Job:
        return self._results.run(job).read_job().job

    def _pace(self, job: str) -> _Pace:
        """Train on from the job's start, warm-up steps and then timed ones, as its training stage does."""
        run, device = self._results.run(job), self._settings.device
        workshop = self._workshop(job, device, removed_channels(run, self._recipe(job)))
        graph = CudaGraph if self._settings.records_steps else None
        begun = self._results.first_step(workshop.job)
        warm_up = self._turn.warm_up if graph is None else max(self._turn.warm_up, WARM_UP + 1)
        # An event would end it early.
        update = {"steps": begun + warm_up + self._turn.steps, "stop": None}
        training = workshop.job.training.model_copy(update=update)
        state = new_state(workshop.networks(), training, begun)
        state.restore(run.read_tensors(run.START))
        images = workshop.images("train")
        pixels = images.pixels.to(device)
        objective = with_teacher(workshop, self._results).objective
        masks = training_masks(run, workshop.job)
        loop = Loop(objective, training, pixels, workshop.job.seed, masks, images.labels, graph)
        stamps: _Stamps = _CudaStamps() if device == "cuda" else CpuStamps()
        loop.run(state, Hooks(lambda step, losses: None, lambda step, tensors: None, stepped=stamps.take))
        seconds = stamps.seconds()[warm_up - 1 :]  # the first span is that of the second step
        return _Pace(job, mean(seconds) + _looking_seconds(loop, workshop.job.training.stop, state), median(seconds))

    def _mask_seconds(self, job: str) -> float:
        """Draw the job's mask as its mask stage does, on the CPU."""
        workshop = self._workshop(job, "cpu", {})
        if workshop.job.mask.op != "draw":
            return 0.0
        networks = rewound(workshop, self._results)
        workshop.images("train")
        since = time.perf_counter()
        make_masks(workshop, self._results, networks)
        return time.perf_counter() - since

    def _workshop(self, job: str, device: str, channels: Mapping[str, Tensor]) -> Workshop:
        folders = self._settings.data, self._settings.cache
        return _Stocked(self._recipe(job), device, *folders, channels, stock=self._images)


@dataclass(frozen=True)
class _Stocked(Workshop):
    """A workshop that loads images once in a process: loading them is no part of a training's time."""

    stock: dict[tuple[str, str], Images] = field(default_factory=dict)

    def images(self, split: str) -> Images:
        """Return one split of the job's data set."""
        key = (self.job.dataset.model_dump_json(), split)
        if key not in self.stock:
            self.stock[key] = super().images(split)
        return self.stock[key]


class _Stamps(Protocol):
    """The moments at which steps ended."""

    def take(self) -> None:
        """Note that a step has ended."""

    def seconds(self) -> list[float]:
        """Return the time from each moment to the next."""


class CpuStamps:
    """By the system's clock."""

    now = staticmethod(time.perf_counter)

    def __init__(self) -> None:
        self._times: list[float] = []

    def take(self) -> None:
        """Note the time."""
        self._times.append(self.now())

    def seconds(self) -> list[float]:
        """Return the differences."""
        return [later - earlier for earlier, later in pairwise(self._times)]


class _CudaStamps:
    """By the device's own clock: it is never waited for, so steps overlap with their preparation as in a training."""

    def __init__(self) -> None:
        self._events: list[torch.cuda.Event] = []

    def take(self) -> None:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call,unused-ignore]
        event.record()
        self._events.append(event)

    def seconds(self) -> list[float]:
        torch.cuda.synchronize()
        return [earlier.elapsed_time(later) / 1000 for earlier, later in pairwise(self._events)]


def _looking_seconds(loop: Loop, rule: MaskStable | None, state: State) -> float:
    """Return the share of a step in looking at the mask: looks may be too rare to be met in the timed steps."""
    if rule is None:
        return 0.0
    bird = EarlyBird(rule)
    for _ in range(rule.look_back):  # so many masks are compared from then on
        look(state, bird)
    since = time.perf_counter()
    for _ in range(LOOKS):
        look(state, bird)
    each = (time.perf_counter() - since) / LOOKS  # a look waits for the device
    units = 1.0 if rule.unit == "step" else loop.epochs(1)
    return each * min(1.0, units / rule.every)


def _others(busy: float | None, own: float, seconds: float) -> float | None:
    """Return how many processors other programs kept busy since `busy` was read; null if unknown."""
    now = environment.busy_seconds()
    return None if busy is None or now is None else max(0.0, (now - busy - own) / seconds)


def _warning(others: float | None) -> str:
    if others is None:
        return "this system does not say what else ran meanwhile"
    if others > QUIET:
        return f"other programs kept {others:.1f} processors busy meanwhile"
    return ""
