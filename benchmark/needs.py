"""What a plan needs that is not in the package: downloads, checked before anything is run."""

from __future__ import annotations

from benchmark.errors import MissingAssetError
from benchmark.metrics import METRICS
from benchmark.prepare import locate
from benchmark.schema.job import Plan


def assets_of(plan: Plan) -> list[str]:
    """Return the names of the downloads that a plan's metrics need, each once."""
    found: dict[str, None] = {}
    for planned in plan.jobs:
        for request in planned.metrics:
            needed = METRICS[request.metric.name].facts.get("assets")
            if needed is not None:
                found.update(dict.fromkeys(needed(METRICS.parse(request.metric))))
    return list(found)


def check_assets(plans: list[Plan]) -> None:
    """Raise `MissingAssetError` if a download is not here, before hours are spent without it."""
    for plan in plans:
        missing = [name for name in assets_of(plan) if locate(name) is None]
        if missing:
            raise MissingAssetError(
                f"suite '{plan.suite.key}' needs {', '.join(missing)}; "
                f"`ticketbench prepare {plan.suite.key} --scale {plan.suite.scale}` downloads it"
            )
