"""A suite as it is written: experiments, the claims that join them, and the scales they run at."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from benchmark.schema.claim import Claim, Source
from benchmark.schema.numerics import Layout, Precision
from benchmark.schema.record import Finite, Fraction, Name, PositiveInt, Record, Selection, Step
from benchmark.schema.search import Prunable, Search
from benchmark.schema.top_up import TopUp
from benchmark.schema.training import Augmentation, Cosine, Moment, Optimizer, Penalty, Schedule, Teacher

ArmName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\[[^\]@]+\])?@(\d+|previous|same)$")]
"""`EXPERIMENT@LEVEL`; the level is a number, `previous` (one less) or `same`."""

FORMAT = 1


class MaskStable(Record):
    """Stop once the channel mask that the scales of batch normalization would give no longer changes.

    After every `every` units the mask is drawn that removes `sparsity` of all channels, and compared by the share of
    channels that differ (normalized Hamming distance). `reading` says which distances have to be at most `threshold`:

    - `window`: the newest mask against each of the `look_back - 1` before it (the code of You et al. 2020, and that
      of the first author of Kalibhat et al. 2021);
    - `consecutive_window`: the last `look_back` distances, each between a mask and the one before it (the
      documentation of the code of You et al.);
    - `consecutive`: the newest mask against the one before it alone (the text of Kalibhat et al.).
    """

    when: Literal["mask_stable"]
    sparsity: Fraction
    unit: Literal["epoch", "step"]
    every: PositiveInt = 1
    look_back: Annotated[int, Field(ge=2)] = 5
    threshold: Fraction = 0.1
    reading: Literal["window", "consecutive_window", "consecutive"] = "window"


class Training(Record):
    """How a masked network is trained; `optimizers` maps a component (or `*` for the rest) to its own.

    `steps` are generator (or autoencoder) updates; with `stop` they are the most that are made. `precision` is what
    the forward and backward passes compute in; weights and optimizers stay in single precision. `layout` is how images
    and weights lie in memory. With `scores` it finds a mask over weights that stay as they are.
    """

    steps: PositiveInt
    batch_size: PositiveInt
    optimizers: Annotated[dict[str, Optimizer], Field(min_length=1)]
    ema: Fraction | None = None
    stop: MaskStable | None = None
    penalty: Penalty | None = None
    teacher: Teacher | None = None
    schedule: Annotated[Schedule | Cosine, Field(discriminator="name")] | None = None
    augmentation: Augmentation | None = None
    scores: Search | None = None
    precision: Precision = "float32"
    layout: Layout = "channels_first"

    @model_validator(mode="after")
    def _scheduled_within(self) -> Self:
        if isinstance(self.schedule, Schedule) and self.schedule.start >= self.steps:
            raise ValueError(f"the learning rates fall from step {self.schedule.start}, after the {self.steps} steps")
        return self


Ranked = Literal["raw", "ema"]
"""Which values of a trained network are ranked: the weights themselves, or their moving averages."""
Ranking = Literal["raw", "ema", "ema_after_first"]


class Mask(Record):
    """Where the mask of a level comes from.

    `draw` ranks the weights found at `source` by `criterion` and keeps the best; `reuse` takes the mask of
    `source` as it is. `source` is `init`, `ones` or `EXPERIMENT@LEVEL` (`self@previous` is iterative pruning).
    A drawn level removes `fraction` of what remains, or everything up to `sparsity`. The fraction is removed `rounds`
    times for every level above the source's: once the `rounds` from one level to the next, and at level 5 drawn from
    `init` or `self@0` (one-shot pruning) five times; as often as for one level where another experiment is the
    source. So a level has the same sparsity however it was come to. With the
    granularity `channel`, what is ranked and removed are the channels that batch normalization scales.
    `values` may differ by component of the source (`raw` where one is not named); `ema_after_first` ranks the weights
    of a dense network and the averages of a masked one, as the code of Chen et al. (2021) does with its generator.
    """

    op: Literal["draw", "reuse"] = "draw"
    source: Annotated[str, Field(alias="from")]
    at: Moment = "end"
    values: Ranking | dict[str, Ranking] = "raw"
    criterion: Selection = Selection(name="magnitude")
    fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    rounds: PositiveInt = 1
    sparsity: Fraction | None = None
    pool: Literal["global", "component", "layer"] = "global"
    granularity: Literal["weight", "channel"] = "weight"
    prunable: Prunable = Prunable()
    components: tuple[str, ...] | None = None
    map: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        targets = (self.fraction is not None) + (self.sparsity is not None)
        if self.op == "draw" and self.source != "ones" and targets != 1:
            raise ValueError("a drawn mask has either 'fraction' (of what remains) or 'sparsity', exactly one")
        if self.op == "reuse" and targets:
            raise ValueError("a reused mask has neither 'fraction' nor 'sparsity': it is taken as it is")
        return self


class WeightSource(Record):
    """Where one component's start weights come from.

    `source` is `init` (this seed's initial weights), `fresh:STREAM` (another draw, named), or
    `EXPERIMENT@LEVEL` at a moment of its training, as they were or (`values: ema`) their moving averages;
    `component` is its name there, where it differs.
    """

    source: Annotated[str, Field(alias="from")] = "init"
    at: Moment = "end"
    values: Ranked = "raw"
    component: str | None = None


class Weights(WeightSource):
    """Where the start weights of a level come from, with exceptions per component.

    `start_step` is the step that the training goes on from (its data order and latents follow), `end` the one at
    which the training that the weights come from ended; `optimizer: restored` takes the optimizers' state from the
    same moment as the weights.
    """

    optimizer: Literal["fresh", "restored"] = "fresh"
    start_step: Moment = 0
    components: dict[str, WeightSource] = {}


class LevelRange(Record):
    """Levels `first` to `last`, both included, and of them every `step`-th: those between are never trained."""

    first: Step = 0
    last: Step
    step: PositiveInt = 1


class Experiment(Record):
    """One method on one task. Level 0 is the dense network, whatever `mask`, `weights`, `shrink` and `teacher` say.

    Where scores are trained, level 0 is the ticket that they find in the initial weights. With `shrink` the channels
    that the mask removes are taken out of the network before it is trained. `only_at` names its scales (empty: all).
    """

    says: str = ""
    dataset: Selection
    model: Selection
    objective: Selection
    training: Training
    mask: Mask | None = None
    weights: Weights = Weights()
    shrink: bool = False
    only_at: tuple[Name, ...] = ()
    levels: tuple[Step, ...] | LevelRange | None = None
    metrics: dict[Name, Selection] = {}

    @property
    def stride(self) -> int:
        """How many levels below a level the `previous` one is."""
        return self.levels.step if isinstance(self.levels, LevelRange) else 1

    def level_numbers(self) -> tuple[int, ...]:
        """Return the levels in ascending order; by default 0 without a mask, else 1."""
        if self.levels is None:
            return (0,) if self.mask is None else (1,)
        if isinstance(self.levels, LevelRange):
            return tuple(range(self.levels.first, self.levels.last + 1, self.levels.step))
        return tuple(sorted(set(self.levels)))


VariableName = Literal[
    "research_type",
    "researcher_affiliation",
    "pseudocode",
    "open_source_code",
    "open_datasets",
    "dataset_splits",
    "hardware_specification",
    "software_dependencies",
    "experiment_setup",
]
VARIABLES: tuple[VariableName, ...] = get_args(VariableName)


class Variables(Record):
    """The nine reproducibility variables (Gundersen and Kjensmo 2018) of a paper; null where nobody recorded it.

    `source` says who judged them, `cautions` by variable how far a value can be relied on.
    """

    research_type: str | None = None
    researcher_affiliation: str | None = None
    pseudocode: str | None = None
    open_source_code: str | None = None
    open_datasets: str | None = None
    dataset_splits: str | None = None
    hardware_specification: str | None = None
    software_dependencies: str | None = None
    experiment_setup: str | None = None
    source: str = ""
    cautions: dict[VariableName, str] = {}


class Paper(Record):
    """The paper that a suite is about."""

    title: str
    authors: tuple[str, ...]
    venue: str
    year: int
    links: tuple[str, ...] = ()
    variables: Variables = Variables()


class Note(Record):
    """Something the paper left unsaid, what was chosen, and why."""

    unsaid: str
    chosen: str
    because: str


class Budget(Record):
    """What a scale may cost on the machine named."""

    minutes: Annotated[Finite, Field(gt=0)]
    machine: str


class Timing(Record):
    """Trainings timed against each other while nothing else runs on the machine (statistics, R13).

    Every arm is timed in `processes` processes of its own, in interleaved order: `warm_up` steps, then `steps` timed
    ones. Process p times the arm's seed number p, going round. `only_at` names the scales that have the timing.
    """

    says: str
    arms: Annotated[dict[Name, ArmName], Field(min_length=2)]
    processes: Annotated[int, Field(ge=2)] = 10
    warm_up: PositiveInt = 5
    steps: PositiveInt = 20
    only_at: tuple[Name, ...] = ()


PICTURES = ("samples", "reconstructions")
"""What a figure may show instead of a metric."""


class Figure(Record):
    """A figure of the paper, redrawn from what was measured: metric `y` over `x`, a line an experiment.

    The name of a matrix stands for all its experiments, joined to one line. `x` and `y` are metrics; with `timing`, `y`
    may be a time that it measured. With `y` one of `PICTURES` it is the sample grids at `levels` (all, if null).
    """

    says: Annotated[str, Field(min_length=10)]
    source: Source
    y: Name
    x: Name = "sparsity"
    experiments: Annotated[tuple[str, ...], Field(min_length=1)]
    levels: tuple[Step, ...] | None = None
    timing: Name | None = None
    references: tuple[str, ...] = ()
    only_at: tuple[Name, ...] = ()
    notes: tuple[str, ...] = ()


class Suite(Record):
    """A whole suite at one scale: `scales` already merged in, experiments expanded."""

    format: Literal[1] = 1
    key: Name
    title: str
    scale: Name
    small: bool = False
    paper: Paper | None = None
    notes: tuple[Note, ...] = ()
    seeds: PositiveInt
    first_seed: Step = 0
    top_up: TopUp | None = None
    budget: Budget | None = None
    experiments: dict[str, Experiment]
    claims: dict[Name, Claim]
    timings: dict[Name, Timing] = {}
    figures: dict[Name, Figure] = {}

    def line(self, name: str) -> tuple[str, ...]:
        """Return the experiments that a line of a figure joins: the one of that name, or those of its matrix."""
        of_matrix = tuple(one for one in self.experiments if one.partition("[")[0] == name)
        return (name,) if name in self.experiments else of_matrix
