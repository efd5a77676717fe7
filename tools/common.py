"""The command lines of tools: of those that measure papers, and of those that write a page from code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from affil import AffilError
from affil.cli.show import print_json

Found = dict[str, Any]


def papers_parser(about: str | None) -> argparse.ArgumentParser:
    """A parser of PAPERS, --registry and --json, for a tool that says this about itself."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("papers", nargs="+", type=Path, metavar="PAPERS")
    parser.add_argument("--registry", type=Path, metavar="FILE", help="a built registry; default: the shipped one")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


def run(parser: argparse.ArgumentParser, find: Callable[[argparse.Namespace], Found], show: Callable[[Found], None]) -> int:
    """Print what is found, as tables or as JSON; returns the exit code, 2 with one line on standard error for bad input."""
    args = parser.parse_args()
    try:
        found = find(args)
    except AffilError as error:
        print(error, file=sys.stderr)
        return 2
    print_json(found) if args.json else show(found)
    return 0


def write_page(about: str | None, default: Path, page: Callable[[], str]) -> int:
    """Write a page to -o FILE (- is standard output), for a tool that says this about itself; returns the exit code."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", default=str(default), metavar="FILE")
    output = parser.parse_args().output
    if output == "-":
        sys.stdout.write(page())
    else:
        Path(output).write_text(page(), "utf-8")
    return 0
