#!/usr/bin/env python3
"""Record what OpenRefine's own code sends to the reconciliation service, and what it reads of the answers.

    tools/openrefine/record.py OPENREFINE --jquery jquery.js

OPENREFINE is a checkout of github.com/OpenRefine/OpenRefine. Its classes are compiled with `Drive.java`, which has them guess types,
reconcile `sheet.json` and extend it, in the steps of OpenRefine's commands; `stand_ins/` takes the place of its web application. The
libraries are those of Debian (libhttpclient5-java, libcommons-fileupload-java, libcommons-validator-java, libjuniversalchardet-java,
velocity) and of PySpark (the extra `spark`). All goes through a proxy that writes it down. The scripts of its page run in Chromium, in
`page.html`, with jQuery 3.7.1 (of npm). All of it is written to `tests/service/openrefine.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
SCRIPTS = (
    "externals/suggest/suggest-4_3a.js",
    "scripts/util/custom-suggest.js",
    "scripts/reconciliation/recon-manager.js",
    "scripts/dialogs/add-column-by-reconciliation.js",
)
OUT = HERE.parents[1] / "tests" / "service" / "openrefine.json"
DEBIAN = (
    "httpclient5",
    "httpcore5",
    "httpcore5-h2",
    "juniversalchardet",
    "commons-fileupload",
    "commons-validator",
    "velocity",
)
SPARK = (
    *("jackson-annotations", "jackson-core", "jackson-databind", "slf4j-api", "commons-lang3", "commons-lang", "commons-text"),
    *("commons-io", "commons-codec", "commons-compress", "guava", "javax.servlet-api", "xz", "zstd-jni"),
)


def jars() -> str:
    """The class path."""
    import pyspark

    spark = Path(pyspark.__file__).parent / "jars"
    found = [Path("/usr/share/java") / f"{name}.jar" for name in DEBIAN]
    found += [next(spark.glob(f"{name}-[0-9]*.jar")) for name in SPARK]
    return ":".join(map(str, found))


def compiled(openrefine: Path, classes: Path) -> None:
    """Compile OpenRefine's classes, as far as `Drive` needs them."""
    parts = [
        HERE / "stand_ins",
        *(openrefine / p for p in ("modules/core/src/main/java", "modules/grel/src/main/java", "main/src")),
    ]
    where = ["-cp", jars(), "-sourcepath", ":".join(map(str, parts)), "-d", str(classes)]
    subprocess.run(["javac", "-nowarn", "-proc:none", "-implicit:class", *where, str(HERE / "Drive.java")], check=True)


@contextmanager
def service() -> Iterator[str]:
    """The address of `affil serve`."""
    command = [sys.executable, "-m", "affil", "serve", "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield re.findall(r"http://\S+", server.stdout.readline())[0]
        server.send_signal(signal.SIGINT)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def recorded(url: str, exchanges: list[dict[str, Any]]) -> Iterator[str]:
    """The address of a proxy before `url` that writes down what is asked and answered."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
            asked = urllib.request.Request(url + self.path.lstrip("/"), body, headers)
            with urllib.request.urlopen(asked) as answer:
                content = answer.read()
            exchanges.append({"path": self.path, "headers": headers, "body": body.decode(), "answer": json.loads(content)})
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(Proxy) as proxy:
        yield proxy


def page(openrefine: Path, jquery: Path, url: str) -> tuple[list[str], dict[str, Any]]:
    """What the scripts of OpenRefine's page ask of the service at `url`, and what they take from the answers."""
    from playwright.sync_api import sync_playwright

    core = openrefine / "main/webapp/modules/core"
    asked: list[str] = []
    files = {"jquery.js": jquery, **{Path(name).name: core / name for name in SCRIPTS}}

    class Home(BaseHTTPRequestHandler):
        """OpenRefine's own server: a page, its scripts, and for everything else a preference."""

        def do_GET(self) -> None:
            name = urlsplit(self.path).path.lstrip("/")
            found = files.get(name, HERE / "page.html" if not name else None)
            content = found.read_bytes() if found else json.dumps({"value": json.dumps([{"url": "none"}])}).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html" if not name else "text/javascript" if found else "application/json")
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:  # a preference is set
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(Home) as home, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page()
        shown.on("request", lambda r: asked.append(r.url) if r.url.startswith(f"{url}reconcile") else None)
        shown.goto(home)
        read: dict[str, Any] = {"access": shown.evaluate("url => add(url)", f"{url}reconcile")}
        for kind, widget, text in (
            ("entity", "suggest", "港中大"),
            ("type", "suggestT", "univ"),
            ("property", "suggestP", "chin"),
        ):
            read[kind] = shown.evaluate("([kind, widget, text]) => choose(kind, widget, text)", [kind, widget, text])
        read["properties"] = shown.evaluate("proposed('education')")
        browser.close()
    sent = [each.removeprefix(url.rstrip("/")) for each in asked]
    return sent, read


def main() -> None:
    """Compile, drive, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("openrefine", type=Path, metavar="OPENREFINE", help="a checkout of OpenRefine")
    parser.add_argument("--jquery", type=Path, required=True, metavar="FILE", help="jquery.js 3.7.1")
    given = parser.parse_args()
    pom = (given.openrefine / "pom.xml").read_text("utf-8")
    exchanges: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        classes, own = Path(folder, "classes"), Path(folder, "own")
        classes.mkdir()
        own.mkdir()
        compiled(given.openrefine, classes)
        with service() as url:
            with recorded(url, exchanges) as proxy:
                drive = ["java", "-cp", f"{classes}:{jars()}", "com.google.refine.commands.recon.Drive"]
                asked = [str(HERE / "sheet.json"), f"{proxy}reconcile", str(own)]
                said = subprocess.run([*drive, *asked], check=True, stdout=subprocess.PIPE, text=True).stdout
            sent, chosen = page(given.openrefine, given.jquery, url)
    made = {
        "openrefine": re.findall(r"<version>(3[^<]*)</version>", pom)[0],
        "exchanges": exchanges,
        "read": json.loads(said),
        "page": {"asked": sent, "read": chosen},
    }
    lines = (f'"{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in made.items())
    OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
