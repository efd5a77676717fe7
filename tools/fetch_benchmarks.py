#!/usr/bin/env python3
"""Download the five public sets that affil is trained and measured on, as tables that affil reads.

    tools/fetch_benchmarks.py FOLDER [--sets logs s2aff ...] [--registry ror.affil] [--record]

Writes crossref.csv, logs.csv, openalex.csv, s2aff.csv and springer.csv into FOLDER: the development rows of each set, with the columns
affiliation (as it stands), ror_ids (a blank between several; empty: none), source, split and, with --registry, in_registry (whether
that registry holds all ids). Rows of one string, blanks and case aside, are joined. The rest of each set is left for tests:

    crossref, logs  the file `test`; a string that is also in its sibling file is left out
    s2aff           the splits `train` and `val`; a string that is also in `test` is left out; labels in words are no ids
    springer        the half of the strings whose SHA-1 (lower case, single blanks) is even
    openalex        the same half; its institution numbers become ROR ids by OpenAlex's API, and a string with a number that
                    has none is left out. The API answers a little without a key, enough for this: set OPENALEX_API_KEY if not

What was downloaded stays in FOLDER/sources and is not downloaded again. The addresses hold the commit, which pins the content. Their
SHA-256 is written to sources/checksums.txt on the first download, once the file could be read, and verified from then on; answers of
the API are kept in the same way. --record prints the checksums as lines for the table in this script, which goes before that file.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import re
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import TextIO

from affil import AffilError, Registry
from affil.cli.show import console, plain_table, working
from affil.errors import InputError
from affil.io.outputs import atomic_path
from affil.names.ids import ROR, normal_id

SERVER = "https://raw.githubusercontent.com"
OPENALEX = "https://api.openalex.org"
MATCHING = "ror-community/affiliation-matching-experimental"
ASSERTED = "test_data/Crossref_publisher_assertions/20230628_Crossref_publisher_asserted_affiliation_string_ROR_IDs"
LOGS = "test_data/Logs/20230903_affiliation_matching_logs"
PATHS = {
    "crossref-test.csv": f"{MATCHING}/57bae8bf6d2136e81d20a9840df28b10fb01f6db/{ASSERTED}_test.csv",
    "crossref-train.csv": f"{MATCHING}/57bae8bf6d2136e81d20a9840df28b10fb01f6db/{ASSERTED}_train.csv",
    "logs-test.csv": f"{MATCHING}/eb56de3a29e06d9b167daafda180b6cffca8bd55/{LOGS}_test.csv",
    "logs-valid.csv": f"{MATCHING}/eb56de3a29e06d9b167daafda180b6cffca8bd55/{LOGS}_valid.csv",
    "openalex.tgz": f"{MATCHING}/a5fdd01f6a280183fffdf07cdd34e2e061583981"
    "/test_data/supplemental/openalex/institution_gold_datasets_v2.tgz",
    "s2aff.csv": "allenai/S2AFF/ac8d6b58f42b253821c26fff8b013913317c5c72/data/gold_affiliation_annotations.csv",
    "springer.csv": f"{MATCHING}/a0408aba11a26a82c9566f6799d67fa80a79f1d7/test_data/Springer/20231031_springer_nature.csv",
}
SHA256 = {  # empty: not known here, recorded on the first download
    "crossref-test.csv": "",
    "crossref-train.csv": "",
    "logs-test.csv": "",
    "logs-valid.csv": "",
    "openalex.tgz": "",
    "s2aff.csv": "",
    "springer.csv": "",
}
ROR_ID = re.compile(r"\bror\.org/(0[a-z0-9]{6}[0-9]{2})\b", re.IGNORECASE)
BATCH = 50  # institutions in one question to OpenAlex
AGAIN = "delete it to download it again"


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled string; `ids` are ROR ids or, on the way, OpenAlex's numbers."""

    affiliation: str
    ids: tuple[str, ...]
    split: str


Rows = tuple[list[Row], int]  # and how many strings were left out


class Downloads:
    """The folder of what was downloaded, each file verified by its SHA-256."""

    def __init__(self, folder: Path, server: str, openalex: str, tell: Callable[[str], None]) -> None:
        self.folder, self.server, self.openalex, self.tell = folder, server, openalex, tell
        self.lock = folder / "checksums.txt"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AffilError(f"{folder}: the folder cannot be made: {error.strerror}") from error
        self.known = self._recorded() | {name: value for name, value in SHA256.items() if value}

    def _recorded(self) -> dict[str, str]:
        try:
            lines = self.lock.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise InputError(self.lock, f"cannot be read: {error}") from error
        found = {}
        for row, line in enumerate(lines, 1):
            value, _, name = line.partition("  ")
            if not name or not re.fullmatch("[0-9a-f]{64}", value):
                raise InputError(self.lock, "no checksum, two blanks and a name", row=row, fix="correct or delete the line")
            found[name] = value
        return found

    def record(self) -> None:
        """Write the checksums of what was downloaded, in the format of sha256sum."""
        with atomic_path(self.lock) as part:
            part.write_text("".join(f"{value}  {name}\n" for name, value in sorted(self.known.items())), "utf-8")

    def get(self, name: str) -> Path:
        """A file of PATHS, downloaded if it is not there."""
        return self.fetch(name, f"{self.server}/{PATHS[name]}")

    def fetch(self, name: str, address: str) -> Path:
        """The file of this name, downloaded whole or not at all, and verified.

        Raises:
            AffilError: it cannot be downloaded or is not what was recorded.
        """
        import pooch  # type: ignore[import-untyped]
        import requests

        pooch.get_logger().setLevel("ERROR")
        path, known = self.folder / name, self.known.get(name)
        shown = address.partition("?")[0]  # behind it may stand a key
        self.tell(f"downloading {name}")
        try:
            if not known:
                path.unlink(missing_ok=True)  # of a run that did not get to read it
            elif path.exists() and pooch.file_hash(str(path)) != known:
                raise InputError(path, "its SHA-256 is not the recorded one", fix=AGAIN)
            pooch.retrieve(address, f"sha256:{known}" if known else None, name, self.folder)
            self.known[name] = pooch.file_hash(str(path))
        except requests.HTTPError as error:
            code = error.response.status_code if error.response is not None else 0
            hint = "; get a free key and set OPENALEX_API_KEY" if code in (401, 403, 429) and shown != address else ""
            words = HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else "unknown code"
            raise AffilError(f"{shown}: the server answers {code} ({words}){hint}") from error
        except requests.RequestException as error:
            problem = "breaks off" if isinstance(error, requests.exceptions.ChunkedEncodingError) else "cannot be reached"
            raise AffilError(f"{shown}: {problem}; check the connection and run this again") from error
        except ValueError as error:
            where = (
                "this script"
                if SHA256.get(name)
                else f"{self.lock}; nothing of it was kept; delete its line there to take it anyway"
            )
            raise AffilError(f"{shown}: its SHA-256 is not the one in {where}") from error
        except OSError as error:
            raise AffilError(f"{path}: cannot be written: {error.strerror or error}") from error
        return path


def normalised(text: str) -> str:
    return " ".join(text.casefold().split())


def records(text: TextIO, name: str, columns: tuple[str, ...], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The cells of these columns, with the number of their row; quotes are read leniently, as those who wrote the files do."""
    reader = csv.DictReader(text, delimiter=delimiter)
    row = 1
    try:
        for column in columns:
            if column not in (reader.fieldnames or ()):
                found = ", ".join(reader.fieldnames or ()) or "none"
                raise InputError(name, f"no column {column!r} (there are: {found[:200]})", row=1, fix=AGAIN)
        for row, record in enumerate(reader, 2):
            yield row, [record[c] or "" for c in columns]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(name, f"no table in UTF-8: {error}", row=row + 1, fix=AGAIN) from error


def table(path: Path, *columns: str) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return [cells for _, cells in records(text, str(path), columns)]


def ror_ids(labels: str) -> tuple[str, ...]:
    """The ROR ids in a cell, in their order: "NP", free text and nothing hold none, "a; b" and a Python set several."""
    return tuple(normal_id(f"{ROR}{x}") for x in ROR_ID.findall(labels))


def joined(rows: Iterable[Row], others: Iterable[str] = ()) -> Rows:
    """One row for each string, in its first spelling and with the ids of all, without the strings that are also among others."""
    apart = {normalised(x) for x in others}
    first: dict[str, Row] = {}
    ids: dict[str, dict[str, None]] = {}
    for row in rows:
        if key := normalised(row.affiliation):
            first.setdefault(key, row)
            ids.setdefault(key, {}).update(dict.fromkeys(row.ids))
    kept = [replace(row, ids=tuple(ids[key])) for key, row in first.items() if key not in apart]
    return kept, len(first) - len(kept)


def in_half(row: Row) -> bool:
    return hashlib.sha1(normalised(row.affiliation).encode()).digest()[-1] % 2 == 0


def pair_of_files(name: str, other: str) -> Callable[[Downloads], Rows]:
    def read(downloads: Downloads) -> Rows:
        rows = (Row(text, ror_ids(ids), "test") for text, ids in table(downloads.get(name), "affiliation", "ror_id"))
        return joined(rows, (text for (text,) in table(downloads.get(other), "affiliation")))

    return read


def s2aff(downloads: Downloads) -> Rows:
    cells = table(downloads.get("s2aff.csv"), "original_affiliation", "labels", "split")
    rows = [Row(text, ror_ids(labels), split) for text, labels, split in cells]
    part = ("train", "val")
    return joined((r for r in rows if r.split in part), (r.affiliation for r in rows if r.split not in part))


def springer(downloads: Downloads) -> Rows:
    rows = (Row(text, ror_ids(ids), "dev") for text, ids in table(downloads.get("springer.csv"), "affiliation", "ror_id"))
    return joined(filter(in_half, rows))


def openalex(downloads: Downloads) -> Rows:
    rows, _ = joined(filter(in_half, openalex_rows(downloads.get("openalex.tgz"))))
    known = openalex_ids(downloads, sorted({x for r in rows for x in r.ids}, key=int))
    kept = [replace(r, ids=tuple(dict.fromkeys(known[x] for x in r.ids))) for r in rows if all(x in known for x in r.ids)]
    return kept, len(rows) - len(kept)


def openalex_rows(path: Path) -> list[Row]:
    """The rows of the tables in the archive, with OpenAlex's numbers of institutions as ids: `[1, 2]`, `1||||2`, or -1 for none."""
    out = []
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in sorted(archive.getmembers(), key=lambda m: m.name):
                name = f"{path}: {member.name}"
                if not re.search(r"(^|/)[^./][^/]*\.tsv$", member.name) or (stream := archive.extractfile(member)) is None:
                    continue
                with io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
                    for row, (string, labels) in records(text, name, ("affiliation_string", "labels"), "\t"):
                        out.append(Row(string, openalex_numbers(labels, name, row), "dev"))
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InputError(path, f"no archive of tables: {error}", fix=AGAIN) from error
    return out


def openalex_numbers(labels: str, name: str, row: int) -> tuple[str, ...]:
    numbers = re.sub(r"[\[\]'\"\s]", "", labels).replace("||||", ",").split(",")
    if not all(re.fullmatch("-1|[0-9]+", x) for x in numbers):
        raise InputError(name, f"labels are no numbers: {labels[:40]!r}", row=row, fix=AGAIN)
    return tuple(x for x in numbers if x != "-1")


def openalex_ids(downloads: Downloads, numbers: list[str]) -> dict[str, str]:
    """The ROR ids that OpenAlex gives for its numbers, where it has one."""
    key = os.environ.get("OPENALEX_API_KEY", "")
    known = {}
    for start in range(0, len(numbers), BATCH):
        asked = "|".join(f"I{x}" for x in numbers[start : start + BATCH])
        address = f"{downloads.openalex}/institutions?filter=ids.openalex:{asked}&select=id,ror&per_page={BATCH}"
        name = f"openalex-institutions-{hashlib.sha1(asked.encode()).hexdigest()[:8]}.json"
        path = downloads.fetch(name, address + (f"&api_key={key}" if key else ""))
        try:
            for one in json.loads(path.read_bytes())["results"]:
                if found := ror_ids(one["ror"] or ""):
                    known[one["id"].rpartition("/I")[2]] = found[0]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(path, "no list of OpenAlex institutions with id and ror", fix=AGAIN) from error
    return known


SETS: dict[str, Callable[[Downloads], Rows]] = {
    "crossref": pair_of_files("crossref-test.csv", "crossref-train.csv"),
    "logs": pair_of_files("logs-test.csv", "logs-valid.csv"),
    "openalex": openalex,
    "s2aff": s2aff,
    "springer": springer,
}


def write(path: Path, rows: list[Row], registry: Registry | None) -> None:
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
        # Lines end in \r\n, as Python before 3.13 puts a lone \r of a string into quotes only then.
        out = csv.writer(stream)
        out.writerow(["affiliation", "ror_ids", "source", "split", *(["in_registry"] if registry else [])])
        for row in rows:
            here = [str(holds(registry, row)).lower()] if registry else []
            out.writerow([row.affiliation, " ".join(row.ids), path.stem, row.split, *here])


def holds(registry: Registry, row: Row) -> bool:
    return all(x in registry for x in row.ids)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS), metavar="SET", help="default: all five")
    parser.add_argument("--registry", type=Path, metavar="FILE", help="a built registry, for the column in_registry")
    parser.add_argument("--record", action="store_true", help="print the checksums for the table in this script")
    parser.add_argument("--server", default=SERVER, metavar="URL", help=f"where the repositories lie (default: {SERVER})")
    parser.add_argument("--openalex", default=OPENALEX, metavar="URL", help=f"OpenAlex's API (default: {OPENALEX})")
    args = parser.parse_args()
    shown = plain_table(
        "set", "strings>", "no id>", "one id>", "several>", *(["in registry>"] if args.registry else []), "left out>"
    )
    try:
        registry = Registry.open(args.registry) if args.registry else None
        with working("reading") as tell:
            downloads = Downloads(args.folder / "sources", args.server, args.openalex, tell)
            for name in args.sets:
                rows, left_out = SETS[name](downloads)
                if not any(r.ids for r in rows):
                    raise InputError(
                        downloads.folder, f"what was downloaded for {name} holds no ROR id", fix="delete it and run again"
                    )
                write(args.folder / f"{name}.csv", rows, registry)
                downloads.record()
                counts = [sum(len(r.ids) == n for r in rows) for n in (0, 1)]
                here = [sum(holds(registry, r) for r in rows)] if registry else []
                numbers = [len(rows), *counts, len(rows) - sum(counts), *here, left_out]
                shown.add_row(name, *(f"{n:,}" for n in numbers))
    except AffilError as error:
        print(error, file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"{error}; install what development needs: pip install '.[dev]'", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; run this again to go on", file=sys.stderr)
        return 130
    if args.record:
        for name in SHA256:
            print(f'    "{name}": "{downloads.known.get(name, "")}",')
    else:
        console().print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
