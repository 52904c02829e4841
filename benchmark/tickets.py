"""A job's recipe -> its ticket: the mask, the weights it rewinds to, the state it goes on with; and its teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop, removed_channels
from benchmark.errors import RunError
from benchmark.found import as_computed
from benchmark.layout import lay_out
from benchmark.networks import Networks, channel_scales, is_bias, is_of_channels, prunable_weights, section
from benchmark.precision import lowered
from benchmark.pruning import CRITERIA
from benchmark.pruning.allocate import LEAST_CHANNELS, draw, quotas
from benchmark.pruning.count import Target
from benchmark.pruning.criterion import Evidence
from benchmark.pruning.edge_popup import kept_weights
from benchmark.pruning.mask import apply
from benchmark.pruning.shrink import remove_channels
from benchmark.schema.job import MaskRecipe, Origin
from benchmark.schema.suite import Ranked
from benchmark.streams import stream

Tensors = dict[str, Tensor]


def rewind_weights(workshop: Workshop, results: ResultsDir) -> Tensors:
    """Return the unmasked weights and buffers that a job starts from, component by component as its recipe says."""
    rewind: Tensors = {}
    for component, origin in workshop.job.start.origins.items():
        drawn = origin.job is None
        source = workshop.initial(origin.stream) if drawn else _of_values(_stored(results, origin), origin.values)
        taken = section(source, origin.component or component)
        if not taken:
            raise RunError(f"{origin.job}: has no component '{origin.component or component}' to start from")
        rewind |= {f"{component}/{name}": tensor for name, tensor in taken.items()}
    return rewind


def rewound(workshop: Workshop, results: ResultsDir) -> Networks:
    """Return a job's networks with the unmasked weights and buffers that it starts from."""
    networks = workshop.networks()
    try:
        networks.load(rewind_weights(workshop, results))
    except ValueError as error:
        raise RunError(f"the weights to start from do not fit: {error}") from None
    return networks


def restored_state(workshop: Workshop, results: ResultsDir) -> Tensors:
    """Return the optimizers' state and moving averages of the moment that the weights come from; else nothing."""
    start = workshop.job.start
    state: Tensors = {}
    if start.optimizer == "restored":
        for component, origin in start.origins.items():
            assert origin.job is not None
            name = origin.component or component
            run = results.run(origin.job)
            tensors = run.read_tensors(run.snapshot(run.step_at(origin.at)))
            for kind in ("optimizer", "ema"):
                found = section(tensors, f"{kind}/{name}")
                state |= {f"{kind}/{component}/{key}": tensor for key, tensor in found.items()}
            # One for all components: where these come from several trainings, it is the last one's.
            for kind in ("scaler", "memory"):
                state |= {f"{kind}/{key}": tensor for key, tensor in section(tensors, kind).items()}
    return state


def with_teacher(workshop: Workshop, results: ResultsDir) -> Workshop:
    """Return a workshop whose objective has the job's teacher, if there is one: frozen and in evaluation mode.

    It computes in the precision and the layout of the training that it serves.
    """
    teacher = workshop.job.training.teacher
    if teacher is None:
        return workshop
    run = results.run(teacher.source)
    job = run.read_job().job
    networks = replace(workshop, job=job, channels=removed_channels(run, job)).networks()
    stored = as_computed(run, job, _stored(results, Origin(job=teacher.source, at=teacher.at)))
    networks.load(_of_values(stored, teacher.values))
    networks.train(False)
    training = workshop.job.training
    lay_out(networks.components.values(), training.layout)
    passes = lowered(networks, training.precision)
    teachers = nn.ModuleDict({name: passes[name] for name in teacher.components})
    return replace(workshop, teacher=teachers.requires_grad_(False))


def without_channels(workshop: Workshop, masks: Tensors, state: Tensors) -> Tensors:
    """Return a training's state, weights included, for the networks of which the masked channels are taken out.

    Whatever has the shape of its parameter, such as its average and the optimizer's moments, is put into whole
    networks in the parameter's place, and taken from them when the channels are gone.
    """
    whole = section(state, "raw")
    parts = replace(workshop, device="meta").networks().components
    names = {component: [name for name, _ in module.named_parameters()] for component, module in parts.items()}
    kinds: dict[str, dict[str, str]] = {}
    for key in state:
        kind, _, name = key.partition("/")
        if kind == "optimizer":
            component, index, kind = name.split("/")
            name = f"{component}/{names[component][int(index)]}"
        if name in whole and state[key].shape == whole[name].shape:
            kinds.setdefault(kind, {})[name] = key
    left = dict(state)
    for keys in kinds.values():
        networks = workshop.networks()
        networks.load(whole | {name: state[key] for name, key in keys.items()})
        remove_channels(networks, masks)
        thin = networks.state()
        left |= {key: thin[name] for name, key in keys.items()}
    return left


def make_masks(workshop: Workshop, results: ResultsDir, networks: Networks) -> Tensors:
    """Return a job's masks by full name, over all its prunable weights, or over the scales of its prunable channels.

    `networks` hold the job's start weights and stay as they are: their values count only where a criterion looks at
    losses, for what the weights' origin does not give.
    """
    recipe = workshop.job.mask
    masks = previous_masks(recipe, results, networks)
    if recipe.op != "draw":
        return masks
    origin = recipe.origin
    ranked = workshop.initial(origin.stream) if origin.job is None else mapped(recipe, _ranked(results, recipe))
    chosen = chosen_names(recipe, networks)
    if not chosen:
        raise RunError(nothing_to_prune(recipe))
    check_fit(ranked, networks, chosen)
    assert recipe.criterion is not None
    score = CRITERIA[recipe.criterion.name].load()
    evidence = _evidence(workshop, networks.state() | _fitting(ranked, networks), masks, chosen)
    scores = score(evidence, CRITERIA.parse(recipe.criterion))
    return draw(scores, masks, target(recipe), recipe.pool, least(recipe))


def _evidence(workshop: Workshop, values: Tensors, masks: Tensors, chosen: list[str]) -> Evidence:
    """Return what a criterion may look at: networks of its own with these values, and their losses."""
    networks = workshop.networks()
    networks.load(values)
    parameters = dict(networks.named_parameters())
    # already so, but for weights of which a training of scores uses a part and stores all
    apply(masks, {name: parameters[name] for name in masks})
    for name, mask in masks.items():
        if not bool(mask.all()):
            # A weight that is gone is no part of the network: neither is its gradient of the gradient flow.
            parameters[name].register_hook(mask.mul)  # type: ignore[no-untyped-call]
    weights = {name: parameters[name] for name in chosen}
    return Evidence(weights, stream(workshop.job.seed, "criterion"), workshop.losses(networks))


def previous_masks(recipe: MaskRecipe, results: ResultsDir, networks: Networks) -> Tensors:
    """Return the masks that a job starts from: all ones, but for what it takes over from another job."""
    origin = recipe.origin.job
    stored = {} if origin is None else results.run(origin).read_ticket()
    return inherited(recipe, stored, networks)


def inherited(recipe: MaskRecipe, stored: Tensors, networks: Networks) -> Tensors:
    """Return the masks of networks that take over those which the recipe's origin stored, none where it has none.

    RunError where they do not fit.
    """
    found = mapped(recipe, stored)
    channels = recipe.op == "reuse" and any(is_of_channels(name, mask) for name, mask in found.items())
    weights = channel_scales(networks) if channels else prunable(recipe, networks)
    if recipe.op == "reuse":
        # It is taken as it is: what it leaves out of its components is not prunable here either.
        components = {name.partition("/")[0] for name in found}
        weights = {name: weight for name, weight in weights.items() if name.partition("/")[0] not in components}
    else:
        # A full mask of a weight that is not prunable here says nothing, and would count as prunable.
        found = {name: mask for name, mask in found.items() if name in weights or not bool(mask.all())}
    check_fit(found, networks, sorted(found))
    full = torch.ones((), dtype=torch.bool)  # one value stands for all of a mask that nothing was taken from yet
    return {name: found.get(name, full.expand(weight.shape)) for name, weight in weights.items()} | found


def prunable(recipe: MaskRecipe, networks: Networks) -> Mapping[str, Tensor]:
    """Return what a recipe's masks cover, by full name: weights, or the scales that stand for channels."""
    if recipe.granularity == "channel":
        return channel_scales(networks, recipe.prunable.exclude)
    return prunable_weights(networks, recipe.prunable.kinds, recipe.prunable.exclude)


def chosen_names(recipe: MaskRecipe, networks: Networks) -> list[str]:
    """Return the full names of the weights, or scales, that a job prunes further."""
    weights = prunable(recipe, networks)
    return [name for name in weights if recipe.components is None or name.partition("/")[0] in recipe.components]


def expected_kept(workshop: Workshop, results: ResultsDir, networks: Networks) -> int:
    """Return how many weights (or channels) the counting rule leaves, from the masks before and the recipe alone."""
    recipe, rule = workshop.job.mask, workshop.job.training.scores
    if rule is not None:
        return kept_weights(networks, rule)
    before = previous_masks(recipe, results, networks)
    chosen = chosen_names(recipe, networks) if recipe.op == "draw" else []
    rest = sum(int(mask.sum()) for name, mask in before.items() if name not in chosen and not is_bias(name))
    if not chosen:
        return rest
    return rest + sum(quotas(before, chosen, target(recipe), recipe.pool, least(recipe)).values())


def target(recipe: MaskRecipe) -> Target:
    """Return how much a recipe removes."""
    return Target(recipe.fraction, recipe.rounds, recipe.sparsity)


def least(recipe: MaskRecipe) -> int:
    """Return how much of each layer survives a recipe's draw whatever the scores are."""
    return LEAST_CHANNELS if recipe.granularity == "channel" else 0


def nothing_to_prune(recipe: MaskRecipe) -> str:
    """Return what to say of a recipe that covers nothing."""
    if recipe.granularity == "channel":
        return "'exclude' and 'components' leave no channels of a batch norm with scales to prune"
    return "'kinds', 'exclude' and 'components' leave no weights to prune"


def _stored(results: ResultsDir, origin: Origin) -> Tensors:
    assert origin.job is not None
    run = results.run(origin.job)
    return run.read_tensors(run.WEIGHTS if origin.at == "end" else run.snapshot(run.step_at(origin.at)))


def _of_values(stored: Tensors, values: Ranked) -> Tensors:
    """Return stored weights and buffers, or the averages of the weights and the buffers."""
    return section(stored, "raw") | (section(stored, "ema") if values == "ema" else {})


def _ranked(results: ResultsDir, recipe: MaskRecipe) -> Tensors:
    stored = _stored(results, recipe.origin)
    raw, averages = section(stored, "raw"), section(stored, "ema")
    if recipe.values != "raw" and not averages:
        raise RunError(f"{recipe.origin.job}: has no moving averages to rank; set 'ema' in its training")
    if isinstance(recipe.values, str):
        return raw if recipe.values == "raw" else raw | averages
    averaged = [f"{component}/" for component, values in recipe.values.items() if values == "ema"]
    return raw | {name: average for name, average in averages.items() if name.startswith(tuple(averaged))}


def mapped(recipe: MaskRecipe, tensors: Tensors) -> Tensors:
    """Return tensors with components renamed by the recipe's map; with a map, what it does not name is left out."""
    if not recipe.map:
        return tensors
    renamed = {}
    for name, tensor in tensors.items():
        component, _, rest = name.partition("/")
        if component in recipe.map:
            renamed[f"{recipe.map[component]}/{rest}"] = tensor
    return renamed


def _fitting(tensors: Tensors, networks: Networks) -> Tensors:
    own = networks.state()
    return {name: tensor for name, tensor in tensors.items() if name in own and tensor.shape == own[name].shape}


def check_fit(tensors: Tensors, networks: Networks, names: list[str]) -> None:
    """Raise RunError unless both the tensors and the networks have these names, in the same shapes."""
    own = networks.state()
    for name in names:
        if name not in own or name not in tensors:
            raise RunError(f"{name}: the ticket's networks and this job's differ; a 'map' of components may be missing")
        if tensors[name].shape != own[name].shape:
            raise RunError(
                f"{name}: the ticket has shape {tuple(tensors[name].shape)}, needed {tuple(own[name].shape)}"
            )
