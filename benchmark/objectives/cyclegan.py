"""CycleGAN (Zhu et al. 2017): two generators between two domains, each against a discriminator of its target.

The losses and their order are those of the code of Chen et al. (2021): both generators are updated together by

    (D_b(G_ab(a)) - 1)^2 + (D_a(G_ba(b)) - 1)^2                 least squares in place of a logarithm (their section 4)
    + cycle (|G_ba(G_ab(a)) - a| + |G_ab(G_ba(b)) - b|)         Eq. 2; 10 there
    + identity (|G_ab(b) - b| + |G_ba(a) - a|)                  section 5.2; 5 there

all as means, then each discriminator by half of (D(real) - 1)^2 + D(shown)^2, where what is shown are the images that
the generators made before their update, or earlier ones (`benchmark.objectives.replay`). What goes through the same
network goes together: instance normalization looks at each image by itself.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from benchmark.images import DOMAINS
from benchmark.networks import Networks
from benchmark.objectives.objective import Lesson, Objective, Update
from benchmark.objectives.options import CycleganOptions
from benchmark.objectives.replay import replayed


def build(options: CycleganOptions, lesson: Lesson | None = None) -> Objective:
    """Return the objective: one update of both generators, then one of each discriminator, all on one batch.

    With a lesson, generators learn from trained ones beside the loss that they share.
    """

    def generators(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
        a, b = images.chunk(2)
        made_b, *same_b = _parts(translate(networks, images if options.identity else a, "ab"), len(a))
        made_a, *same_a = _parts(translate(networks, torch.cat([b, a]) if options.identity else b, "ba"), len(b))
        networks.memory.update({_made("a"): made_a.detach(), _made("b"): made_b.detach()})
        loss = _misses(networks["discriminator_a"](made_a), 1.0) + _misses(networks["discriminator_b"](made_b), 1.0)
        if options.cycle:
            back_a, back_b = translate(networks, made_b, "ba"), translate(networks, made_a, "ab")
            loss = loss + options.cycle * (l1_loss(back_a, a) + l1_loss(back_b, b))
        if options.identity:
            loss = loss + options.identity * (l1_loss(same_a[0], a) + l1_loss(same_b[0], b))
        if lesson is None:
            return loss
        apart = lesson.images_apart("generator_ab", a, made_b) + lesson.images_apart("generator_ba", b, made_a)
        return lesson.taught(loss, apart)

    # What the generators make is handed on as new tensors, and the pools of images grow.
    together = Update("generators", ("generator_ab", "generator_ba"), generators, repeats_itself=False)
    return Objective(
        updates=(together, *(_judge(domain, options.replay) for domain in DOMAINS)),
        domains=len(DOMAINS),
        translate=translate,
    )


def translate(networks: Networks, images: Tensor, direction: str) -> Tensor:
    """Return images of one domain in the style of the other; `direction` is `ab` or `ba`."""
    translated: Tensor = networks[f"generator_{direction}"](images)
    return translated


def _judge(domain: str, replay: int) -> Update:
    name = f"discriminator_{domain}"

    def loss(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
        a, b = images.chunk(2)
        real, other = (a, b) if domain == "a" else (b, a)
        made = networks.memory.get(_made(domain))
        if made is None:  # asked for by itself, without the generators' update before it
            with torch.no_grad():
                made = translate(networks, other, "ba" if domain == "a" else "ab")
        shown = replayed(networks.memory, f"pool/{domain}", made, replay, generator)
        for_real, for_shown = _parts(networks[name](torch.cat([real, shown])), len(real))
        return 0.5 * (_misses(for_real, 1.0) + _misses(for_shown, 0.0))

    return Update(name, (name,), loss, fresh_batch=False, repeats_itself=False)


def _made(domain: str) -> str:
    return f"made/{domain}"


def _parts(tensor: Tensor, size: int) -> tuple[Tensor, ...]:
    parts: tuple[Tensor, ...] = torch.split(tensor, size)
    return parts


def _misses(answers: Tensor, wanted: float) -> Tensor:
    return (answers - wanted).square().mean()
