"""Suite -> Plan: levels, seeds and sources expanded into jobs, equal jobs shared, snapshots asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmark.demands import unspread
from benchmark.identity import job_id
from benchmark.inputs import check_component, check_restorable, check_teacher, check_values, check_whole, ranked_values
from benchmark.metrics.selection import moments
from benchmark.resolve import Path, Problems, Task, check_claims, resolve
from benchmark.schema.job import Arm, Job, MaskRecipe, MetricRequest, Origin, Plan, PlannedJob, StartRecipe
from benchmark.schema.suite import Mask, Suite, Training, Weights, WeightSource
from benchmark.schema.training import Teacher
from benchmark.suites import Loaded


def make_plan(loaded: Loaded) -> Plan:
    """Return the jobs of a suite; raise `SuiteError` with every fault that is found."""
    problems = Problems(loaded)
    suite = loaded.suite
    tasks = {name: resolve(name, experiment, problems) for name, experiment in suite.experiments.items()}
    problems.settle()
    known = {name: task for name, task in tasks.items() if task is not None}
    check_claims(known.values(), problems)
    expansion = _Expansion(known, problems)
    arms = [
        Arm(experiment=name, level=level, seed=seed, job=expansion.job(name, level, seed))
        for name, experiment in suite.experiments.items()
        for level in experiment.level_numbers()
        for seed in seeds(suite)
    ]
    problems.settle()
    plan = Plan(suite=suite, jobs=expansion.planned(), arms=tuple(arms))
    _check_metric_names(plan, problems)
    return plan


def seeds(suite: Suite) -> range:
    """Return the seeds that a suite runs."""
    return range(suite.first_seed, suite.first_seed + suite.seeds)


def latest_start(start: StartRecipe, jobs: Mapping[str, Job]) -> int:
    """Return the step that a training starts from; the last that it can be, where a training before it may stop."""
    if start.start_step != "end":
        return start.start_step
    return max(jobs[origin.job].training.steps for origin in start.origins.values() if origin.job is not None)


@dataclass
class _Expansion:
    """Makes jobs from (experiment, level, seed), each once, inputs first."""

    tasks: dict[str, Task]
    problems: Problems
    made: dict[tuple[str, int, int], str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    metrics: dict[str, dict[str, MetricRequest]] = field(default_factory=lambda: defaultdict(dict))
    snapshots: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    open: list[tuple[str, int, int]] = field(default_factory=list)

    def planned(self) -> tuple[PlannedJob, ...]:
        return tuple(
            PlannedJob(
                id=key,
                job=job,
                snapshots=tuple(sorted(self.snapshots[key])),
                metrics=tuple(request for _, request in sorted(self.metrics[key].items())),
            )
            for key, job in self.jobs.items()
        )

    def job(self, name: str, level: int, seed: int) -> str:
        """Return the id of a job, making it and all it needs."""
        key = (name, level, seed)
        if key not in self.made:
            if key in self.open:
                chain = " -> ".join(f"{experiment}@{at}" for experiment, at, _ in (*self.open, key))
                self.problems.add(("experiments", name), f"it needs its own result: {chain}")
                self.problems.settle()
            self.open.append(key)
            job = self._dense(name, seed) if level == 0 else self._ticket(name, level, seed)
            self.open.pop()
            self.made[key] = identifier = job_id(job)
            self.jobs.setdefault(identifier, job)
            self._ask_for_moments(name, job, identifier)
            self.metrics[identifier].update({request.key: request for request in self.tasks[name].metrics})
        return self.made[key]

    def _dense(self, name: str, seed: int) -> Job:
        task = self.tasks[name]
        start = StartRecipe(origins={component: Origin() for component in task.components})
        return self._assemble(task, seed, MaskRecipe(), start)

    def _ticket(self, name: str, level: int, seed: int) -> Job:
        task = self.tasks[name]
        mask = task.experiment.mask
        recipe = MaskRecipe() if mask is None else self._mask(name, mask, level, seed)
        if task.experiment.shrink and self._granularity(recipe) != "channel":
            message = "only channels can be removed: it needs a mask with 'granularity: channel', drawn here or reused"
            self.problems.add(("experiments", name, "shrink"), message)
        start, teacher = self._start(name, task.experiment.weights, level, seed), self._teacher(name, level, seed)
        return self._assemble(task, seed, recipe, start, teacher)

    @staticmethod
    def _assemble(task: Task, seed: int, mask: MaskRecipe, start: StartRecipe, teacher: Teacher | None = None) -> Job:
        return Job(
            seed=seed,
            dataset=task.dataset,
            model=task.model,
            objective=task.objective,
            mask=mask,
            start=start,
            training=task.training if teacher is None else task.training.model_copy(update={"teacher": teacher}),
            shrink=task.experiment.shrink and mask.op != "ones",
        )

    def _mask(self, name: str, mask: Mask, level: int, seed: int) -> MaskRecipe:
        if mask.source == "ones":
            return MaskRecipe()
        block: Path = ("experiments", name, "mask")
        origin = self._origin(name, WeightSource(source=mask.source, at=mask.at), level, seed, block)
        source = self._job(origin)
        for component in mask.map:
            check_component(mask.source, source, component, (*block, "map"), self.problems)
        if mask.op == "reuse":
            return MaskRecipe(op="reuse", origin=Origin(job=origin.job), map=mask.map)
        check_whole(mask.source, source, (*block, "from"), self.problems)
        before = None if source is None else self._removed_by(source)
        if before not in (None, mask.granularity):
            message = f"'{mask.source}' removes {before}s, this mask {mask.granularity}s: one count cannot hold both"
            self.problems.add((*block, "granularity"), message)
        return MaskRecipe(
            op="draw",
            origin=origin,
            values=ranked_values(mask, source, (*block, "values"), self.problems),
            criterion=self.tasks[name].criterion,
            fraction=mask.fraction,
            rounds=mask.rounds * self._levels_above(name, mask, level),
            sparsity=mask.sparsity,
            pool=mask.pool,
            granularity=mask.granularity,
            prunable=mask.prunable,
            components=mask.components,
            map=mask.map,
        )

    def _teacher(self, name: str, level: int, seed: int) -> Teacher | None:
        """Return the teacher of a level, by its job."""
        task = self.tasks[name]
        teacher = task.experiment.training.teacher
        if teacher is None:
            return None
        path: Path = ("experiments", name, "training", "teacher")
        origin = self._origin(name, WeightSource(source=teacher.source, at=teacher.at), level, seed, path)
        assert origin.job is not None
        check_teacher(teacher, self.jobs[origin.job], task.dataset, task.model, path, self.problems)
        return teacher.model_copy(update={"source": origin.job})

    def _ask_for_moments(self, name: str, job: Job, identifier: str) -> None:
        """Ask for the snapshots at which metrics look; what the end is like needs none."""
        first, last = latest_start(job.start, self.jobs), job.training.steps
        for request in self.tasks[name].metrics:
            message = unspread(request.metric, last - first, job.start.start_step != "end")
            if message is None:
                self.snapshots[identifier].update(moments(request.metric, first, last)[:-1])
            else:
                self.problems.add(("experiments", name, "metrics", request.name, "selection"), message)

    def _start(self, name: str, weights: Weights, level: int, seed: int) -> StartRecipe:
        task, block = self.tasks[name], ("experiments", name, "weights")
        origins = {}
        for component in task.components:
            own = weights.components.get(component)
            source, where = (weights, block) if own is None else (own, (*block, "components", component))
            origins[component] = origin = self._origin(name, source, level, seed, where)
            key = "from" if source.component is None else "component"
            taken = source.component or component
            check_component(source.source, self._job(origin), taken, (*where, key), self.problems)
            check_whole(source.source, self._job(origin), (*where, "from"), self.problems)
            check_values(source.source, self._job(origin), source.values, (*where, "values"), self.problems)
        if weights.optimizer == "restored":
            self._check_restorable(task, origins, (*block, "optimizer"))
        start = StartRecipe(origins=origins, optimizer=weights.optimizer, start_step=weights.start_step)
        return self._timed(task.experiment.training, start, (*block, "start_step"))

    def _timed(self, training: Training, start: StartRecipe, path: Path) -> StartRecipe:
        """Return a start whose step is a number wherever that is known before anything runs."""
        sources = {origin.job for origin in start.origins.values()}
        if start.start_step == "end" and (None in sources or len(sources) > 1):
            self.problems.add(path, "'end' needs the weights of all components from one EXPERIMENT@LEVEL")
            return start.model_copy(update={"start_step": 0})
        if start.start_step != 0 and training.stop is not None:
            message = "a training that is to stop at an event has to begin at step 0; 'stop: null' goes on without it"
            self.problems.add(path, message)
        latest = latest_start(start, self.jobs)
        if latest > training.steps:
            where = "at the latest, where the source ends, " if start.start_step == "end" else ""
            self.problems.add(path, f"step {latest} {where}lies beyond the {training.steps} steps of {path[1]}")
        known = not any(job is not None and self.jobs[job].training.stop for job in sources)
        return start.model_copy(update={"start_step": latest}) if known and latest != start.start_step else start

    def _granularity(self, recipe: MaskRecipe) -> str | None:
        """Return what a mask removes, null where it is all ones."""
        if recipe.op == "reuse":
            assert recipe.origin.job is not None
            return self._removed_by(self.jobs[recipe.origin.job])
        return None if recipe.op == "ones" else recipe.granularity

    def _removed_by(self, job: Job) -> str | None:
        return self._granularity(job.mask) if job.training.scores is None else "weight"

    def _check_restorable(self, task: Task, origins: dict[str, Origin], path: Path) -> None:
        for component, origin in origins.items():
            if origin.job is None:
                message = "'restored' needs weights from an EXPERIMENT@LEVEL: initial weights have no optimizer state"
                self.problems.add(path, message)
                continue
            training = self.jobs[origin.job].training
            check_restorable(task.training, training, (component, origin.component or component), path, self.problems)
            if origin.at == "end":
                self.snapshots[origin.job].add(training.steps)

    def _job(self, origin: Origin) -> Job | None:
        return None if origin.job is None else self.jobs[origin.job]

    def _origin(self, name: str, source: WeightSource, level: int, seed: int, block: Path) -> Origin:
        if source.source == "init":
            return Origin(values=source.values, component=source.component)
        if source.source.startswith("fresh:"):
            stream = source.source.removeprefix("fresh:")
            return Origin(values=source.values, stream=stream, component=source.component)
        experiment, _, where = source.source.partition("@")
        experiment = name if experiment == "self" else experiment
        target = self._level(name, where, level)
        identifier = self.job(experiment, target, seed)
        if source.at != "end":
            job = self.jobs[identifier]
            if source.at > job.training.steps:
                message = f"step {source.at} lies beyond the {job.training.steps} steps of {experiment}"
                self.problems.add((*block, "at"), message)
            elif source.at < (first := latest_start(job.start, self.jobs)):
                where = f"where {experiment}@{target} starts{' at the latest' if job.start.start_step == 'end' else ''}"
                self.problems.add((*block, "at"), f"step {source.at} lies before step {first}, {where}")
            self.snapshots[identifier].add(source.at)
        return Origin(job=identifier, at=source.at, values=source.values, component=source.component)

    def _level(self, name: str, where: str, level: int) -> int:
        """Return the level that `previous`, `same` or a number means to a level of an experiment."""
        if where == "previous":
            return max(level - self.tasks[name].experiment.stride, 0)
        return level if where == "same" else int(where)

    def _levels_above(self, name: str, mask: Mask, level: int) -> int:
        """Return how many levels a drawn mask lies above its source: one, where that is another experiment's."""
        experiment, _, where = mask.source.partition("@")
        if mask.fraction is None or experiment not in ("init", "self", name):
            return 1
        return level - (self._level(name, where, level) if where else 0)


def _check_metric_names(plan: Plan, problems: Problems) -> None:
    owners = {arm.job: arm.experiment for arm in plan.arms}
    for planned in plan.jobs:
        names = [request.name for request in planned.metrics]
        for name in {name for name in names if names.count(name) > 1}:
            problems.add(
                ("experiments", owners.get(planned.id, ""), "metrics", name),
                f"metric '{name}' means different things in experiments that share a job; use another name",
            )
    problems.settle()
