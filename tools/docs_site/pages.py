"""Hooks of mkdocs: the pages and their order are those that a running server shows (`reference/guides.py`).

Every page keeps its path in the repository, so links between pages work in an editor, on a code host and on the site. A
link to a file that is not a page, such as a module, becomes plain text.
"""

# mkdocs is installed with the docs only.
# pyright: reportMissingImports=false

import posixpath
import re
from pathlib import Path
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from sent_server.reference import guides

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_FENCE = re.compile(r"^\s*(```|~~~)")
Nav = list[dict[str, "str | Nav"]]


def _sources() -> list[str]:
    return [guide.source for guide in guides.everything().values()]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    nav: Nav = [{name: [{guide.title: guide.source} for guide in pages]} for name, pages in guides.sections().items()]
    nav.insert(0, {"Home": "README.md"})
    for section in nav:
        for name, pages in section.items():
            if isinstance(pages, list):
                section[name] = [page for page in pages if "README.md" not in page.values()]
    config.nav = nav
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    pictures = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "pictures").iterdir()]
    own = [File.generated(config, source, abs_src_path=str(ROOT / source)) for source in (*_sources(), *pictures)]
    for file in own:
        if file.src_uri.startswith("examples/"):
            file.inclusion = file.inclusion.NOT_IN_NAV  # linked from pages, not listed
    theme = [file for file in files if file.src_uri.startswith("assets/")]
    return Files([*theme, *own])


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    lines: list[str] = []
    fence = ""
    for line in markdown.splitlines():
        mark = _FENCE.match(line)
        if mark:
            fence = "" if fence == mark.group(1) else fence or mark.group(1)
        lines.append(line if fence else _LINK.sub(lambda link: _linked(link, page, files), line))
    return "\n".join(lines)


def _linked(link: re.Match[str], page: Page, files: Files) -> str:
    """A link to a page stays. A link to another file or folder of the repository becomes its text."""
    text, address = link.groups()
    parts = urlsplit(address)
    if parts.scheme or not parts.path:
        return link.group(0)
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), parts.path))
    index = posixpath.join(target, "README.md")
    if files.get_file_from_path(target):
        return link.group(0)
    if files.get_file_from_path(index):
        start = posixpath.dirname(page.file.src_uri) or "."
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        return f"[{text}]({posixpath.relpath(index, start)}{anchor})"
    return text if (ROOT / target).exists() else link.group(0)
