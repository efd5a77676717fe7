"""Normal forms of institution ids.

    https://ror.org/00t33hh48      ROR, preferred where one exists
    grid:grid.10784.3a             GRID        (grid.10784.3a, https://www.grid.ac/institutes/grid.10784.3a)
    isni:0000000419370482          ISNI        (0000 0004 1937 0482, https://isni.org/isni/0000000419370482)
    wikidata:Q49108                Wikidata    (https://www.wikidata.org/wiki/Q49108)
    fundref:501100004853           Crossref Funder Registry (10.13039/501100004853, https://doi.org/10.13039/501100004853)

Others, such as `affil:slug` or the ids of a user's table, are kept as written.
"""

from __future__ import annotations

import hashlib
import re

from stdnum.iso7064 import mod_11_2, mod_97_10

from affil.wording import said

ROR = "https://ror.org/"
SCHEMES = ("fundref", "grid", "isni", "wikidata")  # prefixes of ids of other registries
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?ror\.org/+(?:organizations/)?(.*?)[/\s]*", re.IGNORECASE)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: without the ambiguous i, l, o and u
_BARE = re.compile(rf"0[{_ALPHABET}]{{6}}[0-9]{{2}}")
_OTHERS = (
    ("grid", re.compile(r"(?:grid:|https?://(?:www\.)?grid\.ac/institutes/)?(grid\.\d+\.[0-9a-f]+)/?", re.IGNORECASE)),
    ("isni", re.compile(r"(?:isni:?|https?://(?:www\.)?isni\.org/(?:isni/)?)?\s*((?:\d{4}[ -]?){3}\d{3}[\dX])/?", re.IGNORECASE)),
    ("wikidata", re.compile(r"(?:wikidata:|https?://(?:www\.)?wikidata\.org/(?:wiki|entity)/)(Q[1-9]\d*)/?", re.IGNORECASE)),
    ("fundref", re.compile(r"(?:(?:fundref:|funder:|(?:https?://)?(?:dx\.)?doi\.org/|doi:)?10\.13039/|fundref:)(\d+)/?", re.IGNORECASE)),
)  # fmt: skip
_PATTERNS = dict(_OTHERS)
_FORMS = (  # by which text says that it is such an id
    ("grid", re.compile(r"grid[:.]|https?://(www\.)?grid\.ac/", re.IGNORECASE), "grid.10784.3a"),
    ("isni", re.compile(r"isni[: ]|https?://(www\.)?isni\.org/|(\d{4} ){3}\d{3}[\dX]$", re.IGNORECASE), "0000 0004 1937 0482"),
    ("wikidata", re.compile(r"wikidata:|https?://(www\.)?wikidata\.org/", re.IGNORECASE), "wikidata:Q49108"),
    ("fundref", re.compile(r"fundref:|funder:", re.IGNORECASE), "fundref:501100004853"),
)
_ITEM = re.compile(r"Q[1-9]\d*", re.IGNORECASE)


ROR_FORM = "an id of ROR looks like https://ror.org/00t33hh48"


def normal_id(written: str) -> str:
    """The normal form of an id: a ROR URL, `kind:value` for other registries, else the stripped text.

    Ids with wrong check digits are only stripped.
    """
    text = written.strip()
    if ror := _bare_ror(text):
        return f"{ROR}{ror}" if _checks(ror) else text
    for kind, pattern in _OTHERS:
        if found := pattern.fullmatch(text):
            value = re.sub("[ -]", "", found[1])
            value = value.lower() if kind == "grid" else value.upper()
            return f"{kind}:{value}" if kind != "isni" or mod_11_2.is_valid(value) else text
    return text


def id_forms(written: str) -> tuple[str, ...]:
    """The forms under which to look up an id, likeliest first.

    A bare Q49108 is also tried as a Wikidata item, but not normalised to one: users' tables may number their rows like that.
    """
    item = (f"wikidata:{written.strip().upper()}",) if _ITEM.fullmatch(written.strip()) else ()
    return tuple(dict.fromkeys((written, normal_id(written), *item)))


def other_id(kind: str, value: str) -> str:
    """The normal form of a value of one of `SCHEMES`; `kind:value` as given if it is in no known form."""
    written = normal_id(value if value.lower().startswith(("grid", "http")) else f"{kind}:{value}")
    return (written if written.startswith(f"{kind}:") else f"{kind}:{value.strip()}").replace(" ", "")


def is_ror(identifier: str) -> bool:
    """Whether an id in normal form is a ROR id."""
    return identifier.startswith(ROR)


def shown_id(identifier: str) -> str:
    """An id in the form of ROR's, for those who know no other: one that is not ROR's has the letter u, which no ROR id has, and seven
    characters of its hash.
    """
    if is_ror(identifier):
        return identifier
    number = int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:8], "big")
    return f"{ROR}0u" + "".join(_ALPHABET[number >> 5 * place & 31] for place in range(7))


def is_id(written: str) -> bool:
    """Whether this is an id of ROR or of one of `SCHEMES`, in any form; affil's own and those of users' tables are not told from names."""
    found = normal_id(written)
    return is_ror(found) or found.partition(":")[0] in SCHEMES


def mistyped(written: str) -> str:
    """What is wrong with text that looks like an id of ROR or says that it is one of `SCHEMES`, but cannot be one; else ""."""
    text = written.strip()
    for kind, says_so, form in _FORMS:
        if says_so.match(text) and not _PATTERNS[kind].fullmatch(text):
            return said("an id of {0} looks like {1}", kind, form)
        if kind == "isni" and says_so.match(text) and not mod_11_2.is_valid(re.sub("[^0-9X]", "", text.upper())):
            return said("the check digit of the ISNI is wrong: a character is mistyped")
    bare = _bare_ror(text)
    if bare and not _checks(bare):
        return said("the check digits of the ROR id {0} are wrong: a character is mistyped", bare)
    if _ADDRESS.fullmatch(text) and not bare:
        return said("an id of ROR is 0, six letters or digits without i, l, o and u, and two digits")
    return ""


def _bare_ror(text: str) -> str:
    address = _ADDRESS.fullmatch(text)
    bare = (address[1] if address else text.rstrip("/")).lower()
    return bare if _BARE.fullmatch(bare) else ""


def _checks(bare: str) -> bool:
    """Verify the check digits of a ROR id (ISO/IEC 7064, mod 97-10)."""
    number = 0
    for character in bare[1:7]:
        number = 32 * number + _ALPHABET.index(character)
    return mod_97_10.calc_check_digits(str(number)) == bare[7:]


_WITHIN = re.compile(  # URLs and "ROR: 042nb2s44"; a bare id is too ambiguous in free text
    rf"(?:(?:https?://)?(?:www\.)?ror\.org/|\bror(?: ?id)? ?[:=] ?)(0[{_ALPHABET}]{{6}}[0-9]{{2}})(?!\w)"
    r"|(?<![\w.])(grid\.\d+\.[0-9a-f]+)(?!\w)",
    re.IGNORECASE,
)


def ids_within(text: str) -> list[tuple[int, int, str]]:
    """Find ROR and GRID ids in a text, as (start, end, normal form); those with wrong check digits are skipped."""
    if "ror" not in text.lower() and "grid." not in text.lower():
        return []
    found = ((*m.span(), normal_id(m[1] or m[2])) for m in _WITHIN.finditer(text))
    return [(a, b, identifier) for a, b, identifier in found if identifier.startswith((ROR, "grid:"))]
