"""The command as a user calls it, in a process of its own, and a suite small enough to be run many times."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SUITE = """\
format: 1
key: tiny
title: Networks that train in a second
seeds: 2
experiments:
  gan:
    dataset: {name: digits, image_size: 8}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan}
    training:
      steps: 100
      batch_size: 16
      optimizers: {"*": {lr: 0.001}}
    metrics:
      fid: {name: fid, extractor: {name: digits_classifier}, generated: 200, split: test}
      sparsity: {name: sparsity}
  gan_winning:
    extends: gan
    mask: {from: self@previous, fraction: 0.2, rounds: 2}
    weights: {from: self@0, at: 20, optimizer: restored, start_step: 20}
    levels: {first: 0, last: 1}
  gan_random:
    extends: gan
    mask: {op: reuse, from: gan_winning@same}
    weights: {from: "fresh:reinit"}
    levels: [1]
  coder:
    dataset: {name: digits, image_size: 8}
    model: {name: conv_autoencoder, base_channels: 4}
    objective: {name: autoencoder}
    training:
      steps: 30
      batch_size: 16
      optimizers: {"*": {lr: 0.001}}
    metrics:
      mse: {name: reconstruction_error, split: test}
      sparsity: {name: sparsity}
claims:
  gan_matches:
    says: A ticket is no worse than its dense parent.
    source: {paper: a test}
    kind: matches
    metric: fid
    compare: [{arm: gan_winning@1, baseline: gan_winning@0}]
    margin: {relative: 0.2, because: a number for the test}
    expect: any
scales:
  small: {small: true}
  large: {seeds: 3}
"""

CODER = """\
format: 1
key: coder
title: Autoencoders that train in a blink
seeds: 3
experiments:
  dense:
    dataset: {name: digits, image_size: 8}
    model: {name: conv_autoencoder, base_channels: 4}
    objective: {name: autoencoder}
    training:
      steps: 100
      batch_size: 16
      optimizers: {"*": {lr: 0.001}}
    metrics:
      mse: {name: reconstruction_error, split: test}
      sparsity: {name: sparsity}
  winning:
    extends: dense
    mask: {from: self@previous, fraction: 0.2, rounds: 2}
    weights: {from: self@0, at: 10, optimizer: restored, start_step: 10}
    levels: {first: 0, last: 1}
claims:
  sparser:
    says: A ticket has a higher sparsity than its dense parent.
    source: {paper: a test}
    kind: beats
    metric: sparsity
    compare: [{arm: winning@1, baseline: winning@0}]
    by: {absolute: 0.1, because: a third is removed}
scales:
  small: {small: true}
"""


def environment() -> dict[str, str]:
    """Return the environment of a user who has a checkout and asks for one thread."""
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "100"}


def ticketbench(*arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "benchmark", *map(str, arguments)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=timeout, check=False)


class Started:
    """The command under way, leader of its own process group; what it says goes to a file."""

    def __init__(self, talk: Path, *arguments: str | Path) -> None:
        self.talk = talk
        command = [sys.executable, "-m", "benchmark", *map(str, arguments)]
        with talk.open("w") as file:
            self.process = subprocess.Popen(
                command, env=environment(), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self.talk.read_text()

    def wait_until(self, happened: Callable[[], bool], seconds: float = 120) -> bool:
        """Wait until something happened; false if the command ended before."""
        end = time.monotonic() + seconds
        while not happened():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < end, f"waited in vain: {self.said}"
            time.sleep(0.01)
        return True

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the command and all its workers."""
        os.killpg(self.process.pid, number)

    def end(self, seconds: float = 120) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(seconds)


def log_lines(results: Path) -> int:
    """Return how many lines all training logs have: what grows while a campaign trains."""
    return sum(path.read_bytes().count(b"\n") for path in results.glob("runs/*/train.jsonl"))
