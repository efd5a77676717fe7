#!/usr/bin/env python3
"""Write docs/formats.md from the readers.

tools/formats_page.py [-o FILE]     default: docs/formats.md; - is standard output
"""

from __future__ import annotations

import sys
from pathlib import Path

from affil.papers.formats import READERS
from affil.papers.reader import Reader

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools.common import write_page

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
HEAD = """# Formats of papers

This page is written by `tools/formats_page.py` from the readers in `src/affil/papers/`; a test compares the two.

`affil run FILE... -w WORKSPACE` reads all of these, also packed by gzip, and recognises each file by its content. `affil formats FILE`
tells what a file is and shows its first papers as they are read; `--format NAME` reads it as a format of your choice. In tables, headings
may be in any case; `--map HEADING=NAME` says which heading stands for a usual one (`--map Journal=venue`).

Affiliation strings stay as published; what OpenAlex, Crossref, DataCite, Europe PMC, PubMed, dblp and ORCID escape once too often, and the
markup that they leave in (`Texas A&amp;M`, `H<sub>2</sub>O`), is undone. A record without a venue or without a year from 1900 to 2100 is no
paper that can be ranked: it is left out, and the rest is read. A file that is cut off, damaged, or put together of two formats is refused
as a whole, with the place.

What is left out or read only in part is said after reading, with the place of the first. Places are said as you see them: the row of a
table as a spreadsheet shows it, the line of text (RIS, BibTeX, JSON Lines, plain text of Web of Science), the record of XML and of JSON that
is one value. Of a workbook the sheet is read that holds papers; `--sheet` chooses another.

Records of one paper from several files (of one id or DOI, else of one title, year and first author) are one paper: the one that tells most of
affiliations is kept, and the table `merged` of the workspace says which ([more](papers.md#one-paper-several-sources)).

Another package can add a reader: an entry point of the group `affil.readers` that names an `affil.papers.reader.Reader`
([CONTRIBUTING](../CONTRIBUTING.md#add-a-reader-of-papers)).

"""


def main() -> int:
    return write_page(__doc__, PAGE, page)


def page() -> str:
    """The whole page."""
    rows = "".join(f"| [{r.title}](#{r.name}) | `{r.name}` |\n" for r in READERS)
    return HEAD + "| format | name |\n|---|---|\n" + rows + "".join(map(section, READERS))


def section(reader: Reader) -> str:
    """What a person should know of one format."""
    described = f" ([description]({reader.specification}))" if reader.specification else ""
    return (
        f'\n## <a id="{reader.name}"></a>{reader.title}\n\n`--format {reader.name}`{described}\n\n'
        f"- **Read:** {reader.fields}\n- **Lost:** {reader.lost}\n- **How to get it:** {reader.export}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
