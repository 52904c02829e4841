"""Nights against an accepted baseline: what changed, and which of it is more than chance. Pure: records in and out."""

from benchmark.trend.nights import compare, exit_code

__all__ = ["compare", "exit_code"]
