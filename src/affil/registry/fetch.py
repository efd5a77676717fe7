"""Fetch the newest dump of the Research Organization Registry from Zenodo and build a registry of it in the user's cache.

    ror/dump.json                     the last fetched dump: version, date, file, MD5
    ror/v2.9-2026-06-23-ror-data.zip  the dump itself
    ror/MD5.part                      a partial download, resumed next time
    ror/MD5-HASH.affil                the shipped tables merged over the dump, by this version of affil

Zenodo's API: https://developers.zenodo.org. The record of all versions redirects to the newest.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from affil.errors import AffilError
from affil.io.files import atomic_path
from affil.registry.cached import ror_file
from affil.registry.dump import Dump, Tell, dump_folder
from affil.registry.registry import Registry
from affil.settings import FETCH
from affil.types import Progress

if TYPE_CHECKING:
    import httpx2

    from affil.registry.registry import Registry


_BY_HAND = "or download a dump from https://doi.org/10.5281/zenodo.6347574 and give it to: affil registry build shipped FILE"
_TRANSIENT = (429, 500, 502, 503, 504)  # transient HTTP errors, retried
_AGAIN = "run it again, it goes on from there"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Result of `fetch_ror`: the newest dump, whether it was `new`, and the registry built of it."""

    dump: Dump
    new: bool
    registry: Registry


def fetch_ror(progress: Progress | None = None, tell: Tell | None = None, *, record: str = FETCH.record) -> Fetched:
    """Download the newest dump unless present, verify it, and build a registry with the shipped tables merged over it.

    An interrupted download is resumed: a few times automatically, then by the next call. Older dumps are removed after the
    build.

    Args:
        progress: called with (bytes received, bytes in total).
        tell: called with a message per step.
        record: the URL of the Zenodo record, or of a compatible server.

    Raises:
        AffilError: the server cannot be reached or answers unexpectedly, or the dump is damaged.
    """
    import httpx2

    tell = tell or (lambda _: None)
    tell("asking for the newest version of ROR")
    with httpx2.Client(follow_redirects=True, timeout=FETCH.timeout, headers={"User-Agent": "affil"}) as client:
        newest = _newest(client, record)
        path = dump_folder() / newest.file
        new = not path.exists() or _md5(path) != newest.md5
        if new:
            tell(f"downloading {newest.file}")
            _download(client, newest, path, progress or (lambda _done, _all: None))
    registry = Registry.open(ror_file(newest, tell))
    with atomic_path(dump_folder() / "dump.json") as temporary:
        temporary.write_text(json.dumps(asdict(newest), indent=2) + "\n", "utf-8")
    for other in dump_folder().iterdir():
        if other.name not in ("dump.json", newest.file, registry.path.name):
            other.unlink()
    return Fetched(newest, new, registry)


def _newest(client: httpx2.Client, record: str) -> Dump:
    import httpx2

    with _requested(client, record) as response:
        try:
            content = json.loads(response.read())
            about = content["metadata"]
            file = next(f for f in content["files"] if str(f["key"]).endswith(".zip"))
            kind, _, md5 = str(file["checksum"]).rpartition(":")
            name = Path(str(file["key"])).name
            if kind not in ("", "md5") or len(md5) != 32 or not md5.isalnum():
                raise ValueError(f"the checksum {file['checksum']!r}")
            return Dump(
                str(about["version"]), str(about["publication_date"]), name, int(file["size"]), md5, file["links"]["self"]
            )
        except httpx2.TransportError as error:
            raise AffilError(f"{record}: broke off ({_reason(error)}); run it again") from error
        except (KeyError, TypeError, ValueError, StopIteration) as error:
            raise AffilError(f"{record}: is no record of a ROR dump as Zenodo gives it ({error!r}); {_BY_HAND}") from error


def _download(client: httpx2.Client, dump: Dump, path: Path, progress: Progress) -> None:
    """Download the file, resuming an earlier attempt, and verify it."""
    import httpx2

    part = dump_folder() / f"{dump.md5}.part"
    broken = 0
    while (have := part.stat().st_size if part.exists() else 0) < dump.size:
        try:
            with _requested(client, dump.url, {"Range": f"bytes={have}-"} if have else {}) as response:
                goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
                have = have if response.status_code == 206 and goes_on else 0  # the server may ignore the range
                with part.open("ab" if have else "wb") as file:
                    for chunk in response.iter_raw():
                        file.write(chunk)
                        have += len(chunk)
                        progress(have, dump.size)
            if have < dump.size:
                raise httpx2.RemoteProtocolError("the connection ended early")
        except httpx2.TransportError as error:
            broken += 1
            if broken >= FETCH.attempts:
                share = f"{have / 1e6:,.1f} of {dump.size / 1e6:,.1f} MB"
                raise AffilError(f"{dump.url}: broke off after {share} ({_reason(error)}); {_AGAIN}") from error
            time.sleep(FETCH.wait * broken)
        except OSError as error:
            raise AffilError(f"{part}: cannot be written ({error.strerror}); free some space, and {_AGAIN}") from error
    if (md5 := _md5(part)) != dump.md5:
        part.unlink()
        raise AffilError(
            f"{dump.url}: arrived damaged (its MD5 is {md5}, Zenodo says {dump.md5}); nothing is kept of it, run it again"
        )
    part.replace(path)


@contextmanager
def _requested(client: httpx2.Client, url: str, headers: dict[str, str] | None = None) -> Iterator[httpx2.Response]:
    """Request a URL, retrying while the server is busy.

    Raises:
        AffilError: the server cannot be reached or answers with an error.
    """
    import httpx2

    permanent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)  # not retried
    host = urlsplit(url).netloc
    wanted = {"Accept-Encoding": "identity", **(headers or {})}
    for attempt in range(1, FETCH.attempts + 1):
        try:
            response = client.send(client.build_request("GET", url, headers=wanted), stream=True)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            passing = isinstance(error, httpx2.TransportError) and not isinstance(error, permanent)
            if passing and attempt < FETCH.attempts:
                time.sleep(FETCH.wait * attempt)
                continue
            raise AffilError(
                f"{host or url} cannot be reached ({_reason(error)}); connect this machine to the internet, {_BY_HAND}"
            ) from error
        try:
            status = response.status_code
            if status in (200, 206):
                yield response
                return
        finally:
            response.close()
        if status not in _TRANSIENT:
            break
        if attempt < FETCH.attempts:
            time.sleep(_wait(response, attempt))
    later = "try again later" if status in _TRANSIENT else "it may have moved"
    raise AffilError(f"{url}: answers {status} {response.reason_phrase}; {later}, {_BY_HAND}")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _wait(response: httpx2.Response, attempt: int) -> float:
    """Seconds until the next attempt: what the server asks for, up to a limit."""
    asked: Any = response.headers.get("Retry-After", "")
    return min(float(asked), FETCH.patience) if asked.isdecimal() else FETCH.wait * attempt


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
