"""How a page becomes one file: its template, style and script joined, and a policy that allows nothing else.

Everything that templates are given is escaped unless it is ``Markup``. The Content-Security-Policy names the style and
the script by their hashes, so that no name of a file or class can become either. No matplotlib: a scan starts at once.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mekiki.reports.theme import DARK, LIGHT


@cache
def page_templates(name: str) -> Environment:
    """Return the templates of this room for one page; what they are given is escaped, and a missing value is an error.

    They are read and compiled once, and serve every page of that name.

    Args:
        name: Of the page, as ``render_page`` is told it; its filters and globals are its own.
    """
    return Environment(
        loader=PackageLoader("mekiki.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(templates: Environment, name: str, content: dict[str, Any]) -> str:
    """Return a page as text that can be written as UTF-8.

    Args:
        templates: As ``page_templates`` gives them, with the filters and globals of the page.
        name: ``<name>.html.j2``, ``<name>.css`` and, if there is one, ``<name>.js`` are the page; the first is given
            ``style``, ``script`` and their hashes for the policy, which is ``none`` where there is no script.
        content: The other values that it is given.
    """
    style = templates.get_template(f"{name}.css").render(light=LIGHT, dark=DARK)
    has_script = f"{name}.js" in templates.list_templates()
    script = templates.get_template(f"{name}.js").render() if has_script else ""
    page = templates.get_template(f"{name}.html.j2").render(
        content,
        style=Markup(style),
        script=Markup(script),
        style_hash=_policy_hash(style),
        script_hash=_policy_hash(script) if has_script else "none",
    )
    return page.encode("utf-8", "replace").decode("utf-8")


def _policy_hash(text: str) -> str:
    """Return a text's hash as a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
