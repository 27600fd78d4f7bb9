"""Style sheets, scripts, icons and fonts, under names with their hash, so that browsers keep them for ever."""

import gzip
import hashlib
from collections.abc import Mapping
from importlib import resources

from sent_server.kernel.values import value_object

PREFIX = "/dashboard/assets/"
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}


@value_object
class Asset:
    """`compressed` is None where compression gains nothing."""

    path: str
    media_type: str
    content: bytes
    compressed: bytes | None


class Assets:
    """All files of `assets/`, read once."""

    def __init__(self) -> None:
        folder = resources.files("sent_server.dashboard") / "assets"
        found = {
            name: (folder / name).read_bytes()
            for name in ("inter.woff2", "icons.svg", "mark.svg", "vendor/htmx.js", "app.js", "dashboard.css")
        }
        self._by_name: dict[str, Asset] = {}
        for name, content in found.items():
            if name == "dashboard.css":
                font = self._by_name["inter.woff2"].path.removeprefix(PREFIX)
                content = content.replace(b"inter.woff2", font.encode())
            self._by_name[name] = _asset(name, content)
        self._by_path: Mapping[str, Asset] = {one.path: one for one in self._by_name.values()}

    def url(self, name: str) -> str:
        return self._by_name[name].path

    def get(self, path: str) -> Asset | None:
        return self._by_path.get(path)


def _asset(name: str, content: bytes) -> Asset:
    stem, _, kind = name.rpartition("/")[2].rpartition(".")
    tag = hashlib.sha256(content).hexdigest()[:10]
    compressed = None if kind == "woff2" else gzip.compress(content, 9, mtime=0)
    return Asset(f"{PREFIX}{stem}.{tag}.{kind}", MEDIA_TYPES[kind], content, compressed)
