"""Where suites and reference files are: a checkout, an installed wheel, or a user's own folders; and their text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import SuiteError, UsageError, did_you_mean

if TYPE_CHECKING:
    from benchmark.schema.suite import Suite

VARIABLE = "TICKETBENCH_SUITES"
"""Environment variable with folders of further suites, separated as in PATH."""

_PACKAGE = Path(__file__).resolve().parent
_SUFFIXES = (".yaml", ".yml")


def suite_names() -> tuple[str, ...]:
    """Return the names of all suites that can be given without a path, sorted."""
    return tuple(sorted({path.stem for folder in _suite_folders() for path in _files(folder)}))


def find_suite(name: str) -> Path:
    """Return the file of a suite: one of `suite_names()`, or a path to a YAML file; raise `UsageError` otherwise."""
    if name.endswith(_SUFFIXES) or os.sep in name:
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"no suite file '{name}'")
        return path
    found = [path for folder in _suite_folders() for path in _files(folder) if path.stem == name]
    if len(found) > 1:
        raise UsageError(f"several suites are named '{name}': {', '.join(map(str, found))}; give the path of one")
    if not found:
        raise UsageError(f"no suite '{name}'{did_you_mean(name, suite_names())}")
    return found[0]


def find_references(key: str, near: Path | None = None) -> Path:
    """Return the reference file of a paper; raise `UsageError` where there is none.

    Looked up in `reference_results/` beside the suite file `near` and one folder above it, then likewise for the
    user's folders, then among the built-in ones.
    """
    files = [path for folder in _reference_folders(near) for path in _files(folder)]
    for path in files:
        if path.stem == key:
            return path
    raise UsageError(f"no reference file '{key}.yaml'{did_you_mean(key, {path.stem for path in files})}")


def references_for(suite: Suite, near: Path | None = None) -> dict[str, Path]:
    """Return the reference file of every paper that the suite's claims refer to (`PAPER/NUMBER`)."""
    texts = {text for claim in suite.claims.values() for text in claim.references}
    texts |= {one.reference for claim in suite.claims.values() for one in claim.compare if one.reference is not None}
    return {key: find_references(key, near) for key in sorted({text.partition("/")[0] for text in texts})}


def read_text(path: Path) -> str:
    """Return a file's text; raise `UsageError` if it cannot be read, `SuiteError` if it is not text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SuiteError([f"{path}:{line}: not UTF-8 text, expected YAML; is this a binary file?"]) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def built_in(name: str) -> Path:
    """Return the folder inside the package (a wheel has it), else the one beside the package (a checkout)."""
    inside = _PACKAGE / f"{name}_data"
    return inside if inside.is_dir() else _PACKAGE.parent / name


def _suite_folders() -> list[Path]:
    return list(dict.fromkeys([*_own_folders(), built_in("suites")]))


def _reference_folders(near: Path | None) -> list[Path]:
    around = [] if near is None else [near.resolve().parent]
    around += _own_folders()
    beside = [folder / "reference_results" for place in around for folder in (place, place.parent)]
    return [*beside, built_in("reference_results")]


def _own_folders() -> list[Path]:
    return [Path(part).resolve() for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
