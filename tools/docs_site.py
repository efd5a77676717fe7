#!/usr/bin/env python3
"""Build the documentation site from docs/ and texts that lie elsewhere in the repository.

    tools/docs_site.py FOLDER

A page is Markdown as GitHub shows it; here links between files of the repository become links between pages. Exit code 1: a page is in
no menu, or a link or an anchor leads nowhere. Addresses of the site and the repository are taken from AFFIL_SITE and AFFIL_REPOSITORY.
"""

from __future__ import annotations

import argparse
import logging
import os
import posixpath
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

ROOT = Path(__file__).resolve().parents[1]
# Pages whose text lies elsewhere, each with its file and, where it is a part of that, the heading.
ELSEWHERE = {
    "commands.md": ("README.md", "All commands"),
    "changes.md": ("CHANGELOG.md", ""),
    "contributing.md": ("CONTRIBUTING.md", ""),
    "model.md": ("models/README.md", ""),
    "gold.md": ("gold/README.md", ""),
}
# The same the other way round: where a link to such a text leads.
PAGE_OF = {f"{file}#{part.lower().replace(' ', '-')}".removesuffix("#"): name for name, (file, part) in ELSEWHERE.items()}
BESIDE = {".ipynb", ".png", ".svg"}  # what pages show or give away
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
CODE = re.compile(r"`[^`\n]*`")
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
# Before a page without a Chinese text; it is found by its English page.
ENGLISH = '---\nsearch:\n  exclude: true\n---\n\n!!! note "说明"\n    本页尚无中文版，以下为英文原文。\n\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder = parser.parse_args().folder
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("jieba").disabled = True  # which tells how it loads its words
    with TemporaryDirectory() as pages:
        lay_out(Path(pages))
        config = load_config(str(ROOT / "tools" / "mkdocs.yml"), docs_dir=pages, site_dir=str(folder.absolute()), strict=True)
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build(config)
        except Abort as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            config.plugins.on_shutdown()
    print(folder / "index.html")
    return 0


def lay_out(folder: Path) -> None:
    """Write each page into a folder, in English and in Chinese; one that has no Chinese text says so and stays English."""
    for file in sorted((ROOT / "docs").rglob("*")):
        if file.suffix in BESIDE:
            copy = folder / file.relative_to(ROOT / "docs")
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, copy)
    shutil.copyfile(ROOT / "tools" / "docs_site.css", folder / "site.css")
    sources = {file.relative_to(ROOT / "docs").as_posix(): file for file in sorted((ROOT / "docs").rglob("*.md"))}
    texts = {name: page(file.read_text("utf-8"), f"docs/{name}") for name, file in sources.items()}
    for name, (source, heading) in ELSEWHERE.items():
        text = (ROOT / source).read_text("utf-8")
        texts[name] = page(section(text, heading) if heading else text, source)
    for name in [name for name in texts if not name.endswith(".zh.md")]:
        texts.setdefault(name.removesuffix(".md") + ".zh.md", ENGLISH + texts[name])
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second order, as a page."""
    return f"# {heading}\n" + text.split(f"\n## {heading}\n", 1)[1].partition("\n## ")[0]


def page(text: str, source: str) -> str:
    """A text of the repository as a page: its links lead to pages, or, where the site lacks what they name, to the repository."""
    here = posixpath.dirname(source)
    page_is_in = posixpath.relpath(here, "docs") if source.startswith("docs/") else "."
    repository = os.environ.get("AFFIL_REPOSITORY")

    def moved(link: re.Match[str]) -> str:
        words, target, anchor = link[1], link[2], link[3] or ""
        if re.match(r"[a-z]+:", target) or posixpath.splitext(target)[1] in BESIDE:
            return link[0]
        path = posixpath.normpath(posixpath.join(here, target))
        if path + anchor in PAGE_OF:
            return f"[{words}]({posixpath.relpath(PAGE_OF[path + anchor], page_is_in)})"
        if path in PAGE_OF or (path.startswith("docs/") and path.endswith(".md")):
            name = PAGE_OF.get(path, path.removeprefix("docs/"))
            return f"[{title(path, source) if words.endswith('.md') else words}]({posixpath.relpath(name, page_is_in)}{anchor})"
        return f"[{words}]({repository}/blob/HEAD/{path}{anchor})" if repository else words

    text = LINK.sub(moved, text)
    # GitHub takes the backslash before a bar away also where the cell is code.
    return ROW.sub(lambda row: CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0]), text)


def title(path: str, source: str) -> str:
    """What a link calls a page that it names by its file: the page's heading, in the language of the page with the link."""
    chinese = ROOT / (path.removesuffix(".md") + ".zh.md")
    file = chinese if source.endswith(".zh.md") and chinese.exists() else ROOT / path
    return file.read_text("utf-8").partition("\n")[0].removeprefix("# ")


if __name__ == "__main__":
    sys.exit(main())
