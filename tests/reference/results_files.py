"""The claims of a results directory with what they are judged on, read as plain JSON and YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from tests.reference.two_sides import Arm, Case


def cases(results: Path) -> dict[str, Case]:
    """Return every claim of a results directory whose suite declares its looks or none, at its first look."""
    campaign = json.loads((results / "campaign.json").read_text())
    found = {}
    for suite in campaign["suites"].values():
        plan, numbers = suite["plan"], dict[str, Mapping[str, Any]]()
        for paper, text in suite["references"].items():
            held = YAML(typ="safe").load(text)["numbers"]
            numbers |= {f"{paper}/{name}": {"protocol": {}} | number for name, number in held.items()}
        top_up = plan["suite"].get("top_up")
        look = None if top_up is None else (1, tuple(top_up["looks"]), top_up["spending"])
        for name, claim in plan["suite"]["claims"].items():
            arms = _arms(results, plan, claim)
            found[name] = Case(claim, arms, numbers, plan["suite"]["small"], look)
    return found


def _arms(results: Path, plan: Mapping[str, Any], claim: Mapping[str, Any]) -> dict[str, Arm]:
    jobs = {job["id"]: job for job in plan["jobs"]}
    levels: dict[str, dict[int, str]] = {}
    for arm in plan["arms"]:
        levels.setdefault(f"{arm['experiment']}@{arm['level']}", {})[arm["seed"]] = arm["job"]
    return {
        name: _read(results, name, {seed: jobs[job] for seed, job in seeds.items()}, claim["metric"])
        for name, seeds in levels.items()
    }


def _read(results: Path, name: str, seeds: Mapping[int, Mapping[str, Any]], metric: str) -> Arm:
    ends = {seed: results / "runs" / job["id"] for seed, job in seeds.items()}
    lost = {seed for seed, run in ends.items() if (run / "diverged.json").exists() or (run / "unstable.json").exists()}
    made = {seed: _measured(ends[seed], job, metric) for seed, job in seeds.items() if seed not in lost}
    there = {seed: one for seed, one in made.items() if one is not None}
    sparsities = [_measured(ends[seed], job, "sparsity") for seed, job in seeds.items() if seed not in lost]
    known = [one["value"] for one in sparsities if one is not None]
    first: Mapping[str, Any] = next(iter(there.values()), {"unit": "", "lower_is_better": True})
    return Arm(
        name,
        {seed: None if seed in lost else there[seed]["value"] for seed in seeds if seed in lost or seed in there},
        len(there) + len(lost) < len(seeds),
        float(np.mean(known)) if known else None,
        tuple(one["protocol"] for one in there.values()),
        first["unit"],
        first["lower_is_better"],
    )


def _measured(run: Path, job: Mapping[str, Any], metric: str) -> Mapping[str, Any] | None:
    keys = [request["key"] for request in job["metrics"] if request["name"] == metric]
    path = run / "measurements" / f"{keys[0]}.json" if keys else run / "none"
    found: Mapping[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return None if (run / "failure.json").exists() else found
