"""How many weights survive: the project's one counting rule.

Each round removes round(fraction * n) of the n weights that are left, rounding as Python does, which is also what
`torch.nn.utils.prune` does. It gives all twenty survivor counts logged by Chen et al. (2021); rounding total * 0.8^k
once does not.
"""

from __future__ import annotations

from dataclasses import dataclass


def kept_after(remaining: int, fraction: float, rounds: int = 1) -> int:
    """Return how many of `remaining` weights are left after so many rounds."""
    for _ in range(rounds):
        remaining -= round(fraction * remaining)
    return remaining


def kept_at(total: int, sparsity: float) -> int:
    """Return how many of `total` weights are left when the fraction `sparsity` of them is removed at once."""
    return total - round(sparsity * total)


@dataclass(frozen=True)
class Target:
    """How far to prune: `fraction` of what remains, `rounds` times over, or to `sparsity` at once; one of the two."""

    fraction: float | None = None
    rounds: int = 1
    sparsity: float | None = None

    def kept(self, total: int, remaining: int) -> int:
        """Return the survivors of a pool of `total` weights, `remaining` of them alive.

        ValueError where more than the living would have to survive.
        """
        if (self.fraction is None) == (self.sparsity is None):
            raise ValueError("a mask is drawn by 'fraction' or by 'sparsity', exactly one of them")
        if self.fraction is not None:
            return kept_after(remaining, self.fraction, self.rounds)
        assert self.sparsity is not None
        kept = kept_at(total, self.sparsity)
        if kept > remaining:
            raise ValueError(f"sparsity {self.sparsity} keeps {kept} of {total} weights, but only {remaining} are left")
        return kept
