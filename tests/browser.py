"""Renders a page in headless Chromium, with no way out to a network.

`render(page, width, height)` answers the DOM as the browser built it and a picture of the window.
Chromium comes from the system (`make system-packages`).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PHONE = (390, 844)
DESKTOP = (1280, 900)
_TIMEOUT_SECONDS = 120
_NARROWEST_WINDOW = 500
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    # Whatever a page asks for fails at once, and shows up as missing.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
)
# What makes a browser fetch something while it shows a page. A link is not among it.
_FETCHING = re.compile(
    r"""<(?:img|script|iframe|source|video|audio|embed|object|image|use|input)\b[^>]*?
        \b(?:src|srcset|data|(?:xlink:)?href)\s*=\s*["']?(?!data:|\#)([^"'\s>]+)
      | <link\b[^>]*?\bhref\s*=\s*["']?(?!data:)([^"'\s>]+)
      | \burl\(\s*["']?(?!data:|\#)([^"')]+)
      | @import\s+["']?([^"';]+)""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the browser made of a page: its DOM, and a picture of the window."""

    dom: str
    png: Path

    def fetched(self) -> list[str]:
        """Return what the page wants to have from elsewhere; empty for a self-contained one."""
        return ["".join(groups) for groups in _FETCHING.findall(self.dom)]


def render(html_path: Path, width: int, height: int) -> Rendered:
    """Open the page in a window of this size; the picture is kept beside it.

    Chromium lays no page out for less than 500 pixels of window: a narrower one is shown in a
    frame of that width, as a telephone would show it.
    """
    page, size = html_path.resolve(), f"{width}x{height}"
    png = page.with_name(f"{page.stem}-{size}.png")
    shown = page if width >= _NARROWEST_WINDOW else _framed(page, width, height)
    try:
        _run(f"--window-size={width},{height}", f"--screenshot={png}", shown.as_uri())
        dom = _run(f"--window-size={width},{height}", "--dump-dom", page.as_uri())
    finally:
        if shown != page:
            shown.unlink()
    assert png.is_file(), "Chromium made no picture"
    return Rendered(dom, png)


def _framed(page: Path, width: int, height: int) -> Path:
    frame = page.with_name(f"{page.stem}-frame.html")
    frame.write_text(
        "<!doctype html><style>body{margin:0}iframe{border:0}</style>"
        f'<iframe src="{page.as_uri()}" width="{width}" height="{height}"></iframe>'
    )
    return frame


def _run(*arguments: str) -> str:
    program = next((path for path in map(shutil.which, _NAMES) if path), None)
    assert program, "Chromium is not installed: run `make system-packages`"
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        finished = subprocess.run(
            [program, *_FLAGS, f"--user-data-dir={profile}", *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
