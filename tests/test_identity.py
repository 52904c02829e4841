"""A job's id: what it depends on, and what it must not depend on."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.identity import digest, identity, job_id
from benchmark.models import MODELS
from benchmark.schema.job import Job, Plan
from benchmark.schema.record import Selection
from benchmark.suites.document import read_document
from tests.tiny import SUITE, arm, planned

OTHER_VALUES: dict[str, Any] = {
    "seed": 1,
    "dataset.options.image_size": 16,
    "dataset.version": 2,
    "model.options.base_channels": 5,
    "model.options.z_dim": 5,
    "model.options.activation": "leaky_relu",
    "model.options.init": "torch_default",
    "model.version": 2,
    "objective.options.loss": "hinge",
    "objective.options.n_dis": 2,
    "objective.options.clip": 0.01,
    "objective.options.gradient_penalty": 10.0,
    "objective.options.generator_batch": 4,
    "objective.options.generator_after": 1,
    "objective.version": 2,
    "training.steps": 13,
    "training.batch_size": 9,
    "training.ema": 0.5,
    "training.optimizers.generator.lr": 0.1,
    "training.optimizers.discriminator.lr": 0.1,
    "training.optimizers.generator.betas": [0.5, 0.9],
    "training.optimizers.generator.name": "sgd",
    "training.optimizers.generator.momentum": 0.5,
    "training.optimizers.generator.weight_decay": 0.5,
    "mask.op": "reuse",
    "mask.origin.job": "another",
    "mask.origin.at": 3,
    "mask.values": "ema",
    "mask.criterion.name": "random",
    "mask.criterion.version": 2,
    "mask.fraction": 0.3,
    "mask.rounds": 2,
    "mask.sparsity": 0.3,
    "mask.pool": "layer",
    "mask.granularity": "channel",
    "mask.prunable.kinds": ["conv"],
    "mask.prunable.exclude": ["generator"],
    "mask.components": ["generator"],
    "mask.map": {"generator": "generator"},
    "training.stop": {"when": "mask_stable", "sparsity": 0.5, "unit": "epoch"},
    "training.penalty": {"name": "batch_norm_l1", "weight": 0.0001},
    "training.schedule": {"name": "linear", "from": 3},
    "training.augmentation": {"mirror": True},
    "training.teacher": {"from": "another", "component": "discriminator"},
    "training.scores": {"kept": 0.5},
    "training.precision": "bfloat16",
    "training.layout": "channels_last",
    "shrink": True,
    "start.optimizer": "fresh",
    "start.start_step": 5,
    "start.origins.generator.job": "another",
    "start.origins.generator.at": "end",
    "start.origins.generator.values": "ema",
    "start.origins.generator.stream": "other",
    "start.origins.generator.component": "discriminator",
}
"""For every field of a job, by path, a value that the ticket below does not have."""

PLAN = planned()
TICKET = arm(PLAN, "gan_imp", 1).job


def changed(job: Job, path: str, value: Any) -> Job:
    tree = job.model_dump(mode="json")
    *parents, last = path.split(".")
    node = tree
    for key in parents:
        node = node[key]
    assert node[last] != value
    node[last] = value
    return Job.model_validate_json(json.dumps(tree))


def leaves(tree: Any, path: tuple[str, ...] = ()) -> set[str]:
    """Return the dotted paths of all values."""
    if not isinstance(tree, dict) or not tree:
        return {".".join(path)}
    return {leaf for key, value in tree.items() for leaf in leaves(value, (*path, key))}


def test_every_field_of_a_job_is_tried() -> None:
    found = leaves(TICKET.model_dump(mode="json"))
    found = {path for path in found if not re.match(r"start\.origins\.discriminator|.*optimizers\.discriminator", path)}
    names = {path for path in found if path.endswith((".name", ".options"))}
    foreign = {f"mask.origin.{key}" for key in ("stream", "component", "values")}
    assert found - names - foreign <= OTHER_VALUES.keys()


@pytest.mark.parametrize("path", OTHER_VALUES)
def test_every_field_of_a_job_changes_its_id(path: str) -> None:
    other = changed(TICKET, path, OTHER_VALUES[path])
    assert digest(identity(other)) != digest(identity(TICKET))


def test_another_member_of_a_family_is_another_job() -> None:
    dense = arm(PLAN, "auto").job
    other = dense.model_copy(update={"model": MODELS.resolve(Selection(name="linear_autoencoder"))})
    assert digest(identity(other)) != digest(identity(dense))
    assert job_id(other).startswith("linear_autoencoder-dense-s0-")


def shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        keys = sorted(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return value


def ids(plan: Plan) -> dict[tuple[str, int, int], str]:
    return {(one.experiment, one.level, one.seed): one.job for one in plan.arms}


TREE: Any = read_document(SUITE, "tiny.yaml", []).plain()
IDS = ids(PLAN)


@settings(max_examples=15)
@given(chance=st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(chance: random.Random) -> None:
    assert ids(planned(json.dumps(shuffled(TREE, chance)))) == IDS


DEFAULTS = [
    ("dataset", {"image_size": 8}),
    ("model", {"activation": "relu"}),
    ("model", {"init": "dcgan"}),
    ("objective", {"loss": "non_saturating"}),
    ("objective", {"n_dis": 1}),
    ("training", {"ema": None}),
    ("training", {"optimizers": {"*": {"lr": 0.002, "betas": [0.5, 0.999], "name": "adam", "momentum": 0.0}}}),
    (
        "training",
        {"optimizers": {name: {"lr": 0.002, "betas": [0.5, 0.999]} for name in ("generator", "discriminator")}},
    ),
]


@settings(max_examples=15)
@given(chosen=st.sets(st.integers(0, len(DEFAULTS) - 1)))
def test_writing_a_default_down_changes_nothing(chosen: set[int]) -> None:
    tree = json.loads(json.dumps(TREE))
    for index in sorted(chosen):
        block, values = DEFAULTS[index]
        tree["experiments"]["gan"][block] |= values
    assert ids(planned(json.dumps(tree))) == IDS


@pytest.mark.parametrize(
    "mask",
    [
        {"op": "draw", "rounds": 1, "pool": "global", "values": "raw", "at": "end"},
        {"criterion": {"name": "magnitude"}},
        {"prunable": {"kinds": ["conv", "conv_transpose", "linear"], "exclude": []}, "components": None, "map": {}},
        {"from": "gan_imp@previous"},
    ],
)
def test_writing_a_default_of_the_mask_down_changes_nothing(mask: dict[str, Any]) -> None:
    tree = json.loads(json.dumps(TREE))
    tree["experiments"]["gan_imp"]["mask"] |= mask
    assert ids(planned(json.dumps(tree))) == IDS


@pytest.mark.parametrize(
    "override",
    [
        "experiments.gan_imp.levels.last=4",
        "experiments.gan_imp.levels=[2]",
        "experiments.gan_random.levels=[1, 2]",
        "experiments.gan.metrics.sparsity={name: audit}",
        "experiments.gan.metrics.macs={name: macs, kind: dense}",
        "experiments.gan.says=Another sentence.",
        "experiments.auto.training.steps=99",
        "seeds=3",
    ],
)
def test_more_levels_metrics_seeds_and_other_experiments_change_no_id(override: str) -> None:
    other = ids(planned(overrides=[override]))
    kept = {key: job for key, job in IDS.items() if key in other and not key[0].startswith("auto")}
    assert len(kept) >= 3
    assert {key: other[key] for key in kept} == kept


def test_snapshots_asked_for_change_no_id() -> None:
    other = planned(SUITE.replace("levels: {first: 0, last: 2}", "levels: [0]").replace("gan_imp@same", "gan_imp@0"))
    assert arm(other, "gan_imp").id == arm(PLAN, "gan_imp").id
    assert arm(other, "gan_imp").snapshots == ()
    assert arm(PLAN, "gan_imp").snapshots == (4,)


def test_arms_with_the_same_recipe_are_one_job() -> None:
    assert arm(PLAN, "gan").id == arm(PLAN, "gan_imp", 0).id
    assert arm(PLAN, "auto").id == arm(PLAN, "auto_imp", 0).id
    assert len(PLAN.jobs) == len(PLAN.arms) - 2 == len(set(IDS.values()))


def test_a_change_of_an_input_changes_all_that_follows() -> None:
    other = ids(planned(overrides=["experiments.gan.training.batch_size=9"]))
    for key, job in IDS.items():
        assert (other[key] == job) == key[0].startswith("auto")


def test_released_ids_stay() -> None:
    # These literals may only change together with an entry in CHANGELOG.md: every result that anybody has made
    # under another id is made again.
    assert {f"{name}@{level}": job for (name, level, _), job in IDS.items()} == {
        "gan@0": "dcgan-dense-s0-9939def721",
        "gan_imp@0": "dcgan-dense-s0-9939def721",
        "gan_imp@1": "dcgan-draw-s0-c9f61962ac",
        "gan_imp@2": "dcgan-draw-s0-b9b286f806",
        "gan_random@2": "dcgan-reuse-s0-00baf3ece9",
        "auto@0": "conv_autoencoder-dense-s0-cfb26acc7f",
        "auto_imp@0": "conv_autoencoder-dense-s0-cfb26acc7f",
        "auto_imp@1": "conv_autoencoder-draw-s0-6ca6446170",
    }


def test_what_is_hashed_leaves_defaults_out() -> None:
    hashed = identity(arm(PLAN, "auto").job)
    assert hashed["dataset"] == {"name": "digits", "options": {}}
    assert hashed["model"] == {"name": "conv_autoencoder", "options": {"base_channels": 4, "code_channels": 8}}
    assert hashed["start"] == {"origins": {"encoder": {}, "decoder": {}}}
    assert hashed["mask"] == {}
