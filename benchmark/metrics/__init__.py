"""The family of metrics: `measure(subject, options) -> Value` on a finished job (`benchmark.metrics.subject`).

Facts: `unit`, unless a value brings its own; `lower_is_better`, null where no side is; `needs`, what the objective must
offer (`samples`, `reconstructions` or nothing); `features`, whether of what an extractor sees it asks for more
than mean and covariance; `assets(options)`, where downloads may be needed (`benchmark.prepare`);
`classifies`, where the extractor must tell the data set's classes; `waits`, where the training must stop at an event.
"""

from typing import Any

from benchmark.metrics.log_options import EarlyStoppingOptions, LoggedLossOptions, StoppingTimeOptions
from benchmark.metrics.options import (
    ClassifierAccuracyOptions,
    ComponentOptions,
    FeatureOptions,
    InceptionScoreOptions,
    MacsOptions,
    NeighborOptions,
    ReconstructionOptions,
    TrainingFlopsOptions,
)
from benchmark.schema.record import Options
from benchmark.table import Entry, Table


def _seen(unit: str, *, lower_is_better: bool, needs: str = "samples", features: bool = True) -> dict[str, Any]:
    """Return the facts of a metric that looks at images through an extractor."""
    facts = {"unit": unit, "lower_is_better": lower_is_better, "needs": needs, "features": features}
    return facts | {"assets": lambda options: options.assets}


METRICS = Table(
    "metrics",
    {
        "fid": Entry(
            "benchmark.metrics.fid:measure",
            FeatureOptions,
            "Fréchet distance between generated and real images in an extractor's features",
            facts=_seen("FID", lower_is_better=True, features=False),
        ),
        "kid": Entry(
            "benchmark.metrics.kid:measure",
            FeatureOptions,
            "unbiased squared maximum mean discrepancy of generated and real images, cubic kernel",
            facts=_seen("KID", lower_is_better=True),
        ),
        "precision": Entry(
            "benchmark.metrics.prdc:precision",
            NeighborOptions,
            "share of generated images among real ones: in the neighborhood of any, in an extractor's features",
            facts=_seen("of images", lower_is_better=False),
        ),
        "recall": Entry(
            "benchmark.metrics.prdc:recall",
            NeighborOptions,
            "share of real images among generated ones: in the neighborhood of any, in an extractor's features",
            facts=_seen("of images", lower_is_better=False),
        ),
        "density": Entry(
            "benchmark.metrics.prdc:density",
            NeighborOptions,
            "neighborhoods of real images that a generated image lies in, on average, over nearest_k",
            facts=_seen("density", lower_is_better=False),
        ),
        "coverage": Entry(
            "benchmark.metrics.prdc:coverage",
            NeighborOptions,
            "share of real images with a generated one in their neighborhood, in an extractor's features",
            facts=_seen("of images", lower_is_better=False),
        ),
        "reconstruction_error": Entry(
            "benchmark.metrics.reconstruction:measure",
            ReconstructionOptions,
            "mean squared error per pixel between images and their reconstructions, on the scale -1..1",
            facts={"unit": "MSE", "lower_is_better": True, "needs": "reconstructions"},
        ),
        "inception_score": Entry(
            "benchmark.metrics.inception_score:measure",
            InceptionScoreOptions,
            "how sure an extractor's classes are of each generated image, and how varied over all",
            facts=_seen("score", lower_is_better=False),
        ),
        "classifier_accuracy": Entry(
            "benchmark.metrics.classifier_accuracy:measure",
            ClassifierAccuracyOptions,
            "share of reconstructions that an extractor reads as what they show",
            facts=_seen("of images", lower_is_better=False, needs="reconstructions") | {"classifies": True},
        ),
        "logged_loss": Entry(
            "benchmark.metrics.logged_loss:measure",
            LoggedLossOptions,
            "mean of one update's loss over the last lines of the training log",
            facts={"unit": "loss", "lower_is_better": None},
        ),
        "early_stopping": Entry(
            "benchmark.metrics.early_stopping:measure",
            EarlyStoppingOptions,
            "step at which the logged training loss stopped improving",
            facts={"unit": "steps", "lower_is_better": True},
        ),
        "stopping_time": Entry(
            "benchmark.metrics.stopping_time:measure",
            StoppingTimeOptions,
            "epoch or step at which a training stopped at a stable mask",
            facts={"unit": "epochs", "lower_is_better": True, "waits": True},
        ),
        "sparsity": Entry(
            "benchmark.metrics.sparsity:measure",
            Options,
            "fraction removed of the prunable weights",
            facts={"unit": "fraction", "lower_is_better": False},
        ),
        "macs": Entry(
            "benchmark.metrics.macs:measure",
            MacsOptions,
            "multiply-accumulates of one image's pass, dense-theoretical or of the kept weights alone",
            facts={"unit": "MAC", "lower_is_better": True},
        ),
        "parameters": Entry(
            "benchmark.metrics.parameters:measure",
            ComponentOptions,
            "parameters of the networks as they are: without removed channels, masked weights included",
            facts={"unit": "parameters", "lower_is_better": True},
        ),
        "kept_parameters": Entry(
            "benchmark.metrics.parameters:measure_kept",
            ComponentOptions,
            "parameters that are neither removed with their channel nor masked",
            facts={"unit": "parameters", "lower_is_better": True},
        ),
        "weights": Entry(
            "benchmark.metrics.parameters:measure_weights",
            ComponentOptions,
            "weights (or channels) that a mask covers and keeps: biases and normalization are not counted",
            facts={"unit": "weights", "lower_is_better": True},
        ),
        "zero_scales": Entry(
            "benchmark.metrics.zero_scales:measure",
            ComponentOptions,
            "share of the scales of norms that are exactly zero, as slimming by a proximal penalty makes them",
            facts={"unit": "fraction", "lower_is_better": None},
        ),
        "training_flops": Entry(
            "benchmark.metrics.training_flops:measure",
            TrainingFlopsOptions,
            "floating-point operations of a whole training, forward and backward, with or without finding the ticket",
            facts={"unit": "FLOP", "lower_is_better": True},
        ),
        "audit": Entry(
            "benchmark.metrics.audit:measure",
            Options,
            "layers with nothing left, on a ticket checked against its mask, rewind weights and count",
            facts={"unit": "layers", "lower_is_better": True},
        ),
    },
)
