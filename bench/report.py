#!/usr/bin/env python3
"""Time and size of a report, and its first page on a slow phone: bench/report.py WS [--site FOLDER] [--lighthouse PROGRAM].

Builds the site of a workspace and says how long it took, how large it is, and how many bytes the first page loads, compressed as a
web server would. Then Chromium (the system's, by Playwright) opens the page with a processor four times slower and the network of a
slow 4G telephone (1.6 Mbit/s, 150 ms): when the table stands there, and when a tick of an area is answered. Lighthouse
(npm install lighthouse) gives its scores where it is named.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from affil.report import report
from affil.workspace import Workspace

SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
FLAGS = ["--no-sandbox", "--disable-gpu"]


class Server(http.server.SimpleHTTPRequestHandler):
    """Files as a web server sends them: compressed."""

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file():
            self.send_error(404)
            return
        body = gzip.compress(file.read_bytes(), 6)
        self.send_response(200)
        for name, value in (
            ("Content-Type", self.guess_type(str(file))),
            ("Content-Encoding", "gzip"),
            ("Content-Length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def first_page(site: Path) -> dict[str, int]:
    """Bytes of what the first page loads before the reader does anything, compressed."""
    names = [
        "institutions.html",
        "static/engine.js",
        "static/board.js",
        "static/page.js",
        "static/icon.svg",
        "data/facts.js",
        "data/names-en.js",
    ]
    return {name: len(gzip.compress((site / name).read_bytes(), 6)) for name in names}


def phone(url: str) -> dict[str, Any]:
    """When the first page shows and answers on a slow phone, in milliseconds."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2).new_page()
        control = page.context.new_cdp_session(page)
        control.send("Network.enable")
        control.send("Network.emulateNetworkConditions", SLOW)
        control.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(url, wait_until="load")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
        ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        page.wait_for_timeout(6000)  # until the data are there, as they are when somebody has looked at the page
        page.evaluate("document.getElementById('panel').open = true")
        began = time.perf_counter()
        page.evaluate("document.querySelector('[name=area]').click()")
        page.wait_for_function("document.getElementById('status').textContent")
        answered = 1000 * (time.perf_counter() - began)
        browser.close()
    return {
        "table shown (first contentful paint)": round(paint),
        "scripts ready": round(ready),
        "answer to a tick": round(answered),
    }


def lighthouse(program: str, url: str) -> dict[str, float]:
    """The scores of Lighthouse for its default phone, of 100."""
    environment = {**os.environ, "CHROME_PATH": shutil.which("chromium") or ""}
    with TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        command = [
            program,
            url,
            "--output=json",
            f"--output-path={out}",
            "--quiet",
            f"--chrome-flags=--headless {' '.join(FLAGS)}",
        ]
        subprocess.run(
            [*command, "--only-categories=performance,accessibility,best-practices,seo"], env=environment, check=True
        )
        found = json.loads(out.read_text("utf-8"))
    scores = {name: round(100 * one["score"]) for name, one in found["categories"].items()}
    seen = (
        "first-contentful-paint",
        "largest-contentful-paint",
        "total-blocking-time",
        "cumulative-layout-shift",
        "interactive",
    )
    return {**scores, **{name: round(found["audits"][name]["numericValue"], 3) for name in seen}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--site", type=Path, help="where to build it; default: a temporary folder")
    parser.add_argument("--pages", nargs="*", default=["index.html", "institutions.html"], help="pages for Lighthouse")
    parser.add_argument("--lighthouse", help="the program lighthouse")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        started, processor = time.perf_counter(), time.process_time()
        made = report(Workspace.open(asked.workspace, create=False), asked.site or Path(folder) / "site")
        print(f"built in {time.perf_counter() - started:.1f} s ({time.process_time() - processor:.1f} s of processor)")
        print(f"{made.files:,} files, {made.bytes / 1e6:.1f} MB")
        sizes = first_page(made.path)
        print(f"first page: {sum(sizes.values()) / 1e3:.0f} kB compressed: {json.dumps(sizes)}")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=str(made.path)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        if shutil.which("chromium"):
            print("slow phone, ms:", json.dumps(phone(url + "institutions.html")))
        for page in asked.pages if asked.lighthouse else ():
            print(f"Lighthouse, {page}:", json.dumps(lighthouse(asked.lighthouse, url + page)))
        server.shutdown()


if __name__ == "__main__":
    main()
