"""The pages as bytes, rendered once per base URL."""

import functools
import json
from typing import Any

import jinja2
from markupsafe import Markup, escape

from sent_server.errors import CATALOGUE
from sent_server.reference import document, guides
from sent_server.reference.document import Operation

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("sent_server.reference", "pages"),
    autoescape=True,
    trim_blocks=True,
    undefined=jinja2.StrictUndefined,
)

_ERRORS_PAGE = "docs/reference/errors.md"


def _code(text: str) -> Markup:
    """What stands between back quotes, as code."""
    parts = [
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def _prose(text: str) -> Markup:
    """Markdown of the error catalogue: code and links."""
    return Markup(guides.render_inline(text, source=_ERRORS_PAGE))  # noqa: S704


def _first_guide() -> str | None:
    return next((found[0].path for found in guides.sections().values()), None)


_templates.filters |= {"code": _code, "prose": _prose}  # pyright: ignore[reportUnknownMemberType] - Jinja has no type for it


@functools.lru_cache(maxsize=4)
def docs(base_url: str) -> bytes:
    def curl(operation: Operation, example: Any) -> str:
        return _curl(base_url, operation, example)

    return _render(
        "docs.html",
        base_url=base_url,
        groups=document.groups(),
        common_responses=document.common_responses(),
        own_responses=document.own_responses,
        sections=guides.sections(),
        curl=curl,
    )


@functools.lru_cache(maxsize=256)
def guide(path: str) -> bytes | None:
    """None for a page that does not exist."""
    found = guides.everything().get(path)
    if found is None:
        return None
    return _render("guide.html", guide=found, sections=guides.sections(), text=Markup(guides.render(found)))  # noqa: S704


@functools.cache
def errors() -> bytes:
    return _render("errors.html", entries=CATALOGUE.values(), is_unknown=False)


@functools.cache
def error(code: str) -> bytes | None:
    """None for a code that there is not."""
    entry = CATALOGUE.get(code)
    if entry is None:
        return None
    return _render("error.html", e=entry, operations=_answered_by(code))


@functools.cache
def no_error() -> bytes:
    """For people who look up a code that does not exist."""
    return _render("errors.html", entries=CATALOGUE.values(), is_unknown=True)


@functools.cache
def asset(name: str) -> bytes:
    source, _, _ = _templates.loader.get_source(_templates, name)  # type: ignore[union-attr]
    return source.encode()


def _answered_by(code: str) -> list[Operation]:
    """Empty where naming them would help nobody, as everything answers it."""
    everything = [operation for group in document.groups().values() for operation in group]
    found = [one for one in everything if any(code in response.codes for response in one.responses)]
    return found if len(found) < len(everything) / 2 else []


def _curl(base_url: str, operation: Operation, example: Any) -> str:
    lines = [f"curl -X {operation.method} '{base_url}{operation.path}'"]
    if not operation.path.startswith(("/health", "/v3/health")):
        lines.append("-H 'x-api-key: YOUR_KEY'")
    if example is not None:
        text = json.dumps(example, indent=2, ensure_ascii=False).replace("'", "'\\''")
        lines += ["-H 'Content-Type: application/json'", f"-d '{text}'"]
    return " \\\n  ".join(lines)


def _render(name: str, **values: Any) -> bytes:
    return _templates.get_template(name).render(first_guide=_first_guide(), **values).encode()
