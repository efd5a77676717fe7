#!/usr/bin/env python3
"""Build the API reference from the docstrings, as pages of HTML, and check its links.

    tools/api_reference.py FOLDER

It holds `affil`, every package of it that says what is public (`__all__`), and the settings. Exit code 1: a public name is missing, a
link leads nowhere, or a docstring cannot be rendered.
"""

from __future__ import annotations

import argparse
import ast
import sys
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pdoc

import affil


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder = parser.parse_args().folder
    modules = public_modules()
    build(modules, folder)
    wrong = [*missing(modules, folder), *broken_links(folder)]
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{folder / 'index.html'}: {len(modules)} modules, {sum(len(names) for names in modules.values())} names")
    return 1 if wrong else 0


def public_modules() -> dict[str, list[str]]:
    """The modules of the reference, each with its public names."""
    top = Path(affil.__file__).parent
    files = [top / "__init__.py", *sorted(top.glob("*/__init__.py"))]
    packages = [".".join(("affil", *file.parent.relative_to(top).parts)) for file in files if _says_what_is_public(file)]
    names = {name: sorted(import_module(name).__all__) for name in packages}
    return names | {"affil.settings": ["Settings", *sorted(type(chosen).__name__ for _, chosen in affil.Settings())]}


def build(modules: dict[str, list[str]], folder: Path) -> None:
    """Write a page for each module.

    Raises:
        UserWarning: a docstring cannot be rendered.
    """
    for module, names in modules.items():  # some are found only when they are asked for, which pdoc does not do
        vars(import_module(module)).update({name: getattr(import_module(module), name) for name in names})
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.filterwarnings("ignore", "Cannot determine where .* is taken from")  # a TypedDict does not say what it extends
        pdoc.render.configure(docformat="google", footer_text=f"affil {affil.__version__}")
        pdoc.pdoc(*modules, output_directory=folder)


def missing(modules: dict[str, list[str]], folder: Path) -> Iterator[str]:
    """A line for each public name that has no entry."""
    for module, names in modules.items():
        page = _page(folder / f"{module.replace('.', '/')}.html")
        yield from (f"{module}.{name} is not in the reference" for name in names if name not in page.anchors)


def broken_links(folder: Path) -> Iterator[str]:
    """A line for each link within the folder that leads nowhere; links to other sites are not followed."""
    pages = {file.resolve(): _page(file) for file in sorted(folder.rglob("*.html"))}
    for file, page in pages.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(address).scheme:
                continue
            below = folder if address.startswith("/") else file.parent
            target = (below / unquote(address).lstrip("/")).resolve() if address else file
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (anchor and unquote(anchor) not in pages[target].anchors):
                yield f"{file.relative_to(folder.resolve())}: the link {link} leads nowhere"


class _Page(HTMLParser):
    """The ids and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.anchors |= {value for name, value in attrs if name == "id" and value}
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _page(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text("utf-8"))
    return page


def _says_what_is_public(file: Path) -> bool:
    assigned = (node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.Assign))
    return any(isinstance(target, ast.Name) and target.id == "__all__" for node in assigned for target in node.targets)


if __name__ == "__main__":
    sys.exit(main())
