"""The Markdown pages of the project, as a running server shows them beside its own reference.

They are read from the checkout that the server runs from; an installation without one has no guides.
"""

import functools
import itertools
import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sent_server.kernel.values import value_object

PREFIX = "/docs/guides/"
_CHECKOUT = Path(__file__).parents[4]
# In the order in which they are shown.
SECTIONS = {
    "Tutorial": ("docs/tutorial/*.md",),
    "How to": ("docs/how-to/*.md",),
    "Reference": ("docs/reference/*.md",),
    "Explanation": ("docs/*.md", "docs/explanation/*.md"),
    "Python SDK": ("sdk/README.md", "sdk/docs/*.md"),
    "Project": ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "deploy/README.md"),
    "Contributing": ("docs/contributing/*.md",),
    "Decisions": ("docs/decisions/*.md",),
}
PICTURES = "/docs/pictures/"
_PICTURES = "docs/pictures"
_EXAMPLES = ("examples/*/README.md",)  # linked from pages, not listed
# A line of its own, such as the mark of a tested block. It would be shown, because raw HTML is text here.
_COMMENT = re.compile(r"^[ \t]*<!--.*-->[ \t]*\n", re.MULTILINE)
_markdown = MarkdownIt("js-default")  # raw HTML stays text


@value_object
class Guide:
    """`source` is its place in the checkout, `path` its place on this server."""

    source: str
    path: str
    title: str


@functools.cache
def sections() -> Mapping[str, Sequence[Guide]]:
    """By heading; a section without pages is left out, so that everything may be absent."""
    found = {name: [guide for pattern in patterns for guide in _found(pattern)] for name, patterns in SECTIONS.items()}
    return {name: guides for name, guides in found.items() if guides}


@functools.cache
def everything() -> Mapping[str, Guide]:
    """By their path below `PREFIX`."""
    listed = [guide for guides in sections().values() for guide in guides]
    unlisted = [guide for pattern in _EXAMPLES for guide in _found(pattern)]
    return {guide.path.removeprefix(PREFIX): guide for guide in (*listed, *unlisted)}


def render(guide: Guide) -> str:
    """HTML. Links between pages stay on this server; links to other files of the repository become plain text."""
    tokens = _markdown.parse(_COMMENT.sub("", (_CHECKOUT / guide.source).read_text(encoding="utf-8")))
    _name_headings(tokens)
    for token in tokens:
        if token.children:
            token.children = _linked(token.children, guide.source)
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


def render_inline(text: str, *, source: str) -> str:
    """HTML of a sentence or two, whose links are relative to the page `source`."""
    tokens = _markdown.parseInline(text)
    for token in tokens:
        token.children = _linked(token.children or [], source)
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


@functools.cache
def picture(name: str) -> bytes | None:
    file = _CHECKOUT / _PICTURES / name
    return file.read_bytes() if file in (_CHECKOUT / _PICTURES).glob("*.svg") else None


def _found(pattern: str) -> list[Guide]:
    """An index comes before the pages that it lists."""
    files = sorted(_CHECKOUT.glob(pattern), key=lambda file: (file.stem != "README", file))
    return [_guide(file) for file in files if file.is_file()]


def _guide(file: Path) -> Guide:
    source = file.relative_to(_CHECKOUT).as_posix()
    first = next(
        (line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("# ")), f"# {source}"
    )
    return Guide(source, PREFIX + source.removesuffix(".md"), first.removeprefix("# ").replace("`", ""))


def _name_headings(tokens: Sequence[Token]) -> None:
    for opening, text in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", text.content.lower())
            opening.attrSet("id", words.replace(" ", "-"))


def _linked(children: Sequence[Token], source: str) -> list[Token]:
    kept: list[Token] = []
    is_dropped: list[bool] = []
    for token in children:
        if token.type == "image":
            token.attrSet("src", PICTURES + posixpath.basename(str(token.attrGet("src") or "")))
        elif token.type == "link_open":
            address = _address(str(token.attrGet("href") or ""), source)
            is_dropped.append(address is None)
            if address is None:
                continue
            token.attrSet("href", address)
        elif token.type == "link_close" and is_dropped.pop():
            continue
        kept.append(token)
    return kept


def _address(link: str, source: str) -> str | None:
    """Where a link of the page leads on this server. None for what is not served here."""
    parts = urlsplit(link)
    if parts.scheme in ("http", "https", "mailto") or not parts.path:
        return link
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), parts.path))
    page = everything().get(target.removesuffix(".md")) or everything().get(posixpath.join(target, "README"))
    if page is None:
        return None
    return f"{page.path}#{parts.fragment}" if parts.fragment else page.path
