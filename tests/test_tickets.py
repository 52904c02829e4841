"""Tickets: the mask that a recipe draws or takes over, and the weights it rewinds to, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.errors import RunError
from benchmark.networks import Networks, section
from benchmark.pruning.count import kept_after
from benchmark.schema.job import Job, PlannedJob
from benchmark.schema.training import Optimizer
from benchmark.suites.document import read_document
from benchmark.tickets import expected_kept, make_masks, restored_state, rewound
from tests import tiny

PLAN = tiny.planned()
Tensors = dict[str, Tensor]
FROM_MASK: Any = prune.custom_from_mask  # torch leaves it untyped


def masks_of(run: RunDir) -> Tensors:
    return run.read_tensors(run.MASK)


def start_of(run: RunDir) -> Tensors:
    return section(run.read_tensors(run.START), "raw")


def run_of(folder: Path, experiment: str, level: int = 0) -> RunDir:
    return ResultsDir(folder).run(tiny.arm(PLAN, experiment, level).id)


def same(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def ticket_masks(folder: Path, job: Job) -> tuple[Tensors, Networks]:
    """Return the masks of a job that is not in the plan, made from the campaign's results."""
    workshop, results = Workshop(job), ResultsDir(folder)
    networks = rewound(workshop, results)
    return make_masks(workshop, results, networks), networks


def changed(job: Job, **changes: dict[str, Any]) -> Job:
    """Return a job with fields of its mask, start or training replaced."""
    tree = job.model_dump(mode="json")
    for block, values in changes.items():
        tree[block] |= values
    return Job.model_validate_json(json.dumps(tree))


def pruned_by_torch(networks: Networks, before: Tensors, amount: float) -> Tensors:
    layers: dict[str, nn.Module] = {}
    for name, mask in before.items():
        component, _, path = name.removesuffix(".weight").partition("/")
        layers[name] = networks[component].get_submodule(path)
        FROM_MASK(layers[name], "weight", mask)
    prune.global_unstructured(
        [(layer, "weight") for layer in layers.values()], pruning_method=prune.L1Unstructured, amount=amount
    )
    return {name: layer.weight_mask.bool() for name, layer in layers.items()}  # type: ignore[operator]


@pytest.mark.parametrize("level", [1, 2])
def test_iterative_masks_equal_those_of_torch_on_the_trained_weights(finished: Path, level: int) -> None:
    parent, child = run_of(finished, "gan_imp", level - 1), run_of(finished, "gan_imp", level)
    networks = Workshop(parent.read_job().job).networks()
    networks.load(section(parent.read_tensors(parent.WEIGHTS), "raw"))
    assert same(pruned_by_torch(networks, masks_of(parent), 0.2), masks_of(child))


@pytest.mark.parametrize("level", [1, 2])
def test_survivors_equal_the_snapshot_bit_for_bit_and_the_rest_is_zero(finished: Path, level: int) -> None:
    dense, child = run_of(finished, "gan_imp"), run_of(finished, "gan_imp", level)
    snapshot = section(dense.read_tensors(dense.snapshot(4)), "raw")
    masks, start = masks_of(child), start_of(child)
    assert start.keys() == snapshot.keys()
    for name, tensor in start.items():
        kept = masks.get(name, torch.ones_like(tensor, dtype=torch.bool))
        assert torch.equal(tensor[kept], snapshot[name][kept]), name
        assert not tensor[~kept].any(), name
    assert not same(snapshot, section(dense.read_tensors(dense.WEIGHTS), "raw"))


def test_the_optimizer_goes_on_from_the_snapshot(finished: Path) -> None:
    dense, child = run_of(finished, "gan_imp"), run_of(finished, "gan_imp", 1)
    stored = child.read_tensors(child.START)
    state = {name: tensor for name, tensor in stored.items() if name.startswith("optimizer/")}
    snapshot = dense.read_tensors(dense.snapshot(4))
    assert same(state, {name: tensor for name, tensor in snapshot.items() if name.startswith("optimizer/")})
    assert {tensor.item() for name, tensor in state.items() if name.endswith("/step")} == {4.0}


def test_a_ticket_rewound_to_initialization_starts_from_this_seeds_initial_weights(finished: Path) -> None:
    dense, child = run_of(finished, "auto"), run_of(finished, "auto_imp", 1)
    initial, masks = start_of(dense), masks_of(child)
    assert same(initial, Workshop(dense.read_job().job).initial("init"))
    for name, tensor in start_of(child).items():
        assert torch.equal(tensor, initial[name] * masks.get(name, torch.tensor(1)))
    assert not restored_state(Workshop(child.read_job().job), ResultsDir(finished))


def test_a_random_ticket_has_the_winners_mask_and_other_weights(finished: Path) -> None:
    winner, chance, dense = run_of(finished, "gan_imp", 2), run_of(finished, "gan_random", 2), run_of(finished, "gan")
    assert winner.files.read(winner.MASK) == chance.files.read(chance.MASK)
    start, initial, masks = start_of(chance), start_of(dense), masks_of(chance)
    for name, mask in masks.items():
        assert not (start[name] == initial[name])[mask].any(), name
        assert not start[name][~mask].any()


def test_one_round_is_counted_over_all_components_together(finished: Path) -> None:
    for level in (0, 1, 2):
        masks = masks_of(run_of(finished, "gan_imp", level))
        total = sum(mask.numel() for mask in masks.values())
        assert sum(int(mask.sum()) for mask in masks.values()) == kept_after(total, 0.2, level)
    shares = {name: masks_of(run_of(finished, "gan_imp", 1))[name].float().mean().item() for name in masks}
    assert len({round(share, 3) for share in shares.values()}) > 2  # one threshold, not one fraction per layer


def test_pruning_one_component_leaves_the_other_whole(finished: Path) -> None:
    job = changed(tiny.arm(PLAN, "gan_imp", 1).job, mask={"components": ["generator"]})
    masks, networks = ticket_masks(finished, job)
    generator = [mask for name, mask in masks.items() if name.startswith("generator/")]
    total = sum(mask.numel() for mask in generator)
    assert sum(int(mask.sum()) for mask in generator) == kept_after(total, 0.2)
    assert all(bool(mask.all()) for name, mask in masks.items() if name.startswith("discriminator/"))
    kept = sum(int(mask.sum()) for mask in masks.values())
    assert expected_kept(Workshop(job), ResultsDir(finished), networks) == kept


def test_a_pruned_component_stays_pruned_when_another_is_pruned_further(finished: Path) -> None:
    job = changed(tiny.arm(PLAN, "gan_imp", 2).job, mask={"components": ["generator"]})
    masks, _ = ticket_masks(finished, job)
    before = masks_of(run_of(finished, "gan_imp", 1))
    for name, mask in masks.items():
        assert torch.equal(mask, before[name]) == name.startswith("discriminator/"), name
        assert not (mask & ~before[name]).any()


def test_excluded_modules_are_not_counted(finished: Path) -> None:
    recipe = {"prunable": {"kinds": ["conv", "conv_transpose"], "exclude": ["generator/conv0"]}}
    masks, _ = ticket_masks(finished, changed(tiny.arm(PLAN, "gan_imp", 1).job, mask=recipe))
    assert masks.keys() == masks_of(run_of(finished, "gan")).keys() - {"generator/conv0.weight"}
    total = sum(mask.numel() for mask in masks.values())
    assert sum(int(mask.sum()) for mask in masks.values()) == kept_after(total, 0.2)


def run_text(folder: Path, tree: Any) -> ResultsDir:
    ends = tiny.run(folder, tiny.suite_of(json.dumps(tree)))
    assert set(ends.values()) == {"done"}, ends
    return ResultsDir(folder)


def tree_of(*names: str) -> Any:
    """Return the tiny suite with some of its experiments alone."""
    tree: Any = json.loads(json.dumps(read_document(tiny.SUITE, "tiny.yaml", []).plain()))
    tree["experiments"] = {name: tree["experiments"][name] for name in names}
    tree["experiments"][names[0]]["metrics"] = {}
    return tree


def planned(tree: Any, experiment: str, level: int) -> PlannedJob:
    return tiny.arm(tiny.planned(json.dumps(tree)), experiment, level)


def test_a_reused_mask_is_taken_as_it_is_whatever_it_leaves_out(tmp_path: Path) -> None:
    tree = tree_of("gan", "gan_imp", "gan_random")
    tree["experiments"]["gan_imp"]["mask"]["prunable"] = {"exclude": ["generator/conv0"]}
    results = run_text(tmp_path / "r", tree)
    winner = results.run(planned(tree, "gan_imp", 2).id)
    chance = results.run(planned(tree, "gan_random", 2).id)
    assert "generator/conv0.weight" not in masks_of(winner)
    assert winner.files.read(winner.MASK) == chance.files.read(chance.MASK)


def test_averages_are_masked_as_the_weights_are(tmp_path: Path) -> None:
    tree = tree_of("gan", "gan_imp")
    tree["experiments"]["gan"]["training"]["ema"] = 0.9
    results = run_text(tmp_path / "r", tree)
    for level in (1, 2):
        run = results.run(planned(tree, "gan_imp", level).id)
        masks = masks_of(run)
        for name in (run.START, run.WEIGHTS):
            averages = section(run.read_tensors(name), "ema")
            assert averages
            for weight, mask in masks.items():
                assert not averages[weight][~mask].any(), f"{weight} in {name} of level {level}"


def test_averages_can_be_ranked_instead_of_weights(tmp_path: Path) -> None:
    tree = tree_of("gan", "gan_imp")
    tree["experiments"]["gan"]["training"]["ema"] = 0.9
    tree["experiments"]["gan_imp"] |= {"levels": [0, 1]}
    tree["experiments"]["gan_imp"]["mask"]["values"] = "ema"
    results = run_text(tmp_path / "r", tree)
    dense, ticket = (results.run(planned(tree, "gan_imp", level).id) for level in (0, 1))
    networks, end = Workshop(dense.read_job().job).networks(), dense.read_tensors(dense.WEIGHTS)
    networks.load(section(end, "raw") | section(end, "ema"))
    assert same(pruned_by_torch(networks, masks_of(dense), 0.2), masks_of(ticket))


def test_a_mask_drawn_at_initialization_ranks_the_initial_weights_whatever_the_start(finished: Path) -> None:
    imp = tiny.arm(PLAN, "gan_imp", 1).job
    job = changed(imp, mask={"origin": {}})
    masks, networks = ticket_masks(finished, job)
    networks.load(Workshop(job).initial("init"))
    assert same(pruned_by_torch(networks, {name: torch.ones_like(mask) for name, mask in masks.items()}, 0.2), masks)


def test_a_generator_moves_to_another_network_as_its_decoder(tmp_path: Path) -> None:
    tree = tree_of("gan", "gan_imp")
    tree["experiments"]["vae"] = {
        "dataset": {"name": "digits"},
        "model": {"name": "conv_vae", "base_channels": 4, "z_dim": 4},
        "objective": {"name": "vae"},
        "training": {"steps": 3, "batch_size": 8, "optimizers": {"*": {"lr": 0.001}}},
        "mask": {"op": "reuse", "from": "gan_imp@2", "map": {"generator": "decoder"}},
        "weights": {"components": {"decoder": {"from": "gan_imp@0", "at": 4, "component": "generator"}}},
    }
    results = run_text(tmp_path / "r", tree)
    source, moved = results.run(planned(tree, "gan_imp", 2).id), results.run(planned(tree, "vae", 1).id)
    masks, before = masks_of(moved), masks_of(source)
    for name, mask in masks.items():
        component, _, path = name.partition("/")
        assert torch.equal(mask, before[f"generator/{path}"]) if component == "decoder" else mask.all()
    weights = start_of(source)
    decoder = section(start_of(moved), "decoder")
    assert same(decoder, section(weights, "generator"))
    assert same(section(start_of(moved), "encoder"), section(Workshop(moved.read_job().job).initial("init"), "encoder"))


def other_width(experiment: str, level: int) -> Job:
    job = tiny.arm(PLAN, experiment, level).job
    return changed(job, model={"options": {**job.model.options, "base_channels": 5}})


def test_a_mask_that_does_not_fit_is_told_by_name_and_shape(finished: Path) -> None:
    with pytest.raises(
        RunError, match=r"discriminator/conv0\.weight: the ticket has shape \(4, 1, 4, 4\), needed \(5, "
    ):
        ticket_masks(finished, other_width("gan_random", 2))


def test_weights_that_do_not_fit_are_told_by_name_and_shape(finished: Path) -> None:
    with pytest.raises(RunError, match=r"has shape \(4, 1, 4, 4\), expected \(5, 1, 4, 4\)"):
        ticket_masks(finished, other_width("gan_imp", 1))


def test_a_mask_for_other_components_asks_for_a_map(finished: Path) -> None:
    mask = tiny.arm(PLAN, "gan_random", 2).job.mask
    job = tiny.arm(PLAN, "auto", 0).job.model_copy(update={"mask": mask})
    with pytest.raises(RunError, match="a 'map' of components may be missing"):
        ticket_masks(finished, job)


def test_averages_that_were_not_kept_cannot_be_ranked(finished: Path) -> None:
    job = changed(tiny.arm(PLAN, "gan_imp", 1).job, mask={"values": "ema"})
    with pytest.raises(RunError, match="has no moving averages to rank; set 'ema' in its training"):
        ticket_masks(finished, job)


def test_a_component_that_is_not_there_cannot_be_started_from(finished: Path) -> None:
    job = tiny.arm(PLAN, "gan_imp", 1).job
    origin = job.start.origins["generator"].model_copy(update={"component": "decoder"})
    start = job.start.model_copy(update={"origins": {**job.start.origins, "generator": origin}})
    with pytest.raises(RunError, match="has no component 'decoder' to start from"):
        ticket_masks(finished, job.model_copy(update={"start": start}))


def test_an_all_ones_ticket_rewound_with_its_optimizer_is_the_dense_training_again(tmp_path: Path) -> None:
    tree = tree_of("gan", "gan_imp")
    tree["experiments"]["gan"]["training"]["ema"] = 0.9
    tree["experiments"]["gan_imp"] |= {"levels": [0, 1]}
    tree["experiments"]["gan_imp"]["mask"] = {"from": "ones"}
    results = run_text(tmp_path / "r", tree)
    dense, again = (results.run(planned(tree, "gan_imp", level).id) for level in (0, 1))
    assert dense.id != again.id
    assert dense.files.read(dense.WEIGHTS) == again.files.read(again.WEIGHTS)


@pytest.mark.parametrize("optimizer", [Optimizer(name="sgd", lr=0.01, momentum=0.9), Optimizer(name="sgd", lr=0.01)])
def test_a_rewound_optimizer_of_any_kind_goes_on(tmp_path: Path, optimizer: Optimizer) -> None:
    tree = tree_of("gan", "gan_imp")
    tree["experiments"]["gan"]["training"]["optimizers"] = {"*": optimizer.model_dump(mode="json")}
    tree["experiments"]["gan_imp"] |= {"levels": [0, 1], "mask": {"from": "ones"}}
    results = run_text(tmp_path / "r", tree)
    dense, again = (results.run(planned(tree, "gan_imp", level).id) for level in (0, 1))
    assert dense.files.read(dense.WEIGHTS) == again.files.read(again.WEIGHTS)
