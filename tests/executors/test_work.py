"""A failed job says what went wrong in words meant for the user."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from benchmark import stages
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.features.extractor import Extractor
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import Failure
from tests.tiny import Watch, run


def of_our_own() -> None:
    extractor = Extractor("thing", "0" * 64, 2, "none", "none", lambda pixels: pixels)
    extractor(torch.zeros(3))


def of_another() -> None:
    int("x")


def out_of_memory() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee the documentation")


def of_the_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "mask.safetensors")


@pytest.mark.parametrize(
    ("cause", "sentence", "kind"),
    [
        (of_our_own, "pixels are uint8 [N, C, H, W], not torch.float32 (3,)", "ValueError"),
        (of_another, "ValueError: invalid literal for int() with base 10: 'x'", "ValueError"),
        (
            out_of_memory,
            "there is not enough memory; a smaller batch, or fewer --workers at a time, need less "
            "(CUDA out of memory. Tried to allocate 2.00 GiB.)",
            "OutOfMemoryError",
        ),
        (of_the_disk, "mask.safetensors: No space left on device", "OSError"),
    ],
)
def test_a_known_cause_is_a_sentence_and_an_unknown_one_has_its_kind(
    cause: Callable[[], None],
    sentence: str,
    kind: str,
    tmp_path: Path,
    tiny_suite: CampaignSuite,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(stages.STAGES, "mask", lambda _: cause())
    watch = Watch()
    (job,) = run(tmp_path, tiny_suite, watch, only=frozenset({"gan"}))
    assert [ended.reason for ended in watch.ends] == [f"mask: {sentence}"]
    failure = ResultsDir(tmp_path).run(job).read_record(RunDir.FAILURE, Failure)
    assert (failure.message, failure.kind) == (sentence, kind)
    assert cause.__name__ in failure.trace
