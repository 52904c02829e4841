"""A suite as it is written: experiments, the claims that join them, and the scales they run at."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from benchmark.schema.claim import Claim
from benchmark.schema.record import Finite, Fraction, Name, PositiveInt, Record, Selection, Step

Moment = Annotated[int, Field(ge=0)] | Literal["end"]
"""A point of a training: after so many steps, or at its end."""

ArmName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\[[^\]@]+\])?@(\d+|previous|same)$")]
"""`EXPERIMENT@LEVEL`; the level is a number, `previous` (one less) or `same`."""

FORMAT = 1


class Optimizer(Record):
    """One network's optimizer, by torch's names."""

    name: Literal["adam", "sgd"] = "adam"
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    momentum: Fraction = 0.0
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class Training(Record):
    """How a masked network is trained; `optimizers` maps a component (or `*` for the rest) to its own.

    `steps` are generator (or autoencoder) updates.
    """

    steps: PositiveInt
    batch_size: PositiveInt
    optimizers: Annotated[dict[str, Optimizer], Field(min_length=1)]
    ema: Fraction | None = None


class Prunable(Record):
    """Which parameters a mask may cover: weights of these layer kinds, but for modules named here."""

    kinds: tuple[Literal["conv", "conv_transpose", "linear"], ...] = ("conv", "conv_transpose", "linear")
    exclude: tuple[str, ...] = ()


class Mask(Record):
    """Where the mask of a level comes from.

    `draw` ranks the weights found at `source` by `criterion` and keeps the best; `reuse` takes the mask of
    `source` as it is. `source` is `init`, `ones` or `EXPERIMENT@LEVEL` (`self@previous` is iterative pruning).
    A drawn level removes `fraction` of what remains, `rounds` times over, or everything up to `sparsity`.
    """

    op: Literal["draw", "reuse"] = "draw"
    source: Annotated[str, Field(alias="from")]
    at: Moment = "end"
    values: Literal["raw", "ema"] = "raw"
    criterion: Selection = Selection(name="magnitude")
    fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    rounds: PositiveInt = 1
    sparsity: Fraction | None = None
    pool: Literal["global", "component", "layer"] = "global"
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
    `EXPERIMENT@LEVEL` at a moment of its training; `component` is its name there, where it differs.
    """

    source: Annotated[str, Field(alias="from")] = "init"
    at: Moment = "end"
    component: str | None = None


class Weights(WeightSource):
    """Where the start weights of a level come from, with exceptions per component.

    `start_step` is the step that the training goes on from (its data order and latents follow);
    `optimizer: restored` takes the optimizers' state from the same moment as the weights.
    """

    optimizer: Literal["fresh", "restored"] = "fresh"
    start_step: Step = 0
    components: dict[str, WeightSource] = {}


class LevelRange(Record):
    """Levels `first` to `last`, both included."""

    first: Step = 0
    last: Step


class Experiment(Record):
    """One method on one task. Level 0 is the dense network, whatever `mask` and `weights` say."""

    says: str = ""
    dataset: Selection
    model: Selection
    objective: Selection
    training: Training
    mask: Mask | None = None
    weights: Weights = Weights()
    levels: tuple[Step, ...] | LevelRange | None = None
    metrics: dict[Name, Selection] = {}

    def level_numbers(self) -> tuple[int, ...]:
        """Return the levels in ascending order; by default 0 without a mask, else 1."""
        if self.levels is None:
            return (0,) if self.mask is None else (1,)
        if isinstance(self.levels, LevelRange):
            return tuple(range(self.levels.first, self.levels.last + 1))
        return tuple(sorted(set(self.levels)))


class Variables(Record):
    """The nine reproducibility variables of a paper; null where nobody recorded it."""

    research_type: str | None = None
    researcher_affiliation: str | None = None
    pseudocode: str | None = None
    open_source_code: str | None = None
    open_datasets: str | None = None
    dataset_splits: str | None = None
    hardware_specification: str | None = None
    software_dependencies: str | None = None
    experiment_setup: str | None = None


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
    budget: Budget | None = None
    experiments: dict[str, Experiment]
    claims: dict[Name, Claim]
