"""The options of the image metrics, free of torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from benchmark.features import EXTRACTORS
from benchmark.metrics.selection import Moments, MomentsBy
from benchmark.schema.record import Options, PositiveInt, Resolved

ExtractorChoice = Annotated[Resolved, BeforeValidator(EXTRACTORS.choice)]
"""An extractor as a suite names it, `{name: inception, mode: clean}`, with its options made explicit."""


class ExtractorOptions(Options):
    """What all metrics share that look through an extractor."""

    extractor: ExtractorChoice

    @property
    def assets(self) -> tuple[str, ...]:
        """The downloads the extractor needs."""
        needed: tuple[str, ...] = EXTRACTORS[self.extractor.name].facts["assets"](EXTRACTORS.parse(self.extractor))
        return needed


class FeatureOptions(ExtractorOptions):
    """So many generated images against the first `real` of a split (null: all of it), in one extractor's features.

    Where images are translated between two domains, `direction` says from which to which: then the first `generated`
    test images of the one are translated and held against those of the other in the split. The code of Chen et
    al. (2021) translates all test images of horse2zebra, 120 and 140, and holds them against the training images.
    """

    generated: Annotated[int, Field(ge=2)]
    split: Literal["train", "test"]
    real: Annotated[int, Field(ge=2)] | None = None
    direction: Literal["ab", "ba"] | None = None
    weights: Literal["raw", "ema"] = "raw"
    selection: Moments = "last"


class NeighborOptions(FeatureOptions):
    """The same, with neighborhoods as wide as the `nearest_k`-th nearest image of a set is far.

    With `selection: {best_of: 16, by: fid}` the moment is chosen by the FID of the same images in the same features.
    """

    nearest_k: PositiveInt = 5
    selection: MomentsBy = "last"

    @model_validator(mode="after")
    def _neighbors_enough(self) -> Self:
        fewest = min(self.generated, self.real or self.generated)
        if fewest <= self.nearest_k:
            raise ValueError(f"{fewest} images have no {self.nearest_k} nearest others; expected more than 'nearest_k'")
        return self


class InceptionScoreOptions(ExtractorOptions):
    """So many generated images in so many parts, by the classes of one extractor."""

    generated: Annotated[int, Field(ge=2)]
    splits: PositiveInt = 10
    weights: Literal["raw", "ema"] = "raw"
    selection: Moments = "last"

    @model_validator(mode="after")
    def _parts_of_some(self) -> Self:
        if 2 * self.splits > self.generated:
            raise ValueError(f"{self.generated} images are too few for {self.splits} parts of two or more")
        return self


class ClassifierAccuracyOptions(ExtractorOptions):
    """Which images are reconstructed, with which weights, and who classifies them."""

    split: Literal["train", "test"]
    weights: Literal["raw", "ema"] = "raw"
    selection: Moments = "last"


class ReconstructionOptions(Options):
    """Which images are reconstructed, and with which weights."""

    split: Literal["train", "test"]
    weights: Literal["raw", "ema"] = "raw"
    selection: Moments = "last"


class ComponentOptions(Options):
    """Of which component the parameters are counted (null: all of them)."""

    component: str | None = None


class MacsOptions(Options):
    """Whether masked weights count (`dense`) or not (`effective`), and of which component (null: all of them)."""

    kind: Literal["dense", "effective"]
    component: str | None = None


class TrainingFlopsOptions(Options):
    """Whether masked weights count (`dense`) or not (`effective`), and of which trainings.

    - `job`: this job's own training;
    - `path`: all steps that its weights went through, and the scores of masks that they were trained under: with an
      early-bird ticket the training up to it, with a rewound one the steps before the rewinding;
    - `lineage`: all that was trained and scored to find the ticket and to train it, each job once and whole.
    """

    kind: Literal["dense", "effective"]
    scope: Literal["job", "path", "lineage"] = "path"
