"""What planning says of an image size is what building says of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmark.models import MODELS
from benchmark.models.construction import Shape, materialize


def fails(call: Callable[[], object]) -> str | None:
    try:
        call()
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("side", [4, 8, 12, 16, 24, 28, 30, 32, 64])
def test_a_size_is_refused_when_planned_exactly_where_it_cannot_be_built(name: str, side: int) -> None:
    options, build = MODELS[name].options(), MODELS[name].load()
    for shape in ((3, side, side), (1, side, side), (3, side, side + 4)):
        planned: Callable[[Shape], object] = MODELS[name].facts.get("check_shape", lambda _: None)
        built = fails(lambda shape=shape: materialize(build, options, shape, "meta"))  # type: ignore[misc]
        assert fails(lambda shape=shape: planned(shape)) == built  # type: ignore[misc]
