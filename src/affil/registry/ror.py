"""Read ROR data dumps, schema v1 and v2, as published: `.json`, or the `.zip` around it.

Schemas: https://ror.readme.io/docs/schema-v1 and https://ror.readme.io/docs/ror-data-structure.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from affil.errors import AffilError, InputError
from affil.names.ids import SCHEMES, other_id
from affil.registry import checks
from affil.types import Institution, Name
from affil.wording import message_of, said

_HOST = re.compile(r"^(?:https?://)?(?:www\d?\.)?([^/:]+)")


def read_ror(path: Path) -> Iterator[Institution]:
    """Yield every record of a ROR dump, of any status, in file order.

    Only the first location is read. `prominence` is the logarithm of 1 plus the number of names, external ids, relations and
    links.

    Raises:
        InputError: the file is missing, truncated, not JSON, or holds no ROR records.
    """
    records = load_records(path)
    if not isinstance(records, list) or not records:
        raise InputError(path, said("holds no list of records"), fix=said("give a ROR data dump as published (.json or .zip)"))
    for row, record in enumerate(records, 1):
        try:
            yield _checked(_v2(record) if isinstance(record.get("names"), list) or "name" not in record else _v1(record))
        except AffilError as error:
            raise InputError(path, message_of(error), row=row, unit="record") from None
        except KeyError as missing:
            raise InputError(
                path, said("record without {0}", missing), row=row, unit="record", fix=said("expected ROR schema v1 or v2")
            ) from missing
        except (TypeError, IndexError, AttributeError) as error:
            raise InputError(
                path, said("not a ROR record ({0})", error), row=row, unit="record", fix=said("expected ROR schema v1 or v2")
            ) from error


def _checked(one: Institution) -> Institution:
    """The institution, whose country, status and coordinates can be such; raises AffilError where they cannot."""
    checks.status(one.status)
    checks.degrees(one.lat, one.lon)
    if one.country:
        checks.country(one.country)
    return one


def load_records(path: Path) -> Any:
    """The parsed JSON of a dump in its newest schema; raises InputError if it is damaged."""
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                members = [m for m in archive.infolist() if m.filename.endswith(".json")]
                # published archives hold both schemas; the newer has more fields
                members.sort(key=lambda m: ("schema_v2" in m.filename, m.file_size))
                if not members:
                    raise InputError(path, said("the archive holds no .json file"), fix=said("download the ROR dump again"))
                with archive.open(members[-1]) as stream:
                    return json.load(stream)
        with path.open("rb") as stream:
            return json.load(stream)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(path, said("damaged or truncated archive ({0})", error), fix=said("download it again")) from error
    except json.JSONDecodeError as error:
        raise InputError(
            path, said("broken JSON: {0}", error.msg), row=error.lineno, fix=said("download it again"), unit="line"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(path, said("not UTF-8"), fix=said("ROR dumps are UTF-8; download it again")) from error
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from error


def _domain(links: list[str]) -> str:
    return next((m[1].lower() for link in links if (m := _HOST.match(link))), "")


def _prominence(names: int, external: int, relations: int, links: int) -> float:
    return round(math.log1p(names + 2 * external + 2 * relations + 2 * links), 4)


# Priority among the types of a record.
_KIND_ORDER = ("education", "healthcare", "facility", "company", "government", "nonprofit", "archive", "other")


def _kind(types: list[str]) -> str:
    lowered = {t.lower() for t in types}
    return next((k for k in _KIND_ORDER if k in lowered), "other")


def _other_ids(external: Iterable[tuple[str, Any]]) -> tuple[str, ...]:
    """Ids in other registries; a value is one id or a list."""
    return tuple(
        dict.fromkeys(
            other_id(kind.lower(), value)
            for kind, values in external
            for value in ([values] if isinstance(values, str) else values or ())
            if kind.lower() in SCHEMES and value
        )
    )


def _v2(r: dict[str, Any]) -> Institution:
    names, display = [], ""
    for n in r["names"]:
        types = n["types"]
        kind = "acronym" if "acronym" in types else "label" if "label" in types or "ror_display" in types else "alias"
        if "ror_display" in types:
            display, kind = n["value"], "official"
        names.append(Name(n["value"], n.get("lang") or "", kind))
    place = r["locations"][0]["geonames_details"] if r.get("locations") else {}
    country, sub = place.get("country_code") or "", place.get("country_subdivision_code") or ""
    relations: dict[str, list[str]] = {}
    for link in r.get("relationships", []):
        relations.setdefault(link["type"].lower(), []).append(link["id"])
    external = sum(len(x.get("all", [])) for x in r.get("external_ids", []))
    links = [x["value"] for x in r.get("links", []) if x["type"] == "website"]
    domains = r.get("domains") or [_domain(links)]
    return Institution(
        id=r["id"],
        name=display or names[0].value,
        names=tuple(names),
        kind=_kind(r.get("types", [])),
        country=country,
        region=f"{country}-{sub}" if sub else "",
        city=place.get("name") or "",
        lat=place.get("lat"),
        lon=place.get("lng"),
        domain=domains[0],
        other_domains=tuple(d for d in domains[1:] if d),
        parents=tuple(relations.get("parent", ())),
        successors=tuple(relations.get("successor", ())),
        status=r.get("status", "active"),
        prominence=_prominence(len(names), external, len(r.get("relationships", [])), len(r.get("links", []))),
        other_ids=_other_ids((x["type"], x.get("all", [])) for x in r.get("external_ids", [])),
    )


def _v1(r: dict[str, Any]) -> Institution:
    names = [Name(r["name"], "", "official")]
    names += [Name(x["label"], x.get("iso639") or "", "label") for x in r.get("labels", [])]
    names += [Name(x, "", "alias") for x in r.get("aliases", [])] + [Name(x, "", "acronym") for x in r.get("acronyms", [])]
    address = (r.get("addresses") or [{}])[0]
    country = (r.get("country") or {}).get("country_code") or ""
    state = address.get("state_code") or ((address.get("geonames_city") or {}).get("geonames_admin1") or {}).get("code") or ""
    sub = state.replace(".", "-").rsplit("-", 1)[-1]
    relations: dict[str, list[str]] = {}
    for link in r.get("relationships", []):
        relations.setdefault(link["type"].lower(), []).append(link["id"])
    external = sum(
        1 if isinstance(x.get("all"), str) else len(x.get("all") or []) for x in (r.get("external_ids") or {}).values()
    )
    links = list(r.get("links") or [])
    return Institution(
        id=r["id"],
        name=r["name"],
        names=tuple(names),
        kind=_kind(r.get("types", [])),
        country=country,
        region=f"{country}-{sub}" if sub else "",
        city=address.get("city") or "",
        lat=address.get("lat"),
        lon=address.get("lng"),
        domain=_domain(links),
        parents=tuple(relations.get("parent", ())),
        successors=tuple(relations.get("successor", ())),
        status=r.get("status", "active"),
        prominence=_prominence(
            len(names), external, len(r.get("relationships", [])), len(links) + bool(r.get("wikipedia_url"))
        ),
        other_ids=_other_ids((kind, x.get("all")) for kind, x in (r.get("external_ids") or {}).items()),
    )
