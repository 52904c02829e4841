"""Claims judged on values: one function per kind of claim, no files and no torch."""

from benchmark.verdicts.arms import ArmData
from benchmark.verdicts.claims import judge_claim
from benchmark.verdicts.kinds import KINDS

__all__ = ["KINDS", "ArmData", "judge_claim"]
