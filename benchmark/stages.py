"""The three stages of a job: mask, train, measure. Each reads files and writes files, and may be run again."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import torch
from torch import Tensor

from benchmark import environment
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop, removed_channels, training_masks
from benchmark.effort import efforts
from benchmark.errors import RunError
from benchmark.evaluation import make_subject, subject_at
from benchmark.images import to_pixels
from benchmark.metrics import METRICS
from benchmark.metrics.audit import audit
from benchmark.metrics.samples import facing, grid
from benchmark.metrics.selection import best, moments
from benchmark.metrics.subject import Direction, NotMeasured, Subject, Value
from benchmark.networks import section, with_shifts
from benchmark.objectives import OBJECTIVES
from benchmark.pruning.edge_popup import first_scores, found_masks
from benchmark.schema.job import MetricRequest, PlannedJob
from benchmark.schema.measurement import Divergence, Event, Measurement, Progress, Stage
from benchmark.schema.settings import Settings
from benchmark.tickets import (
    expected_kept,
    make_masks,
    restored_state,
    rewind_weights,
    rewound,
    with_teacher,
    without_channels,
)
from benchmark.training import Diverged, Hooks, Loop, State, new_state

GRID = 64
"""Images in a sample grid."""
COLUMNS = 8


@dataclass(frozen=True)
class Bench:
    """One job at work: its recipe, the campaign it belongs to, and where it runs."""

    planned: PlannedJob
    results: ResultsDir
    settings: Settings
    report: Callable[[Progress], None]

    @property
    def run(self) -> RunDir:
        """The job's files."""
        return self.results.run(self.planned.id)

    @property
    def workshop(self) -> Workshop:
        """The maker of the job's networks and data, from its mask on."""
        job, settings = self.planned.job, self.settings
        return Workshop(job, settings.device, settings.data, settings.cache, removed_channels(self.run, job))

    @property
    def first_step(self) -> int:
        """The step from which the job's training goes on."""
        return self.results.first_step(self.planned.job)

    def commit(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Write tensors that must be the same bytes whenever they are made on a CPU."""
        self.run.write_tensors(name, tensors, reproducible=self.settings.device == "cpu")


def make_mask(bench: Bench) -> None:
    """Make the job's masks and the masked weights that its training starts from; always computed on the CPU."""
    workshop = Workshop(bench.planned.job, data=bench.settings.data)  # some criteria look at the images
    networks = rewound(workshop, bench.results)
    masks = make_masks(workshop, bench.results, networks)
    start = {f"raw/{name}": tensor for name, tensor in networks.state().items()}
    start |= restored_state(workshop, bench.results)
    rule, seed = workshop.job.training.scores, workshop.job.seed
    scores = {} if rule is None else first_scores(networks, rule, seed)
    start |= {f"scores/{name}": score for name, score in scores.items()}
    masked = {f"{kind}/{name}": mask for name, mask in with_shifts(masks).items() for kind in ("raw", "ema")}
    start |= {name: start[name] * mask for name, mask in masked.items() if name in start}
    if workshop.job.shrink:
        start = without_channels(workshop, masks, start)
    bench.commit(bench.run.MASK, masks)
    bench.commit(bench.run.START, start)


def train(bench: Bench) -> None:
    """Train the masked networks to the end; write weights and snapshots, or why none came of it."""
    run, job = bench.run, bench.planned.job
    resumed = _resumable_step(bench)
    begun = bench.first_step if resumed is None else resumed
    state = new_state(bench.workshop.networks(), job.training, begun)
    state.restore(run.read_tensors(run.START if resumed is None else run.CHECKPOINT))
    run.files.unseal(run.LOG, _log_size(run.log, begun))
    run.files.remove(run.EVENT)  # where bytes do not repeat, this training may end in another way than one before it
    since = time.perf_counter()
    workshop = with_teacher(bench.workshop, bench.results)
    images = workshop.training_images
    pixels = images.pixels.to(bench.settings.device)
    loop = Loop(workshop.objective, job.training, pixels, job.seed, training_masks(run, job), images.labels)
    try:
        loop.run(state, _Recorder(bench, state).hooks())
    except Diverged as end:
        run.write_record(run.DIVERGED, Divergence(step=end.step, what=end.what))
        return
    if state.bird is not None:
        distances = tuple(state.bird.distances)
        event = Event(found=state.has_stopped, step=state.step, epoch=loop.ended_at(state), distances=distances)
        run.write_record(run.EVENT if event.found else run.UNSTABLE, event)
        if not event.found:
            return
    run.files.append(run.LOG, b"")  # a training that goes on from its last step has nothing to say
    run.files.seal(run.LOG)
    kinds = ("raw/", "ema/", "scores/")
    trained = {name: tensor for name, tensor in state.tensors().items() if name.startswith(kinds)}
    seconds = time.perf_counter() - since
    run.write_document("environment.json", dict(environment.describe(bench.settings.device)))
    run.write_document("timings/train.json", {"from_step": begun, "to_step": state.step, "seconds": seconds})
    if job.training.scores is not None:
        bench.commit(run.FOUND, found_masks(state.networks, state.scores, job.training.scores))
    bench.commit(run.WEIGHTS, trained)


def measure(bench: Bench) -> None:
    """Audit the ticket, draw sample grids, and measure every metric that is asked for and not there yet."""
    run, since = bench.run, time.perf_counter()
    subject = _subject(bench)
    run.write_document(run.AUDIT, audit(subject).as_document())
    _draw_grids(bench, subject)
    whole = not any(name.startswith("statistics/") for name in run.spoiled())
    missing = [request for request in bench.planned.metrics if not (whole and run.has_measurement(request))]
    _measure(bench, subject, missing)
    run.write_document("timings/measure.json", {"metrics": len(missing), "seconds": time.perf_counter() - since})
    run.discard_checkpoint()


def _measure(bench: Bench, subject: Subject, requests: list[MetricRequest]) -> None:
    """Measure moment by moment, so that metrics share what is made of one, and no two are held at a time."""
    run, last = bench.run, bench.run.last_step()
    wanted = [(step, request) for request in requests for step in moments(request.metric, bench.first_step, last)]
    curves: dict[str, list[tuple[int, Value]]] = defaultdict(list)
    at, seen = last, subject
    for count, (step, request) in enumerate(sorted(wanted, key=lambda look: look[0])):
        bench.report(Progress(job=run.id, stage="measure", step=count, steps=len(wanted)))
        if step != at:
            at, seen = step, subject if step == last else subject_at(subject, bench.workshop, run, step)
        try:
            curves[request.key].append((step, _value(seen, request)))
        except NotMeasured as reason:
            run.note_absence(request, str(reason))
            continue
        if step == last:
            run.write_measurement(request, _measurement(run.id, request, curves[request.key]))


def _subject(bench: Bench) -> Subject:
    on_cpu = Workshop(bench.planned.job)
    kept = expected_kept(on_cpu, bench.results, on_cpu.networks())
    rewind = {f"raw/{name}": tensor for name, tensor in rewind_weights(on_cpu, bench.results).items()}
    if on_cpu.job.shrink:
        rewind = without_channels(on_cpu, bench.run.read_tensors(bench.run.MASK), rewind)
    subject = make_subject(bench.workshop, bench.run, section(rewind, "raw"), kept)
    return replace(subject, lineage=cache(partial(efforts, bench.results, bench.planned.id)))


STAGES: Mapping[Stage, Callable[[Bench], None]] = {"mask": make_mask, "train": train, "measure": measure}


class _Recorder:
    """Keeps a training's log, checkpoints and snapshots, and says how far it is."""

    def __init__(self, bench: Bench, state: State) -> None:
        self._bench, self._state = bench, state
        self._last = time.monotonic()

    def hooks(self) -> Hooks:
        """Return what the loop calls."""
        return Hooks(self._logged, self._snapshot, frozenset(self._bench.planned.snapshots))

    def _logged(self, step: int, losses: dict[str, float]) -> None:
        run, steps = self._bench.run, self._bench.planned.job.training.steps
        run.files.append(run.LOG, (json.dumps({"step": step, "loss": losses}) + "\n").encode())
        if time.monotonic() - self._last >= self._bench.settings.checkpoint_seconds and step < steps:
            run.write_tensors(run.CHECKPOINT, self._state.tensors(), note=step)
            self._last = time.monotonic()
        self._bench.report(Progress(job=run.id, stage="train", step=step, steps=steps, loss=losses))

    def _snapshot(self, step: int, tensors: dict[str, Tensor]) -> None:
        self._bench.commit(self._bench.run.snapshot(step), tensors)


def _resumable_step(bench: Bench) -> int | None:
    """Return the step of the checkpoint, if the log and the snapshots that the training made before are whole too."""
    run = bench.run
    if not run.files.has(run.CHECKPOINT):
        return None
    step = int(str(run.read_note(run.CHECKPOINT)))
    before = [run.snapshot(at) for at in bench.planned.snapshots if bench.first_step <= at <= step]
    logged = _logged(run.log, step)
    return step if all(map(run.files.has, before)) and logged and logged[-1][0] == step else None


def _log_size(log: Path, step: int) -> int:
    """Return the length of the log up to a step: what it says beyond will be said again, in the same words."""
    return sum(size for _, size in _logged(log, step))


def _logged(log: Path, step: int) -> list[tuple[int, int]]:
    """Return the step and length of each line of the log up to a step, or up to a line that was not written whole."""
    found: list[tuple[int, int]] = []
    for line in log.read_bytes().splitlines(keepends=True) if log.exists() else ():
        try:
            at = int(json.loads(line)["step"])
        except (ValueError, TypeError, KeyError):
            break
        if at > step or not line.endswith(b"\n"):
            break
        found.append((at, len(line)))
    return found


def _value(subject: Subject, request: MetricRequest) -> Value:
    found: Value = METRICS[request.metric.name].load()(subject, METRICS.parse(request.metric))
    if not math.isfinite(found.value):
        raise RunError(f"metric {request.name} of {subject.job_id} is {found.value}, not a finite number")
    return found


def _measurement(job: str, request: MetricRequest, curve: list[tuple[int, Value]]) -> Measurement:
    facts = METRICS[request.metric.name].facts
    found = curve[0][1] if len(curve) == 1 else best(curve, facts["lower_is_better"])
    return Measurement(
        job=job,
        name=request.name,
        value=found.value,
        unit=found.unit or facts["unit"],
        lower_is_better=facts["lower_is_better"],
        protocol=found.protocol,
        details=found.details,
    )


def _draw_grids(bench: Bench, subject: Subject) -> None:
    facts = OBJECTIVES[bench.planned.job.objective.name].facts
    real = subject.images("test").pixels[:GRID]
    pictures = {"real": real}
    if facts["generates"]:
        pictures["samples"] = subject.generate(GRID, "raw").cpu()
    if facts["reconstructs"]:
        pictures["reconstructions"] = to_pixels(subject.reconstruct(real, "raw")).cpu()
    if facts.get("directions"):
        pictures |= _translations(subject, facts["directions"])
    for name, pixels in pictures.items():
        bench.run.files.write(bench.run.sample_grid(name), grid(pixels, COLUMNS))


def _translations(subject: Subject, directions: Sequence[Direction]) -> dict[str, Tensor]:
    """Return images of every domain, and rows of them above what becomes of them, as many for each direction."""
    assert subject.translate is not None
    given = [subject.images("test").of(direction[0]).pixels for direction in directions]
    made = [subject.translate(direction, "raw") for direction in directions]
    each = GRID // len(directions)
    pairs = list(zip(given, made, strict=True))
    return {"real": torch.cat([pixels[:each] for pixels in given]), "samples": facing(pairs, each // 2, COLUMNS)}
