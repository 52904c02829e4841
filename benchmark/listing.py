"""What there is to run, as `list` tells it: of suites that come along it is kept beside them, so that none is parsed.

An entry of the file is about the very text of its suite; what was changed since is read. `python -m benchmark.listing`
writes it anew.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from benchmark import catalog

FILE = "listing.json"


def listing() -> list[dict[str, Any]]:
    """Return name, title, scales and claims of every suite; raise `SuiteError` for one that is wrong."""
    kept = _kept()
    return [{"name": name, **_entry(catalog.find_suite(name), kept.get(name))} for name in catalog.suite_names()]


def read(path: Path) -> dict[str, Any]:
    """Return title, scales and claims of a suite, read whole; raise `SuiteError` with what is wrong with it."""
    from benchmark.suites import read_suite, scale_names

    text = catalog.read_text(path)
    scales = scale_names(text, str(path))
    suites = [read_suite(text, str(path), scale).suite for scale in scales]
    claims = {key: claim.says for suite in suites for key, claim in suite.claims.items()}
    return {"title": suites[0].title, "scales": list(scales), "claims": claims}


def write(folder: Path) -> None:
    """Write the file of the suites that come along into a folder."""
    paths = sorted(catalog.built_in("suites").glob("*.yaml"))
    entries = {path.stem: {"sha256": _digest(path), **read(path)} for path in paths}
    (folder / FILE).write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _entry(path: Path, kept: Any) -> dict[str, Any]:
    if not isinstance(kept, dict) or kept.get("sha256") != _digest(path):
        return read(path)
    return {key: value for key, value in kept.items() if key != "sha256"}


def _kept() -> dict[str, Any]:
    try:
        found = json.loads((catalog.built_in("suites") / FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(path: Path) -> str:
    return hashlib.sha256(catalog.read_text(path).encode()).hexdigest()


if __name__ == "__main__":
    write(catalog.built_in("suites"))
