"""Generator against discriminator (Goodfellow et al. 2014) on logits: non-saturating, hinge or Wasserstein loss.

Batch normalization sees real and generated images in separate passes, as in DCGAN, so each batch is normalized by its
own statistics. Generated images are detached in the discriminator's loss; the generator's pass there is in its
current mode, so its running statistics move in both updates, and so do the discriminator's.

Where the networks are told several classes, the discriminator sees each image beside its class: a label, or what
the generator has made the image from (Miyato & Koyama 2018). A teacher sees the image alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import kl_div, logsigmoid, relu

from benchmark.networks import Networks
from benchmark.objectives.objective import Lesson, Objective, Update, generate, normal
from benchmark.objectives.options import GanOptions


@dataclass(frozen=True)
class AdversarialLoss:
    """What is minimized, from logits [N, 1]: the discriminator's `real` + `fake`, and the generator's `generator`."""

    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


LOSSES = {
    # Goodfellow et al. 2014, section 3: -log D(x), -log(1 - D(G(z))), -log D(G(z))
    "non_saturating": AdversarialLoss(
        real=lambda logits: -logsigmoid(logits).mean(),
        fake=lambda logits: -logsigmoid(-logits).mean(),
        generator=lambda logits: -logsigmoid(logits).mean(),
    ),
    # Miyato et al. 2018, Eq. 16 and 17
    "hinge": AdversarialLoss(
        real=lambda logits: relu(1.0 - logits).mean(),
        fake=lambda logits: relu(1.0 + logits).mean(),
        generator=lambda logits: -logits.mean(),
    ),
    # Arjovsky et al. 2017, Algorithm 1, lines 5 and 10
    "wasserstein": AdversarialLoss(
        real=lambda logits: -logits.mean(),
        fake=lambda logits: logits.mean(),
        generator=lambda logits: -logits.mean(),
    ),
}


def build(options: GanOptions, lesson: Lesson | None = None) -> Objective:
    """Return the objective: `n_dis` discriminator updates, and one of the generator, after all or so many of them.

    With a lesson, the discriminator learns from a trained one beside its own loss, or the generator does.
    """
    chosen = LOSSES[options.loss]
    after = None if options.clip is None else partial(clip_parameters, bound=options.clip)

    def discriminate(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            latents = normal(images.shape[0], networks, images, generator)
            fakes = generate(networks, latents)
        seen = said(networks)
        real, fake = judge(networks, seen, images), judge(networks, latents, fakes)
        loss = chosen.real(real) + chosen.fake(fake)
        if lesson is not None and "discriminator" in lesson.teachers:
            with torch.no_grad():
                answers = torch.cat([lesson.teachers["discriminator"](each) for each in (images, fakes)])
            loss = lesson.taught(loss, disagreement(torch.cat([real, fake]), answers))
        if options.gradient_penalty is None:
            return loss
        return loss + options.gradient_penalty * slope_penalty(partial(judge, networks, seen), images, fakes, generator)

    def deceive(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
        count = options.generator_batch or images.shape[0]
        latents = normal(count, networks, images, generator)
        fakes = generate(networks, latents)
        loss = chosen.generator(judge(networks, latents, fakes))
        if lesson is None or "generator" not in lesson.teachers:
            return loss
        return lesson.taught(loss, lesson.images_apart("generator", latents, fakes))

    return Objective(
        updates=(
            Update("discriminator", ("discriminator",), discriminate, repeats=options.n_dis, after=after),
            Update("generator", ("generator",), deceive, fresh_batch=False),
        ),
        generate=generate,
        order=() if options.generator_after is None else _order(options.n_dis, options.generator_after),
    )


def _order(n_dis: int, before: int) -> tuple[str, ...]:
    return (*["discriminator"] * before, "generator", *["discriminator"] * (n_dis - before))


def said(networks: Networks) -> Tensor | None:
    """Return what tells the classes of a loss's images, [N, classes]: one-hot codes; null where nothing does."""
    if networks.labels is None:
        return None
    every = torch.arange(networks.classes, device=networks.labels.device)
    return (networks.labels[:, None] == every).to(torch.int64)  # torch's own waits for the device to check them


def judge(networks: Networks, told: Tensor | None, images: Tensor) -> Tensor:
    """Return the discriminator's logits [N, 1]; it hears what tells the classes where there are several."""
    discriminator = networks["discriminator"]
    heard = () if told is None or networks.classes == 1 else (told.to(images),)
    logits: Tensor = discriminator(images, *heard)
    return logits


def disagreement(logits: Tensor, answers: Tensor) -> Tensor:
    """Return how far logits [N, 1] are from a teacher's: KL(teacher || student), averaged over images and both answers.

    Each logit stands for the distribution (sigmoid, 1 - sigmoid) over real and fake. In the code of Chen et al. (2021)
    torch's `kl_div` divides by the N images and the two answers, so that this is half the mean divergence of an image.
    """
    own, teachers = (torch.cat([logsigmoid(x), logsigmoid(-x)], dim=1) for x in (logits, answers))
    return kl_div(own, teachers, reduction="none", log_target=True).mean()


def slope_penalty(
    discriminator: Callable[[Tensor], Tensor], images: Tensor, fakes: Tensor, generator: torch.Generator
) -> Tensor:
    """Return the mean of (|gradient of D| - 1)^2 over points between images and fakes (Gulrajani et al. 2017, Eq. 3).

    The points, one for each image, are drawn uniformly, on the generator's device. Batch normalization mixes the images
    of a batch, which the penalty does not account for (their section 4).
    """
    places = torch.rand(len(images), 1, 1, 1, generator=generator, device=generator.device).to(images.device)
    between = (places * images + (1.0 - places) * fakes).requires_grad_()
    (gradients,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    slopes: Tensor = gradients.flatten(1).norm(dim=1)
    return (slopes - 1.0).square().mean()


@torch.no_grad()
def clip_parameters(networks: Networks, bound: float) -> None:
    """Clamp every parameter of the discriminator to -bound..bound (Arjovsky et al. 2017, Algorithm 1, line 7)."""
    for parameter in networks["discriminator"].parameters():
        parameter.clamp_(-bound, bound)
