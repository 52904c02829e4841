"""What planning says of an image size is what building says of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from benchmark.models import MODELS
from benchmark.models.construction import materialize


def fault(call: Any, *arguments: Any) -> str | None:
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("side", [4, 8, 12, 16, 24, 28, 30, 32, 64])
def test_a_size_is_refused_when_planned_exactly_where_it_cannot_be_built(name: str, side: int) -> None:
    check = MODELS[name].facts.get("check_shape", lambda _: None)
    build = partial(materialize, MODELS[name].load(), MODELS[name].options())
    for shape in ((3, side, side), (1, side, side), (3, side, side + 4)):
        assert fault(check, shape) == fault(build, shape, "meta")
