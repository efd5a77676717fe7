"""A real Chromium for the tests of pages, whoever makes them: the site or the servers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]


class Watched:
    """A page whose console, errors and requests are kept, to be looked at in the end."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: self.faults.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.faults.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))


@pytest.fixture(scope="module")  # while it is open, an event loop runs in this thread, and tests elsewhere start their own
def browser(lacking: Any) -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        lacking("Chromium (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


# axe-core reads each colour of each text anew, which takes half of its time.
COLOURS = """
    const colour = axe.commons.color.Color.prototype, read = colour.parseString, known = new Map();
    colour.parseString = function (text) {
        if (known.has(text)) [this.r, this.g, this.b, this.alpha] = known.get(text);
        else { read.call(this, text); known.set(text, [this.r, this.g, this.b, this.alpha]); }
        return this;
    };
"""


def accessible(page: Any) -> list[str]:
    """The serious faults that axe-core finds."""
    from axe_playwright_python.base import AXE_FILE_PATH

    # A page's own policy may forbid scripts of others, so axe runs beside it, not in it.
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{Path(AXE_FILE_PATH).read_text('utf-8')}\n;{{{COLOURS}}}\n;undefined")
    # Observers of sizes answer after the next layout, of which a machine with much to do is late.
    page.evaluate("new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(seen))))")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    return [f"{v['id']}: {node['html'][:200]}: {node.get('failureSummary', '')}" for v in serious for node in v["nodes"]]
