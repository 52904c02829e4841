"""Suite -> jobs: levels, sources, sharing, snapshots, and what cannot be planned, told by file and line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.plan import seeds
from benchmark.schema.job import Plan
from tests.tiny import SUITE, arm, planned

PLAN = planned()


def test_level_zero_is_the_dense_network_whatever_mask_and_weights_say() -> None:
    job = arm(PLAN, "gan_imp", 0).job
    assert (job.mask.op, job.start.optimizer, job.start.start_step) == ("ones", "fresh", 0)
    assert job.inputs == ()
    assert {origin.stream for origin in job.start.origins.values()} == {"init"}


def test_each_level_draws_at_the_one_before_and_rewinds_to_level_zero() -> None:
    dense, one, two = (arm(PLAN, "gan_imp", level) for level in (0, 1, 2))
    assert one.job.mask.origin.job == dense.id
    assert two.job.mask.origin.job == one.id
    for ticket in (one, two):
        assert {(origin.job, origin.at) for origin in ticket.job.start.origins.values()} == {(dense.id, 4)}
        assert (ticket.job.start.optimizer, ticket.job.start.start_step) == ("restored", 4)
    assert two.job.inputs == tuple(sorted((dense.id, one.id)))


def test_same_is_the_level_itself_of_another_experiment() -> None:
    random = arm(PLAN, "gan_random", 2).job
    assert random.mask.origin.job == arm(PLAN, "gan_imp", 2).id
    assert {origin.stream for origin in random.start.origins.values()} == {"reinit"}
    assert {origin.job for origin in random.start.origins.values()} == {None}


def test_levels_that_only_serve_others_are_jobs_without_arms() -> None:
    plan = planned(overrides=["experiments.gan_imp.levels=[3]"])
    assert [one.level for one in plan.arms if one.experiment == "gan_imp"] == [3]
    assert len([job for job in plan.jobs if job.id.startswith("dcgan-draw")]) == 3


def test_a_level_named_by_number_is_that_level_for_every_level() -> None:
    plan = planned(overrides=["experiments.gan_random.mask.from=gan_imp@1", "experiments.gan_random.levels=[1, 2, 3]"])
    assert len({arm(plan, "gan_random", level).id for level in (1, 2, 3)}) == 1
    assert arm(plan, "gan_random", 3).job.mask.origin.job == arm(plan, "gan_imp", 1).id


STRIDES = SUITE.replace(
    "  auto:\n",
    """\
  gan_strides:
    extends: gan
    mask: {from: self@previous, fraction: 0.2}
    levels: {last: 6, step: 2}
  gan_one_shot:
    extends: gan
    mask: {from: self@0, fraction: 0.2}
    levels: [2, 6]
  gan_snip:
    extends: gan
    mask: {from: init, fraction: 0.2, criterion: {name: snip}}
    levels: [2, 6]
  auto:
""",
    1,
)


def test_a_level_has_the_same_sparsity_however_it_was_come_to() -> None:
    plan = planned(STRIDES)
    rounds = {
        (one.experiment, one.level): plan.job(one.job).job.mask.rounds
        for one in plan.arms
        if one.experiment in ("gan_strides", "gan_one_shot", "gan_snip") and one.level
    }
    assert rounds == {
        ("gan_strides", 2): 2,
        ("gan_strides", 4): 2,
        ("gan_strides", 6): 2,
        ("gan_one_shot", 2): 2,
        ("gan_one_shot", 6): 6,
        ("gan_snip", 2): 2,
        ("gan_snip", 6): 6,
    }


def test_levels_between_those_of_a_range_with_a_step_are_never_trained() -> None:
    plan = planned(STRIDES)
    four, two, dense = (arm(plan, "gan_strides", level) for level in (4, 2, 0))
    assert four.job.mask.origin.job == two.id
    assert two.job.mask.origin.job == dense.id
    assert {one.level for one in plan.arms if one.experiment == "gan_strides"} == {0, 2, 4, 6}


def is_in_order(plan: Plan) -> bool:
    seen: set[str] = set()
    for job in plan.jobs:
        if not set(job.job.inputs) <= seen:
            return False
        seen.add(job.id)
    return True


@settings(max_examples=25)
@given(
    first=st.integers(0, 4),
    more=st.integers(0, 3),
    number=st.integers(1, 3),
    begin=st.integers(0, 50),
    chosen=st.sets(st.integers(1, 6), min_size=1),
)
def test_every_arm_has_a_job_and_inputs_stand_before_what_needs_them(
    first: int, more: int, number: int, begin: int, chosen: set[int]
) -> None:
    plan = planned(
        overrides=[
            f"experiments.gan_imp.levels={{first: {first}, last: {first + more}}}",
            f"experiments.gan_random.levels={sorted(chosen)}",
            f"seeds={number}",
            f"first_seed={begin}",
        ]
    )
    wanted = {("gan_imp", level, seed) for level in range(first, first + more + 1) for seed in seeds(plan.suite)}
    wanted |= {("gan_random", level, seed) for level in chosen for seed in seeds(plan.suite)}
    arms = {(one.experiment, one.level, one.seed): one.job for one in plan.arms}
    assert wanted <= arms.keys()
    assert set(seeds(plan.suite)) == set(range(begin, begin + number))
    assert is_in_order(plan)
    assert len({job.id for job in plan.jobs}) == len(plan.jobs)
    for (_, _, seed), job in arms.items():
        assert plan.job(job).job.seed == seed
    with pytest.raises(KeyError):
        plan.job("none")


def test_a_shared_job_gives_what_all_of_its_experiments_ask_for() -> None:
    plan = planned(overrides=["experiments.gan_imp.metrics.macs={name: macs, kind: dense}"])
    dense = arm(plan, "gan")
    assert dense.id == arm(plan, "gan_imp").id
    assert [request.name for request in dense.metrics] == ["fid", "macs", "sparsity"]
    assert [request.name for request in arm(plan, "gan_random", 2).metrics] == ["fid", "sparsity"]
    assert dense.snapshots == (4,)


def test_snapshots_are_asked_for_where_tickets_rewind_to_or_draw_at() -> None:
    plan = planned(
        overrides=[
            "experiments.gan_imp.mask.at=7",
            "experiments.gan_imp.weights.at=end",
            "experiments.gan_imp.weights.start_step=0",
        ]
    )
    assert arm(plan, "gan_imp", 0).snapshots == (7, 12)  # the end, for the optimizers' state
    assert arm(plan, "gan_imp", 1).snapshots == (7,)
    assert arm(plan, "gan_imp", 2).snapshots == ()


def test_optimizers_are_named_by_component_with_the_rest_filled_in() -> None:
    plan = planned(overrides=["experiments.gan.training.optimizers.generator={lr: 0.5}"])
    chosen = arm(plan, "gan").job.training.optimizers
    assert {name: optimizer.lr for name, optimizer in chosen.items()} == {"generator": 0.5, "discriminator": 0.002}


ONE_SHOT = SUITE.replace(
    "  auto:\n",
    """\
  one_shot:
    extends: gan
    mask: {from: gan@0}
    weights: {from: gan@0, at: 4}
    matrix:
      mask.sparsity: [0.5, 0.9]
      training.batch_size: [8, 4]
      exclude: [{mask.sparsity: 0.9, training.batch_size: 4}]
  auto:
""",
)


def test_a_one_shot_curve_is_a_matrix_of_experiments_with_one_level_each() -> None:
    plan = planned(ONE_SHOT)
    found = {one.experiment: plan.job(one.job).job for one in plan.arms if one.experiment.startswith("one_shot")}
    assert {name: (job.mask.sparsity, job.training.batch_size) for name, job in found.items()} == {
        "one_shot[sparsity=0.5,batch_size=8]": (0.5, 8),
        "one_shot[sparsity=0.5,batch_size=4]": (0.5, 4),
        "one_shot[sparsity=0.9,batch_size=8]": (0.9, 8),
    }
    dense = arm(plan, "gan").id
    assert {job.mask.origin.job for job in found.values()} == {dense}
    assert {one.level for one in plan.arms if one.experiment in found} == {1}


TRANSFER = SUITE.replace(
    "  auto:\n",
    """\
  moved:
    extends: auto
    model: {name: conv_vae, base_channels: 4, code_channels: null, z_dim: 4}
    objective: {name: vae}
    mask: {op: reuse, from: gan_imp@same, map: {generator: decoder}}
    weights: {from: init, components: {decoder: {from: gan_imp@0, at: 4, component: generator}}}
  auto:
""",
).replace("code_channels: null, ", "")


def test_a_transfer_names_components_on_both_sides() -> None:
    text = TRANSFER.replace("code_channels: 8", "z_dim: 4").replace("name: conv_autoencoder", "name: conv_vae")
    text = text.replace("objective: {name: autoencoder}", "objective: {name: vae}")
    job = arm(planned(text), "moved", 1).job
    ticket = arm(planned(text), "gan_imp", 1)
    assert (job.mask.op, job.mask.origin.job, job.mask.map) == ("reuse", ticket.id, {"generator": "decoder"})
    assert job.start.origins["decoder"].component == "generator"
    assert job.start.origins["decoder"].at == 4
    assert job.start.origins["encoder"].job is None


def test_a_long_chain_of_levels_can_be_planned() -> None:
    text = SUITE.replace("levels: {first: 0, last: 2}", "levels: [100]").replace("levels: [2]", "levels: [100]")
    text = text.replace("from: self@previous, fraction: 0.2", "from: gan_random@previous, fraction: 0.01")
    plan = planned(text)
    assert is_in_order(plan)
    assert len(plan.jobs) == 1 + 2 * 100 + 2
