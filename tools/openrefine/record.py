#!/usr/bin/env python3
"""Record what OpenRefine's own classes send to the reconciliation service, and what they read of its answers.

    tools/openrefine/record.py OPENREFINE

OPENREFINE is a checkout of github.com/OpenRefine/OpenRefine. Its classes are compiled with `Drive.java`, which has them guess types,
reconcile `sheet.json` and extend it, in the steps of OpenRefine's commands; `stand_ins/` takes the place of its web application. The
libraries are those of Debian (libhttpclient5-java, libcommons-fileupload-java, libcommons-validator-java, libjuniversalchardet-java,
velocity) and of PySpark (the extra `spark`). All goes through a proxy that writes it down, into `tests/service/openrefine.json`.
"""

from __future__ import annotations

import argparse
import json
import re
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

HERE = Path(__file__).parent
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

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}/"
        proxy.shutdown()


def main() -> None:
    """Compile, drive, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("openrefine", type=Path, metavar="OPENREFINE", help="a checkout of OpenRefine")
    openrefine = parser.parse_args().openrefine
    version = re.findall(r"<version>(3[^<]*)</version>", (openrefine / "pom.xml").read_text("utf-8"))[0]
    exchanges: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        classes, own = Path(folder, "classes"), Path(folder, "own")
        classes.mkdir()
        own.mkdir()
        compiled(openrefine, classes)
        with service() as url, recorded(url, exchanges) as proxy:
            drive = ["java", "-cp", f"{classes}:{jars()}", "com.google.refine.commands.recon.Drive"]
            asked = [str(HERE / "sheet.json"), f"{proxy}reconcile", str(own)]
            said = subprocess.run([*drive, *asked], check=True, stdout=subprocess.PIPE, text=True).stdout
    made = {"openrefine": version, "exchanges": exchanges, "read": json.loads(said)}
    OUT.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
