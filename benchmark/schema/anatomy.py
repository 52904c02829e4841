"""What a job is made of, as its plan shows it."""

from __future__ import annotations

from benchmark.schema.record import Record


class Anatomy(Record):
    """A job with all its channels: operations of one step, by torch's formulas, and bytes of tensors.

    `raw` are parameters and buffers, `averages` their moving averages, `scores` what is trained in their place,
    `moments` what the optimizers keep, `masks` one byte for each weight that may be pruned, `gradients` those of the
    largest component, `passes` what the largest update keeps for its backward pass, and `images` the training images,
    0 where their number is not known before they are there.
    """

    flops: int
    raw: int
    averages: int
    scores: int
    moments: int
    masks: int
    gradients: int
    passes: int
    images: int

    @property
    def trained(self) -> int:
        """What a finished training leaves."""
        return self.raw + self.averages + self.scores

    @property
    def state(self) -> int:
        """What a snapshot or a checkpoint holds."""
        return self.trained + self.moments

    @property
    def working(self) -> int:
        """What a training holds at once: its operations need room to work in as well."""
        return self.state + self.masks + self.gradients + self.passes + self.images
