"""A pool of images generated earlier, which a discriminator sees some of for new ones (Shrivastava et al. 2017).

CycleGAN (Zhu et al. 2017, section 4) keeps 50. The rule is that of the code of Chen et al. (2021): while there is room,
an image joins the pool and is shown; from then on it is shown, or, half the time, changes places with one of the pool.
"""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def replayed(memory: dict[str, Tensor], pool: str, made: Tensor, size: int, chance: torch.Generator) -> Tensor:
    """Return what a discriminator is shown for the images made [N, C, H, W]; the pool in the memory is changed.

    Of up to `size` images made at a time no two change places with the same one; in the authors' code, which takes one
    after the other, a second may.
    """
    if size == 0:
        return made
    kept = memory.get(pool, made[:0])
    room = size - len(kept)
    if room:
        memory[pool] = kept = torch.cat([kept, made[:room]])
    return torch.cat([made[:room], *(_exchanged(kept, part, chance) for part in torch.split(made[room:], size))])


def _exchanged(kept: Tensor, made: Tensor, chance: torch.Generator) -> Tensor:
    changes = torch.rand(len(made), 1, 1, 1, generator=chance, device=chance.device).to(made.device) > 0.5
    places = torch.randperm(len(kept), generator=chance, device=chance.device)[: len(made)].to(made.device)
    earlier = kept[places]
    kept[places] = torch.where(changes, made, earlier)
    return torch.where(changes, earlier, made)
