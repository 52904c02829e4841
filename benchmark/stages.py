"""The three stages of a job: mask, train, measure. Each reads files and writes files, and may be run again."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import torch
from torch import Tensor

from benchmark import environment
from benchmark.assembly import Workshop, training_masks
from benchmark.bench import Bench
from benchmark.cuda_graphs import CudaGraph
from benchmark.effort import efforts
from benchmark.errors import RunError
from benchmark.evaluation import make_subject, subject_at
from benchmark.images import to_pixels
from benchmark.metrics import METRICS
from benchmark.metrics.audit import audit
from benchmark.metrics.embedding import keeps_features
from benchmark.metrics.samples import facing, grid
from benchmark.metrics.selection import best, moments
from benchmark.metrics.subject import Direction, NotMeasured, Subject, Value
from benchmark.networks import section, with_shifts
from benchmark.objectives import OBJECTIVES
from benchmark.pruning.edge_popup import first_scores, found_masks
from benchmark.recording import Recorder, beginning
from benchmark.run_directory import GRID
from benchmark.schema.job import MetricRequest
from benchmark.schema.measurement import Divergence, Event, Measurement, Progress, Stage
from benchmark.stopping import Stop
from benchmark.tickets import (
    expected_kept,
    make_masks,
    restored_state,
    rewind_weights,
    rewound,
    with_teacher,
    without_channels,
)
from benchmark.training import Diverged, Loop, new_state

COLUMNS = 8
"""Of a sample grid."""


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
    begin = beginning(bench)
    state = new_state(bench.workshop.networks(), job.training, begin.step)
    state.restore(run.read_tensors(begin.file))
    run.files.unseal(run.LOG, begin.log_size)
    run.files.remove(run.EVENT)  # where bytes do not repeat, this training may end in another way than one before it
    since = time.perf_counter()
    workshop = with_teacher(bench.workshop, bench.results)
    images = workshop.training_images
    pixels = images.pixels.to(bench.settings.device)
    graph = CudaGraph if bench.settings.records_steps else None
    loop = Loop(workshop.objective, job.training, pixels, job.seed, training_masks(run, job), images.labels, graph)
    try:
        with Stop() as stop:
            loop.run(state, Recorder(bench, state, stop).hooks())
    except Diverged as end:
        run.write_record(run.DIVERGED, Divergence(step=end.step, what=end.what))
        run.discard_checkpoint()
        return
    if state.bird is not None:
        distances = tuple(state.bird.distances)
        event = Event(found=state.has_stopped, step=state.step, epoch=loop.ended_at(state), distances=distances)
        run.write_record(run.EVENT if event.found else run.UNSTABLE, event)
        if not event.found:
            run.discard_checkpoint()
            return
    run.files.append(run.LOG, b"")  # a training that goes on from its last step has nothing to say
    run.files.seal(run.LOG)
    kinds = ("raw/", "ema/", "scores/")
    trained = {name: tensor for name, tensor in state.tensors().items() if name.startswith(kinds)}
    spent = _spent(bench, since)
    run.write_document("environment.json", dict(environment.describe(bench.settings.device)))
    run.write_document(run.TRAIN_TIMES, {"from_step": begin.step, "to_step": state.step, **spent})
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
    keeps = keeps_features(request.metric for request in missing)
    _measure(bench, replace(subject, keeps_features=keeps), missing)
    run.write_document("timings/measure.json", {"metrics": len(missing), **_spent(bench, since)})
    run.discard_checkpoint()


def _spent(bench: Bench, since: float) -> dict[str, float | int | None]:
    """Return the seconds since a moment of the stage, and the most memory that the stage held."""
    return {"seconds": time.perf_counter() - since, "peak_bytes": environment.peak_bytes(bench.settings.device)}


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
