"""How many weights survive: the project's one counting rule.

Each round removes round(fraction * n) of the n weights that are left, rounding as Python does, which is also what
`torch.nn.utils.prune` does. It gives all twenty survivor counts logged by Chen et al. (2021); rounding total * 0.8^k
once does not.
"""

from __future__ import annotations


def kept_after(remaining: int, fraction: float, rounds: int = 1) -> int:
    """Return how many of `remaining` weights are left after so many rounds."""
    for _ in range(rounds):
        remaining -= round(fraction * remaining)
    return remaining


def kept_at(total: int, sparsity: float) -> int:
    """Return how many of `total` weights are left when the fraction `sparsity` of them is removed at once."""
    return total - round(sparsity * total)


def kept_count(total: int, remaining: int, *, fraction: float | None, rounds: int, sparsity: float | None) -> int:
    """Return the survivors of a pool of `total` weights, `remaining` of them alive, by whichever target is given.

    ValueError where both or none is given, or where more than the living would have to survive.
    """
    if (fraction is None) == (sparsity is None):
        raise ValueError("a mask is drawn by 'fraction' or by 'sparsity', exactly one of them")
    if fraction is not None:
        return kept_after(remaining, fraction, rounds)
    assert sparsity is not None
    kept = kept_at(total, sparsity)
    if kept > remaining:
        raise ValueError(f"sparsity {sparsity} keeps {kept} of {total} weights, but only {remaining} are left")
    return kept
