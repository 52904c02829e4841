"""Trained networks as metrics look at them: what they generate, reconstruct and translate, each made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchmark.artifacts import RunDir
from benchmark.assembly import Workshop
from benchmark.errors import RunError
from benchmark.features.extractor import Extractor
from benchmark.found import as_computed, masks_at, searched
from benchmark.images import Images, to_pixels, to_values
from benchmark.metrics.subject import Subject
from benchmark.networks import Networks, section
from benchmark.portions import portions
from benchmark.schema.record import Resolved
from benchmark.streams import stream

EVALUATION_BLOCK = 250
"""Latents are drawn in blocks of this size whatever the number of images, and networks evaluated so on a CPU."""

TRANSLATION_BLOCK = 25
"""Images that are translated at a time: they may be large, and each is translated by itself."""


def make_subject(workshop: Workshop, run: RunDir, rewind: Mapping[str, Tensor], expected_kept: int) -> Subject:
    """Return a finished job as metrics see it; networks, images and extractors are made when first asked for."""
    end = run.read_tensors(run.WEIGHTS)
    evaluation = Evaluation(workshop, as_computed(run, workshop.job, end))
    return Subject(
        job_id=run.id,
        dataset=workshop.job.dataset,
        device=workshop.device,
        masks=masks_at(run, workshop.job, end),
        start=section(run.read_tensors(run.START), "raw"),
        rewind=rewind,
        expected_kept=expected_kept,
        end=section(end, "raw"),
        shrunken=workshop.job.shrink,
        networks_of=evaluation.networks_of,
        generate=evaluation.generate,
        reconstruct=evaluation.reconstruct,
        translate=evaluation.translate,
        images=evaluation.images,
        extractor=evaluation.extractor,
        store=run.write_statistics,
        recall=evaluation.recall,
        recall_data=evaluation.recall,
        log=run.read_log,
        event=run.read_event,
        searched=searched(workshop.job, workshop.networks(), end),
    )


def subject_at(subject: Subject, workshop: Workshop, run: RunDir, step: int) -> Subject:
    """Return a finished job as it was at an earlier step, of which there is a snapshot; its data are the subject's."""
    weights = run.read_tensors(run.snapshot(step))
    evaluation = Evaluation(workshop, as_computed(run, workshop.job, weights))
    return replace(
        subject,
        masks=masks_at(run, workshop.job, weights),
        end=section(weights, "raw"),
        networks_of=evaluation.networks_of,
        generate=evaluation.generate,
        reconstruct=evaluation.reconstruct,
        translate=evaluation.translate,
        store=lambda key, arrays: run.write_statistics(f"{key}_step{step:08d}", arrays),
        recall=evaluation.recall,
    )


class Evaluation:
    """Trained networks in evaluation mode; what is asked for twice is made once."""

    def __init__(self, workshop: Workshop, end: Mapping[str, Tensor]) -> None:
        self._workshop = workshop
        self._end = end
        self._networks: dict[str, Networks] = {}
        self._generated: dict[str, Tensor] = {}
        self._images: dict[str, Images] = {}
        self._extractors: dict[str, Extractor] = {}
        self._recalled: dict[str, Any] = {}

    def networks_of(self, weights: str) -> Networks:
        """Return the networks with raw or averaged weights; the buffers are the trained ones in both."""
        if weights not in self._networks:
            networks = self._workshop.networks()
            networks.load(section(self._end, "raw") | (section(self._end, "ema") if weights == "ema" else {}))
            networks.train(False)
            self._networks[weights] = networks
        return self._networks[weights]

    @torch.no_grad()
    def generate(self, count: int, weights: str) -> Tensor:
        """Return the first `count` images of this seed's evaluation latents, uint8 [N, C, H, W]."""
        if len(self._generated.get(weights, ())) < count:
            networks = self.networks_of(weights)
            blocks = -(-count // EVALUATION_BLOCK)
            generate = self._workshop.objective.generate
            if generate is None:
                raise RunError(f"objective '{self._workshop.job.objective.name}' generates no images to measure")
            self._generated[weights] = self._in_portions(
                lambda start, stop: to_pixels(generate(networks, self._latents(start, stop, networks))), blocks, 1
            )
        return self._generated[weights][:count]

    @torch.no_grad()
    def reconstruct(self, pixels: Tensor, weights: str) -> Tensor:
        """Return reconstructions of uint8 images as values in -1..1."""
        networks = self.networks_of(weights)
        reconstruct = self._workshop.objective.reconstruct
        if reconstruct is None:
            raise RunError(f"objective '{self._workshop.job.objective.name}' reconstructs no images to measure")
        return self._in_portions(
            lambda start, stop: reconstruct(networks, self._values(pixels[start:stop])), len(pixels), EVALUATION_BLOCK
        )

    @torch.no_grad()
    def translate(self, direction: str, weights: str) -> Tensor:
        """Return the test images of a direction's first domain as those of its second, uint8 [N, C, H, W]."""
        key = f"{direction} {weights}"
        if key not in self._generated:
            networks, translate = self.networks_of(weights), self._workshop.objective.translate
            if translate is None:
                raise RunError(f"objective '{self._workshop.job.objective.name}' translates no images to measure")
            given = self.images("test").of(direction[0]).pixels
            self._generated[key] = self._in_portions(
                lambda start, stop: to_pixels(translate(networks, self._values(given[start:stop]), direction)),
                len(given),
                TRANSLATION_BLOCK,
            )
        return self._generated[key]

    def images(self, split: str) -> Images:
        """Return one split of the job's data set."""
        if split not in self._images:
            self._images[split] = self._workshop.images(split)
        return self._images[split]

    def extractor(self, chosen: Resolved) -> Extractor:
        """Return a feature extractor."""
        key = chosen.model_dump_json()
        if key not in self._extractors:
            self._extractors[key] = self._workshop.extractor(chosen)
        return self._extractors[key]

    def recall(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what was made under a key, making it the first time."""
        if key not in self._recalled:
            self._recalled[key] = make()
        return self._recalled[key]

    def _latents(self, first: int, last: int, networks: Networks) -> Tensor:
        """Return the latents of the blocks from `first` to before `last`."""
        assert networks.z_dim is not None
        streams = [stream(self._workshop.job.seed, "evaluation latents", block) for block in range(first, last)]
        drawn = [torch.randn(EVALUATION_BLOCK, networks.z_dim, generator=generator) for generator in streams]
        return torch.cat(drawn).to(self._workshop.device)

    def _values(self, pixels: Tensor) -> Tensor:
        return to_values(pixels.to(self._workshop.device))

    def _in_portions(self, work: Callable[[int, int], Tensor], count: int, size: int) -> Tensor:
        return torch.cat(list(portions(work, count, size, self._workshop.device)))
