"""Explicit randomness: one named stream per purpose, a pure function of (seed, purpose, index).

Nothing carries a generator's state from step to step, so a training that is resumed, or a ticket that starts
at step K, sees exactly the batches and latents that an uninterrupted dense training saw.
"""

from __future__ import annotations

import hashlib

import torch


def stream_seed(seed: int, purpose: str, index: int = 0) -> int:
    """Return the 63-bit seed of a stream: the first bytes of SHA-256 over its three coordinates."""
    digest = hashlib.sha256(f"{seed}|{purpose}|{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stream(seed: int, purpose: str, index: int = 0, device: str | torch.device = "cpu") -> torch.Generator:
    """Return a fresh generator for one purpose, at one index (a step, an epoch, a block of latents)."""
    generator = torch.Generator(device=device)
    generator.manual_seed(stream_seed(seed, purpose, index))
    return generator
