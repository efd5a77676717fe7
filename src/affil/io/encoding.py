"""Which encoding a text is in, told from the whole of it; what is a guess is said, and what is open is asked.

A byte-order mark decides; then strict UTF-8, which other encodings practically never satisfy by accident. What is left is
Chinese without doubt if it decodes without a fault and most of its characters are common in Chinese: Japanese, Korean and
European bytes often decode as GB18030 or Big5, but into rare characters. All else is guessed by chardet, from the lines beyond
ASCII; of two guesses that are equally good, and give different text, none is taken.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import IO

from affil.errors import InputError
from affil.settings import INPUT
from affil.wording import said

_CHUNK = 1 << 20
_SAMPLE = 1 << 16  # bytes of lines beyond ASCII that a guess is made from
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is a prefix of it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHINESE = ("gb18030", "cp950", "big5hkscs")  # cp950 is Big5 as Windows writes it, big5hkscs adds Hong Kong's characters
# What chardet chooses from, the codec of Python that reads it, and the name to say.
_KNOWN = {
    "gb18030": ("gb18030", "GB18030"),
    "big5hkscs": ("big5hkscs", "Big5"),
    "cp932": ("cp932", "Shift-JIS"),
    "euc_jis_2004": ("euc_jp", "EUC-JP"),
    "cp949": ("cp949", "EUC-KR"),
    "cp1251": ("cp1251", "CP1251"),
    "koi8-r": ("koi8_r", "KOI8-R"),
    "cp1252": ("cp1252", "CP1252"),
    "cp1250": ("cp1250", "CP1250"),
    "iso8859-2": ("iso8859_2", "Latin-2"),
    "cp1253": ("cp1253", "CP1253"),
    "cp1254": ("cp1254", "CP1254"),
    "cp1255": ("cp1255", "CP1255"),
    "cp1256": ("cp1256", "CP1256"),
    "cp1257": ("cp1257", "CP1257"),
    "cp874": ("cp874", "CP874"),
    "mac-roman": ("mac_roman", "MacRoman"),
    "cp850": ("cp850", "CP850"),
}
# Measured on names of institutions: Chinese text scores 0.7 to 1 from three names on; mis-decoded Japanese, Korean, Polish
# or French at most 0.35 from ten names on, and rarely above this even for one.
_LEAST_COMMON = 0.5
_NOT_COMMON = 0.35
_KANA = frozenset(map(chr, range(0x3041, 0x30FF)))
_LEAST_CHARACTERS = 16
# Measured on names in 26 pairs of language and encoding: where the confidence of the second guess is at most this share of the
# first's, 97 of 100 first guesses are right for a single name and 99 of 100 for five; above it, 7 of 10 for a single name.
_OPEN = 0.995
# How much more often an encoding is met than others that the same bytes can be of: one accented letter can be of several. Measured on
# names in Western, Central European, Turkish and Baltic languages: Western text called CP1250, Latin-2 or CP1257 falls from 8 files in 434
# to 2, and none of 462 others is called CP1252 for it.
_PRIOR = {"cp1252": 1.08, "cp1254": 1.08, "cp1257": 0.97, "mac-roman": 0.95, "cp850": 0.95}
_DOUBT = 0.9  # share of the confidence from which the second guess is named
_AMID_LETTERS = re.compile(r"(?<=[^\W\d_])([^\x00-\x7f\w]|[¹²³¼½¾])(?=[^\W\d_])")
_BESIDE_LATIN = re.compile(r"(?<=[A-Za-z])[\u0370-\u0e7f]|[\u0370-\u0e7f](?=[A-Za-z])")  # Greek, Cyrillic, Hebrew, Arabic, Thai
_NEVER_AMID = frozenset("¡¿¶§†‡‰‹›«»¹²³¼½¾")
_HAN, _RUN = re.compile(r"[㐀-鿿]"), re.compile(r"[㐀-鿿]{2,}")
_FOREIGN_MAGIC = {
    b"PK\x03\x04": said("a zip archive or an Excel workbook"),
    b"\xd0\xcf\x11\xe0": said("an Excel workbook of the old kind, or a Word document"),
    b"PAR1": said("a Parquet file"),
    b"\x28\xb5\x2f\xfd": said("a zstd archive"),
    b"BZh": said("a bzip2 archive"),
    b"\xfd7zXZ": said("an xz archive"),
    b"%PDF": said("a PDF"),
    b"{\\rtf": said("a text with formats (RTF)"),
}
_OTHERWISE = said("if letters come out wrong, choose another with --encoding")
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1a\x1b")  # of which no text has any


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a text is stored: the Python codec that reads it, its number of lines, and what to say where that was guessed."""

    encoding: str
    lines: int
    note: str = ""


def detect(raw: IO[bytes], path: Path | str, given: str | None = None) -> TextForm:
    """Read `raw` (seekable, at its start) to the end and tell its encoding; it is left at its start. Memory is bounded.

    Args:
        raw: the bytes.
        path: what errors name it.
        given: the encoding, by any name that Python knows; it is only checked.

    Raises:
        InputError: it is empty, no text, damaged, not in the encoding given, or several encodings are equally likely.
    """
    start = raw.read(4)
    if not start:
        raise InputError(path, said("is empty"), fix=said("give a file with a header line and rows"))
    if what := no_text(start):
        raise InputError(path, said("is {0}, not text", what), fix=said("save or unpack it as CSV, TSV or JSON Lines"))
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    if given is not None:
        return _checked(raw, path, given, marked)
    encoding = marked or _unmarked_utf16(raw) or "utf-8"
    text = _read_as(raw, path, encoding)
    if isinstance(text, TextForm):
        return text
    if encoding != "utf-8":
        raise InputError(
            path,
            said("is {0} by its first bytes, but damaged at byte {1:,}", encoding.upper(), text),
            fix=said("save it as UTF-8"),
        )
    share, chinese = max(((_plausibility(raw, e), e) for e in _CHINESE), key=lambda x: x[0])
    if share >= _NOT_COMMON and (_plausibility(raw, "euc_jp", _KANA) > share or not _in_runs(raw, chinese)):
        share = 0.0
    if share >= _LEAST_COMMON:
        form = _read_as(raw, path, chinese)
        assert isinstance(form, TextForm)  # decoded without a fault a moment ago
        return form
    return _guessed(raw, path, text, share < _NOT_COMMON)


def no_text(start: bytes) -> str:
    """What a file is that begins so and is no text, as "a PDF"; "" where that does not show."""
    return next((what for magic, what in _FOREIGN_MAGIC.items() if start.startswith(magic[:4])), "")


def _checked(raw: IO[bytes], path: Path | str, given: str, marked: str | None) -> TextForm:
    """The form in the encoding given; where a mark tells the same family, as the mark says."""
    try:
        encoding = codecs.lookup(given).name
        "".encode(encoding)  # refuses what encodes no text, as base64
    except (LookupError, UnicodeError) as error:
        fix = said("give one such as utf-8, gb18030, big5, shift_jis, euc-kr, cp1252 or koi8-r")
        raise InputError(path, said("no encoding {0!r}", given), fix=fix) from error
    if marked is not None and marked.startswith(encoding.partition("-sig")[0]):
        encoding = marked
    text = _read_as(raw, path, encoding)
    if isinstance(text, TextForm):
        return text
    fix = said("omit --encoding, or give another one")
    raise InputError(path, said("byte {0:,} is not {1}", text, given), row=_row_of(raw, text), unit="line", fix=fix)


def _row_of(raw: IO[bytes], byte: int) -> int:
    """The line in which the byte of this number (from 1) stands; the file is left at its start."""
    seen, row = 0, 1
    for chunk in _chunks(raw):
        row += chunk[: max(byte - 1 - seen, 0)].count(b"\n")
        seen += len(chunk)
    return row


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


def _read_as(raw: IO[bytes], path: Path | str, encoding: str) -> TextForm | int:
    """The form of a text that strictly decodes, else the position (from 1) of the first invalid byte.

    Raises:
        InputError: a line is longer than any that is read.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, read, last, begun = 0, 0, "\n", 0
    try:
        for chunk in _chunks(raw):
            pending = len(decoder.getstate()[0])
            text = decoder.decode(chunk)
            if "\n" in text:
                begun = read
            read += len(chunk)
            if read - begun > INPUT.line:
                raise InputError(
                    path,
                    said("is longer than {0:,} bytes", INPUT.line),
                    row=lines + 1,
                    unit="line",
                    fix=said("check that it is text"),
                )
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


def _plausibility(raw: IO[bytes], encoding: str, also: frozenset[str] = frozenset()) -> float:
    """The share of common characters (see `_share`) in the whole text; 0 where it does not decode."""
    decoder = codecs.getincrementaldecoder(encoding)()
    seen: Counter[str] = Counter()
    try:
        for chunk in _chunks(raw):
            seen.update(decoder.decode(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raw.seek(0)
        return 0.0
    return _share(seen, also)


def _share(seen: Counter[str], also: frozenset[str] = frozenset()) -> float:
    """The share of common Chinese characters (and those of `also`) among all letters outside ASCII, of which U+FFFD is one. Few
    letters, which prove nothing, score in the middle at best.
    """
    letters = {c: n for c, n in seen.items() if c == "\ufffd" or (c > "\x7f" and unicodedata.category(c)[0] not in "PSZN")}
    total = sum(letters.values())
    share = sum(n for c, n in letters.items() if c in also or c in _common()) / max(total, 1)
    return share if total >= _LEAST_CHARACTERS else min(share, (_LEAST_COMMON + _NOT_COMMON) / 2)


def _in_runs(raw: IO[bytes], encoding: str) -> bool:
    """Whether most Han characters stand beside each other; what European letters give stands alone: "Universit則"."""
    text = _beyond_ascii(raw)[0].decode(encoding, "replace")
    return 2 * sum(map(len, _RUN.findall(text))) > len(_HAN.findall(text))


def _guessed(raw: IO[bytes], path: Path | str, byte: int, not_chinese: bool) -> TextForm:
    """The form in the encoding that its lines beyond ASCII look like.

    Args:
        raw: the bytes.
        path: what errors name it.
        byte: number of the first byte that is not UTF-8.
        not_chinese: whether its characters are not those of Chinese.
    """
    sample, row = _beyond_ascii(raw)
    problem = said("byte {0:,} is not UTF-8", byte)
    if not _CONTROLS.isdisjoint(sample):
        raise InputError(
            path,
            said("{0}, and it is no text in another encoding", problem),
            row=row,
            unit="line",
            fix=said("give a table or a text"),
        )
    as_utf8 = sample.decode("utf-8", "replace")
    if sum(c > "\x7f" for c in as_utf8) > 4 * as_utf8.count("\ufffd"):
        raise InputError(
            path,
            said("{0}, and the rest is: it is damaged", problem),
            row=_row_of(raw, byte),
            unit="line",
            fix=said("correct it"),
        )
    for codec in _CHINESE:
        fault = _read_as(raw, path, codec)
        if isinstance(fault, int) and _share(Counter(sample.decode(codec, "replace"))) > _LEAST_COMMON:
            what = said("{0}; the text is {1}, but damaged at byte {2:,}", problem, codec.upper(), fault)
            raise InputError(path, what, row=_row_of(raw, fault), unit="line", fix=said("correct it, or fetch it again"))
    form = _read_as(raw, path, "gb18030")
    if isinstance(form, TextForm) and _all_latin(sample.decode("gb18030")):
        return TextForm(form.encoding, form.lines, said("the text looks like GB18030 and is read so; {0}", _OTHERWISE))
    guesses = _guesses(sample, not_chinese)
    if not guesses:
        raise InputError(
            path,
            said("{0}, and it is no text in another encoding", problem),
            row=row,
            unit="line",
            fix=said("save it as UTF-8"),
        )
    (name, text, sure), *others = guesses
    codec, named = _KNOWN[name]
    if others and others[0][2] >= _OPEN * sure:
        raise _open(path, row, problem, (named, text), (_KNOWN[others[0][0]][1], others[0][1]))
    form = _read_as(raw, path, codec)
    if not isinstance(form, TextForm):
        what = said("{0}; it looks like {1}, but byte {2:,} is not", problem, named, form)
        raise InputError(path, what, row=_row_of(raw, form), unit="line", fix=said("correct it, or save it as UTF-8"))
    close = [_KNOWN[other][1] for other, _, confidence in others[:1] if confidence >= _DOUBT * sure]
    looks = (
        said("{0}, or nearly as much like {1}, and is read as {0}", named, close[0])
        if close
        else said("{0} and is read so", named)
    )
    return TextForm(form.encoding, form.lines, said("the text looks like {0}; {1}", looks, _OTHERWISE))


def _all_latin(text: str) -> bool:
    """Whether all characters beyond ASCII are accented Latin letters, as GB18030 has some, in pairs of bytes that no other writes so."""
    return all(unicodedata.name(c, "").startswith("LATIN ") for c in {*text} if c > "\x7f")


def _beyond_ascii(raw: IO[bytes]) -> tuple[bytes, int]:
    """The first lines outside ASCII, as only these tell encodings apart, and the number of the first; the file is left at its start."""
    raw.seek(0)
    lines, row = bytearray(), 1
    for number, line in enumerate(raw, 1):
        if not line.isascii():
            row = row if lines else number
            lines += line
        if len(lines) > _SAMPLE:
            break
    raw.seek(0)
    return bytes(lines), row


def _guesses(sample: bytes, not_chinese: bool) -> list[tuple[str, str, float]]:
    """The encodings that a text may be in: name, text, confidence, the best first; one for each text that comes out."""
    import chardet

    names = [name for name in _KNOWN if not (not_chinese and name in _CHINESE)]
    found = chardet.detect_all(sample, ignore_threshold=True, include_encodings=names, compat_names=False)
    texts: dict[str, tuple[str, float]] = {}
    for one in found:
        name = str(one["encoding"])
        if name in _KNOWN:
            text = sample.decode(_KNOWN[name][0], "replace")
            if not any("\x80" <= c < "\xa0" for c in text):  # controls that nobody writes
                texts.setdefault(text, (name, one["confidence"] * _tidy(text) * _PRIOR.get(name, 1)))
    return sorted(((name, text, sure) for text, (name, sure) in texts.items()), key=lambda guess: -guess[2])


def _tidy(text: str) -> float:
    """The share of characters outside ASCII that are plausible where they stand.

    Not so are signs amid a word, capitals behind a small letter ("O¶rodek", "HÙpital"), and letters of another alphabet beside Latin ones
    ("Universitа" with a Cyrillic а).
    """
    beyond = sum(c > "\x7f" for c in text)
    odd = sum(unicodedata.category(c)[0] == "S" or c in _NEVER_AMID for c in _AMID_LETTERS.findall(text))
    odd += sum(b > "\x7f" and a.islower() and b.isupper() for a, b in pairwise(text))
    odd += len(_BESIDE_LATIN.findall(text))
    return max(1 - odd / max(beyond, 1), 0.0)


def _open(path: Path | str, row: int, problem: str, one: tuple[str, str], other: tuple[str, str]) -> InputError:
    """The error that two encodings are equally likely, with the first words that they read differently."""
    pairs = zip(one[1].split(), other[1].split(), strict=False)
    differ = next(((a, b) for a, b in pairs if a != b), ("", ""))
    shown = " or ".join(f"{name} ({word[:30]!r})" for name, word in zip((one[0], other[0]), differ, strict=True))
    return InputError(
        path,
        said("{0}; it may be {1}", problem, shown),
        row=row,
        unit="line",
        fix=said("save it as UTF-8, or choose one with --encoding"),
    )
