"""Fetch the newest dump of the Research Organization Registry from Zenodo, and keep a registry built of it in the user's cache.

    ror/dump.json                     what was fetched last: version, date, file, MD5
    ror/v2.9-2026-06-23-ror-data.zip  the dump itself
    ror/MD5.part                      a dump that did not arrive whole; the next time goes on from there
    ror/MD5-HASH.affil                the shipped tables over the dump, by this version of affil

Zenodo's API: https://developers.zenodo.org. The record of all versions leads to the newest one.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from affil.errors import AffilError
from affil.io.http import Http, cause_of
from affil.io.outputs import atomic_path
from affil.registry.cached import ror_file
from affil.registry.dump import Dump, Tell, dump_folder
from affil.registry.registry import Registry
from affil.settings import FETCH
from affil.types import Progress
from affil.wording import said

_BY_HAND = said(
    "or download a dump from https://doi.org/10.5281/zenodo.6347574 and give it to: affil registry build shipped FILE"
)
_AGAIN = said("run it again, it goes on from there")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What `fetch_ror` did: the newest dump, whether it is `new` here, and the registry built of it."""

    dump: Dump
    new: bool
    registry: Registry


def fetch_ror(progress: Progress | None = None, tell: Tell | None = None, *, record: str = FETCH.record) -> Fetched:
    """Download the newest dump unless it is here, check it, and build the shipped tables over it.

    A download that is cut off goes on where it broke off, a few times by itself, then at the next call. Dumps of before are
    removed when the new one is built.

    Args:
        progress: called with (bytes here, bytes in all).
        tell: told what is being done.
        record: the address of Zenodo's record, or of one that answers as it does.

    Raises:
        AffilError: it cannot be reached, answers with something else, or the dump arrives damaged.
    """
    tell = tell or (lambda _: None)
    tell(said("asking for the newest version of ROR"))
    with Http(f", {_BY_HAND}") as client:
        newest = _newest(client, record)
        path = dump_folder() / newest.file
        new = not path.exists() or _md5(path) != newest.md5
        if new:
            tell(said("downloading {0}", newest.file))
            _download(client, newest, path, progress or (lambda _done, _all: None))
    registry = Registry.open(ror_file(newest, tell))
    with atomic_path(dump_folder() / "dump.json") as temporary:
        temporary.write_text(json.dumps(asdict(newest), indent=2) + "\n", "utf-8")
    for other in dump_folder().iterdir():
        if other.name not in ("dump.json", newest.file, registry.path.name):
            other.unlink()
    return Fetched(newest, new, registry)


def _newest(client: Http, record: str) -> Dump:
    content = client.get(record)
    try:
        about = content["metadata"]
        file = next(f for f in content["files"] if str(f["key"]).endswith(".zip"))
        kind, _, md5 = str(file["checksum"]).rpartition(":")
        name = Path(str(file["key"])).name
        if kind not in ("", "md5") or len(md5) != 32 or not md5.isalnum():
            raise ValueError(said("the checksum {0!r}", file["checksum"]))
        return Dump(str(about["version"]), str(about["publication_date"]), name, int(file["size"]), md5, file["links"]["self"])
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise AffilError(
            said("{0}: is no record of a ROR dump as Zenodo gives it ({1!r}); {2}", record, error, _BY_HAND)
        ) from error


def _download(client: Http, dump: Dump, path: Path, progress: Progress) -> None:
    """Bring the file, from where an earlier attempt broke off, and check it."""
    import httpx2

    part = dump_folder() / f"{dump.md5}.part"
    broken = 0
    while (have := part.stat().st_size if part.exists() else 0) < dump.size:
        try:
            with client.stream(dump.url, headers={"Range": f"bytes={have}-"} if have else {}) as response:
                goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
                have = have if response.status_code == 206 and goes_on else 0  # a server may give all of it again
                with part.open("ab" if have else "wb") as file:
                    for chunk in response.iter_raw():
                        file.write(chunk)
                        have += len(chunk)
                        progress(have, dump.size)
            if have < dump.size:
                raise httpx2.RemoteProtocolError(said("the connection ended early"))
        except httpx2.TransportError as error:
            broken += 1
            if broken >= FETCH.attempts:
                share = f"{have / 1e6:,.1f} of {dump.size / 1e6:,.1f} MB"
                raise AffilError(
                    said("{0}: broke off after {1} ({2}); {3}", dump.url, share, cause_of(error), _AGAIN)
                ) from error
            time.sleep(FETCH.wait * broken)
        except OSError as error:
            raise AffilError(
                said("{0}: cannot be written ({1}); free some space, and {2}", part, error.strerror, _AGAIN)
            ) from error
    if (md5 := _md5(part)) != dump.md5:
        part.unlink()
        raise AffilError(
            said(
                "{0}: arrived damaged (its MD5 is {1}, Zenodo says {2}); nothing is kept of it, run it again",
                dump.url,
                md5,
                dump.md5,
            )
        )
    part.replace(path)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
