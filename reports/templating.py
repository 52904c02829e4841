"""Templates filled into one self-contained HTML file: styles and scripts inside it, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")


def filled(template: str, styles: Sequence[str], scripts: Sequence[str], **values: Any) -> str:
    """Return a page from files among the templates: every value is escaped, and only these scripts may run."""
    environment = Environment(
        loader=_Flat(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    inlined = [_script(_source(name)) for name in scripts]
    style = Markup("".join(map(_source, styles)))  # noqa: S704 - the project's own files
    page = environment.get_template(template)
    return page.render(style=style, scripts=inlined, policy=_policy(inlined), **values)


class _Flat(FileSystemLoader):
    """Loads templates without the indentation of their lines, which would be a tenth of a page of tables."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_current = super().get_source(environment, template)
        return "\n".join(line.lstrip() for line in source.split("\n")), name, is_current


def _source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _script(text: str) -> Markup:
    """Mark a script of ours as safe to inline; one that would end its own element is refused."""
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("a script that is to be inlined would end its own element")
    return Markup(text)  # noqa: S704


def _policy(scripts: list[Markup]) -> str:
    """Return a content security policy: no request at all, and no script but ours, known by its hash."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}"
