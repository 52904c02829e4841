"""Whether masks and weights fit the models they are for, told before anything runs: shapes alone, without memory.

Networks are built on torch's meta device, and the masks of one job are taken over by the next by the very rules of
`benchmark.tickets`. So this module imports torch; whoever plans asks it only where a plan moves something or names
layers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from benchmark.assembly import Workshop
from benchmark.datasets import DATASETS
from benchmark.errors import RunError, did_you_mean
from benchmark.networks import Networks, channel_scales, layer_names, section
from benchmark.penalty import penalized
from benchmark.pruning.early_bird import EarlyBird, looks
from benchmark.pruning.edge_popup import is_searched, searched
from benchmark.pruning.shrink import obstacles
from benchmark.resolve import Path, Problems
from benchmark.schema.job import Job, MaskRecipe, Origin, Plan
from benchmark.schema.search import Search
from benchmark.schema.training import Penalty
from benchmark.suites import Loaded
from benchmark.tickets import check_fit, chosen_names, inherited, mapped, nothing_to_prune


def check_shapes(loaded: Loaded, plan: Plan, moving: Iterable[str]) -> None:
    """Raise `SuiteError` with a line for every mask and weight that does not fit one of the jobs with these ids."""
    blueprints = _Blueprints({planned.id: planned.job for planned in plan.jobs})
    for identifier in moving:
        blueprints.check_prunable(identifier)
        blueprints.check_searched(identifier)
        blueprints.masks(identifier)
        blueprints.check_start(identifier)
        blueprints.check_removable(identifier)
        blueprints.check_scaled(identifier)
    owners, problems = _owners(plan), Problems(loaded)
    for identifier, path, message in blueprints.misfits:
        problems.add(("experiments", owners[identifier], *path), message)
    problems.settle()


def _owners(plan: Plan) -> dict[str, str]:
    """Return the experiment that each job was planned for: one of its own, else one that needs it."""
    owners: dict[str, str] = {}
    for arm in plan.arms:
        owners.setdefault(arm.job, arm.experiment)
    for planned in reversed(plan.jobs):
        for identifier in planned.job.inputs:
            owners.setdefault(identifier, owners[planned.id])
    return owners


@dataclass
class _Blueprints:
    """The networks and masks of a plan's jobs, without values, and what was found not to fit."""

    jobs: dict[str, Job]
    misfits: list[tuple[str, Path, str]] = field(default_factory=list)
    _networks: dict[str, Networks] = field(default_factory=dict)
    _masks: dict[str, dict[str, Tensor]] = field(default_factory=dict)

    def networks(self, job: Job) -> Networks:
        """Return a job's networks on the meta device."""
        key = job.model.model_dump_json() + job.dataset.model_dump_json()
        if key not in self._networks:
            self._networks[key] = Workshop(job, "meta").networks()
        return self._networks[key]

    def masks(self, identifier: str) -> dict[str, Tensor]:
        """Return a job's masks, false wherever it or a job before it prunes; one value is held for each.

        A job whose masks do not fit is noted, and goes on as dense: those after it are not told about its fault.
        """
        if identifier not in self._masks:
            job = self.jobs[identifier]
            rule = job.training.scores
            try:
                masks = self._pruned(job.mask, self.networks(job)) if rule is None else self._found(job, rule)
            except RunError as error:
                self._note(identifier, job.mask.origin, ("mask", "map" if job.mask.map else "from"), str(error))
                masks = inherited(MaskRecipe(), {}, self.networks(job))
            self._masks[identifier] = {name: _one_value(mask) for name, mask in masks.items()}
        return self._masks[identifier]

    def check_prunable(self, identifier: str) -> None:
        """Note what a drawn mask excludes but its networks do not have, and one that has nothing to prune."""
        job = self.jobs[identifier]
        if job.mask.op != "draw":
            return
        known = _excludable(job.mask, self.networks(job))
        self._check_excluded(identifier, job.mask.prunable.exclude, known, ("mask",))
        if not chosen_names(job.mask, self.networks(job)):
            self.misfits.append((identifier, ("mask", "prunable"), nothing_to_prune(job.mask)))

    def check_searched(self, identifier: str) -> None:
        """Note what a training of scores excludes but its networks do not have, and components that have no scores."""
        job, path = self.jobs[identifier], ("training", "scores")
        rule = job.training.scores
        if rule is None:
            return
        networks = self.networks(job)
        self._check_excluded(identifier, rule.prunable.exclude, layer_names(networks), path)
        having = {name.partition("/")[0] for name in searched(networks, rule)}
        for component in networks.components:
            if is_searched(rule, component) and component not in having:
                message = f"'kinds' and 'exclude' leave no weights of '{component}' to have scores"
                self.misfits.append((identifier, (*path, "prunable"), message))

    def _check_excluded(self, identifier: str, exclude: tuple[str, ...], known: list[str], path: Path) -> None:
        for index, name in enumerate(exclude):
            if name not in known:
                message = f"'{name}' matches nothing in '{self.jobs[identifier].model.name}'{did_you_mean(name, known)}"
                self.misfits.append((identifier, (*path, "prunable", "exclude", index), message))

    def check_start(self, identifier: str) -> None:
        """Note the components of a job whose start weights have other shapes than its networks."""
        job = self.jobs[identifier]
        for component, origin in job.start.origins.items():
            if origin.job is not None:
                source = self.networks(self.jobs[origin.job]).state()
                taken = section(source, origin.component or component)
                try:
                    Networks({component: self.networks(job)[component]}).load(
                        {f"{component}/{name}": tensor for name, tensor in taken.items()}
                    )
                except ValueError as error:
                    self._note(identifier, origin, ("weights",), str(error))

    def check_removable(self, identifier: str) -> None:
        """Note the norms of a job that shrinks whose channels cannot be taken out of its networks."""
        job = self.jobs[identifier]
        if job.shrink:
            pruned = [name for name, mask in self.masks(identifier).items() if not bool(mask.all())]
            found = obstacles(self.networks(job), pruned)
            if found:
                listed = [name.removesuffix(".weight") for name in found]
                message = (
                    f"not all channels can be removed by themselves: {listed[0]} {next(iter(found.values()))}; "
                    f"a mask that leaves out what is like it has prunable: {{exclude: [{', '.join(listed)}]}}"
                )
                self.misfits.append((identifier, ("shrink",), message))

    def check_scaled(self, identifier: str) -> None:
        """Note a job that watches or penalizes scales which its networks have none of, or that cannot look enough."""
        job = self.jobs[identifier]
        training = job.training
        asked = [name for name in ("stop", "penalty") if getattr(training, name) is not None]
        if asked and not channel_scales(self.networks(job)):
            message = f"it is about the scales of batch normalization, of which '{job.model.name}' has none"
            self.misfits.extend((identifier, ("training", name), message) for name in asked)
        self._check_penalized(identifier, training.penalty)
        counted = DATASETS[job.dataset.name].facts.get("train_images")
        if training.stop is not None and counted is not None:
            images = counted(DATASETS.parse(job.dataset))
            batches, needed = Workshop(job).objective.batches, EarlyBird(training.stop).needed + 1
            most = looks(training.stop, training.steps, batches, images // training.batch_size)
            if most < needed:
                message = f"it needs {needed} looks at the mask, but {training.steps} steps have {most}"
                self.misfits.append((identifier, ("training", "stop"), message))

    def _check_penalized(self, identifier: str, penalty: Penalty | None) -> None:
        job, path = self.jobs[identifier], ("training", "penalty")
        networks = self.networks(job)
        known = _scaled(networks)
        odd = [] if penalty is None else [name for name in penalty.exclude if name not in known]
        for name in odd:
            message = f"'{name}' matches nothing in '{job.model.name}'{did_you_mean(name, known)}"
            self.misfits.append((identifier, (*path, "exclude"), message))
        if penalty is not None and channel_scales(networks) and not penalized(networks, penalty):
            self.misfits.append((identifier, path, "'components' and 'exclude' leave no scales to make small"))

    def _pruned(self, recipe: MaskRecipe, networks: Networks) -> dict[str, Tensor]:
        origin = recipe.origin.job
        masks = inherited(recipe, {} if origin is None else self.masks(origin), networks)
        if recipe.op != "draw":
            return masks
        chosen = chosen_names(recipe, networks)
        if origin is not None:
            check_fit(mapped(recipe, self.networks(self.jobs[origin]).state()), networks, chosen)
        return masks | {name: torch.zeros((), dtype=torch.bool).expand(masks[name].shape) for name in chosen}

    def _found(self, job: Job, rule: Search) -> dict[str, Tensor]:
        networks = self.networks(job)
        whole = inherited(MaskRecipe(prunable=rule.prunable), {}, networks)
        none = torch.zeros((), dtype=torch.bool)
        return whole | {name: none.expand(value.shape) for name, value in searched(networks, rule).items()}

    def _note(self, identifier: str, origin: Origin, path: Path, message: str) -> None:
        assert origin.job is not None
        self.misfits.append((identifier, path, message + _difference(self.jobs[origin.job], self.jobs[identifier])))


def _one_value(mask: Tensor) -> Tensor:
    """Return a mask that is true throughout if this one is; one value is held, and of such a mask only one is read."""
    held = mask if any(mask.stride()) else mask[(0,) * mask.ndim]
    return held.all().expand(mask.shape)


def _excludable(recipe: MaskRecipe, networks: Networks) -> list[str]:
    """Return what the `exclude` of a recipe may name: components, and layers of what it prunes."""
    if recipe.granularity == "channel":
        return _scaled(networks)
    return layer_names(networks)


def _scaled(networks: Networks) -> list[str]:
    """Return what an `exclude` of scales may name."""
    return [*networks.components, *(name.removesuffix(".weight") for name in channel_scales(networks))]


def _difference(source: Job, job: Job) -> str:
    """Return what would have to be the same for two models to have the same shapes."""
    there = source.model.options | {"dataset": source.dataset.name} | source.dataset.options
    here = job.model.options | {"dataset": job.dataset.name} | job.dataset.options
    odd = [key for key in there.keys() & here.keys() - {"init"} if there[key] != here[key]]
    if not odd:
        return f"; '{source.model.name}' and '{job.model.name}' share an architecture only where a 'map' says so"
    listed = ", ".join(f"{key} is {there[key]} there and {here[key]} here" for key in sorted(odd))
    return f"; {listed}: expected the same"
