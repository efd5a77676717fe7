"""Detect the encoding of a file (UTF-8, UTF-16, GB18030 or Big5) from all of its bytes, without guessing.

A byte-order mark decides; then strict UTF-8, which other encodings practically never satisfy by accident. The rest is taken as
Chinese only if it decodes without errors and most characters are common in Chinese: Japanese, Korean and European bytes often
decode as GB18030 or Big5, but into rare characters. Anything else is an error that names the likely encoding.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO

from affil.errors import InputError

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is a prefix of it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHINESE = ("gb18030", "cp950", "big5hkscs")  # cp950 is Big5 as Windows writes it, big5hkscs adds Hong Kong's characters
_SUSPECTS = "cp1252 cp1250 cp1251 koi8_r shift_jis euc_jp cp949 cp1253 cp1254 cp1256 cp874 mac_roman cp437 gb18030 big5"
# Measured on names of institutions: Chinese text scores 0.7 to 1 with three or more names; mis-decoded Japanese, Korean, Polish
# or French at most 0.35 with ten or more, and rarely more with fewer.
_LEAST_COMMON = 0.5
_LEAST_CHARACTERS = 4
_FOREIGN_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"PAR1": "a Parquet file",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True, slots=True)
class TextForm:
    """The Python codec of a text, and its number of lines."""

    encoding: str
    lines: int


def detect(raw: IO[bytes], path: Path | str) -> TextForm:
    """Detect the encoding of `raw` (seekable, at its start) by reading it to the end, in bounded memory; rewinds it.

    `path` is used in errors only.

    Raises:
        InputError: the file is empty, not text, or in another encoding.
    """
    start = raw.read(4)
    if not start:
        raise InputError(path, "is empty", fix="give a file with a header line and rows")
    for magic, what in _FOREIGN_MAGIC.items():
        if start.startswith(magic[:4]):
            raise InputError(path, f"is {what}, not text", fix="save or unpack it as CSV, TSV or JSON Lines")
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    encoding = marked or _unmarked_utf16(raw) or "utf-8"
    text = _read_as(raw, encoding)
    if isinstance(text, TextForm):
        return text
    if encoding != "utf-8":
        raise InputError(
            path, f"is {encoding.upper()} by its first bytes, but damaged at byte {text:,}", fix="save it as UTF-8"
        )
    chinese = max(((_plausibility(raw, e), e) for e in _CHINESE), key=lambda x: x[0])
    if chinese[0] >= _LEAST_COMMON:
        form = _read_as(raw, chinese[1])
        assert isinstance(form, TextForm)  # decoded without errors just before
        return form
    raise _unknown(raw, path, text)


def _unmarked_utf16(raw: IO[bytes]) -> str | None:
    """Detect UTF-16 without a mark by its line ends and commas: every other byte is often zero, the others rarely."""
    raw.seek(0)
    sample = raw.read(1 << 16)
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros > max(len(sample) / 40, 4) and zeros > 10 * others:
            return encoding
    return None


def _chunks(raw: IO[bytes]) -> Iterator[bytes]:
    raw.seek(0)
    while chunk := raw.read(_CHUNK):
        yield chunk
    raw.seek(0)


def _read_as(raw: IO[bytes], encoding: str) -> TextForm | int:
    """The form of a text that strictly decodes, else the position (from 1) of the first invalid byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, read, last = 0, 0, "\n"
    try:
        for chunk in _chunks(raw):
            pending = len(decoder.getstate()[0])
            text = decoder.decode(chunk)
            read += len(chunk)
            lines += text.count("\n")
            last = text[-1:] or last
        pending = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raw.seek(0)
        return read - pending + getattr(error, "start", 0) + 1
    return TextForm(encoding, lines + (last != "\n"))


@cache
def _common() -> frozenset[str]:
    """Characters common in Chinese text, institution names and personal names, simplified and traditional."""
    return frozenset(resources.files("affil.io").joinpath("common_han.txt").read_text("utf-8")) - {"\n"}


def _plausibility(raw: IO[bytes], encoding: str) -> float:
    """The share of common Chinese characters among all non-ASCII letters; 0 if it does not decode or has few."""
    decoder = codecs.getincrementaldecoder(encoding)()
    seen: Counter[str] = Counter()
    try:
        for chunk in _chunks(raw):
            seen.update(decoder.decode(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raw.seek(0)
        return 0.0
    letters = {c: n for c, n in seen.items() if c > "\x7f" and unicodedata.category(c)[0] not in "PSZN"}
    total = sum(letters.values())
    return sum(n for c, n in letters.items() if c in _common()) / total if total >= _LEAST_CHARACTERS else 0.0


def _unknown(raw: IO[bytes], path: Path | str, byte: int) -> InputError:
    from charset_normalizer import from_bytes

    raw.seek(0)
    beyond_ascii = bytearray()  # ASCII lines do not discriminate
    row = 1
    for number, line in enumerate(raw, 1):
        if not line.isascii():
            row = number if not beyond_ascii else row
            beyond_ascii += line
        if len(beyond_ascii) > 1 << 16:
            break
    raw.seek(0)
    best = from_bytes(bytes(beyond_ascii), cp_isolation=_SUSPECTS.split()).best()
    problem = f"byte {byte:,} is not UTF-8, and the text is neither UTF-16, GB18030 nor Big5"
    if best is None:
        return InputError(path, problem, row=row, fix="save it as UTF-8")
    name = best.encoding.upper()
    looks = "CP1252 or CP1250 (Western or Central European)" if name in ("CP1252", "CP1250") else name
    convert = f"iconv -f {'CP1252' if name == 'CP1250' else name} -t UTF-8 {Path(path).name} > utf8-{Path(path).name}"
    return InputError(path, f"{problem}; it looks like {looks}", row=row, fix=f"convert it, e.g. {convert}")
