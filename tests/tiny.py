"""A suite small enough to train in tests, and the ways to plan and run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.executors.executor import RETRIES, Ended, Executor, Work
from benchmark.executors.inline import InlineExecutor
from benchmark.plan import make_plan
from benchmark.runner import run_campaign
from benchmark.schema.job import CampaignSuite, Plan, PlannedJob
from benchmark.schema.measurement import Outcome, Progress
from benchmark.schema.settings import Settings
from benchmark.suites import read_suite

SUITE = """\
format: 1
key: small_networks
title: Networks that train in a blink
seeds: 1
experiments:
  gan:
    dataset: {name: digits}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan}
    training:
      steps: 12
      batch_size: 8
      optimizers: {"*": {lr: 0.002, betas: [0.5, 0.999]}}
    metrics:
      sparsity: {name: sparsity}
      fid: {name: fid, extractor: {name: digits_classifier}, generated: 80, split: test}
  gan_imp:
    extends: gan
    mask: {from: self@previous, fraction: 0.2}
    weights: {from: self@0, at: 4, optimizer: restored, start_step: 4}
    levels: {first: 0, last: 2}
  gan_random:
    extends: gan
    mask: {op: reuse, from: gan_imp@same}
    weights: {from: "fresh:reinit"}
    levels: [2]
  auto:
    dataset: {name: digits}
    model: {name: conv_autoencoder, base_channels: 4, code_channels: 8}
    objective: {name: autoencoder}
    training:
      steps: 12
      batch_size: 8
      optimizers: {"*": {lr: 0.002}}
    metrics:
      mse: {name: reconstruction_error, split: test}
  auto_imp:
    extends: auto
    mask: {from: self@previous, fraction: 0.5}
    weights: {from: init}
    levels: {first: 0, last: 1}
claims: {}
scales:
  small: {small: true}
"""

DIVERGING = SUITE.replace("lr: 0.002, betas", "lr: 1.0e+30, betas")
"""The same with a learning rate at which the GAN leaves the finite numbers."""


@dataclass
class Watch:
    """A watcher that keeps what it is told."""

    counts: list[tuple[int, int]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    losses: list[tuple[str, int]] = field(default_factory=list)

    def planned(self, total: int, done: int) -> None:
        self.counts.append((total, done))

    def damaged(self, file: str) -> None:
        self.files.append(file)

    def progress(self, progress: Progress) -> None:
        self.told.append(progress)

    def again(self, ended: Ended, losses: int) -> None:
        self.losses.append((ended.job, losses))

    def ended(self, ended: Ended) -> None:
        self.ends.append(ended)

    @property
    def began(self) -> list[tuple[str, str]]:
        """The stages that were begun, as (job, stage)."""
        return list(dict.fromkeys((progress.job, progress.stage) for progress in self.told))


def planned(text: str = SUITE, overrides: Sequence[str] = ()) -> Plan:
    """Return the plan of a suite's text."""
    return make_plan(read_suite(text, "tiny.yaml", "small", overrides))


def suite_of(text: str = SUITE, overrides: Sequence[str] = ()) -> CampaignSuite:
    """Return a suite as a campaign holds it."""
    return CampaignSuite(text=text, overrides=tuple(overrides), plan=planned(text, overrides))


def run(  # noqa: PLR0913 - as `run_campaign`
    folder: Path,
    suite: CampaignSuite,
    watch: Watch | None = None,
    executor: Executor | None = None,
    only: frozenset[str] = frozenset(),
    device: str = "cpu",
    retries: int = RETRIES,
) -> dict[str, Outcome]:
    """Run a suite on the CPU, whatever the campaign takes it for; every step is a checkpoint."""
    place = executor or InlineExecutor(work(folder))
    return run_campaign(ResultsDir(folder), device, [suite], place, watch or Watch(), only, retries)


def work(folder: Path) -> Work:
    """Return the work of a campaign on the CPU."""
    return Work(folder, Settings("cpu", checkpoint_seconds=0.0))


def arm(plan: Plan, experiment: str, level: int = 0, seed: int = 0) -> PlannedJob:
    """Return the job that stands for an arm."""
    found = [one.job for one in plan.arms if (one.experiment, one.level, one.seed) == (experiment, level, seed)]
    return plan.job(found[0])


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file that is compared by bytes: no times, machine facts, locks or records of modification times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _is_apart(path.relative_to(folder))
    }


def _is_apart(name: Path) -> bool:
    return name.name in {"lock", "environment.json"} or bool({"timings", "checksums"} & set(name.parts))


def delete(path: Path) -> None:
    """Lose a file."""
    path.unlink()


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
