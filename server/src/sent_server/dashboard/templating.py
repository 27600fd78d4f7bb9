"""Renders the pages. Everything is escaped, and a name that a template does not know is an error."""

import functools
from collections.abc import Mapping
from typing import Any

import jinja2

from sent_server.dashboard import words
from sent_server.dashboard.assets import Assets


class Templates:
    def __init__(self, assets: Assets) -> None:
        # jinja2 leaves the types of its tables open.
        self._environment: Any = jinja2.Environment(
            loader=jinja2.PackageLoader("sent_server.dashboard", ""),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        known = self._environment.globals
        known.update(asset=functools.cache(assets.url), words=words)
        self._environment.filters["untrusted"] = words.untrusted
        # Macros are a global, so that a block can be rendered without its page.
        known["p"] = self._environment.get_template("parts/macros.html").module

    def page(self, name: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(name).render(values)

    def block(self, name: str, block: str, values: Mapping[str, Any]) -> str:
        """One block of a page, to replace it in a page that is already shown."""
        template = self._environment.get_template(name)
        return "".join(template.blocks[block](template.new_context(dict(values))))
