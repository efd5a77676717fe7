"""Decisions of people above a matcher's answers: those of a ledger, read again when there are more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from affil.errors import AffilError, InputError, LedgerError, UnknownIdError
from affil.ledger import Ledger
from affil.registry import Registry
from affil.settings import ReviewSettings
from affil.wording import message_of, said


class Decided(NamedTuple):
    """What a person decided on a string: the ids that it names, none if it names none, and who said why."""

    ids: tuple[str, ...]
    words: str


class Decisions:
    """The decisions of a ledger on whole strings, as they are now; those on single mentions of a string say nothing of others.

    Whether a ledger has changed is seen from its file in some microseconds; one on a server is asked for its last entry, every
    `ReviewSettings.look` seconds at most. Usable from several threads.

    Args:
        ledger: a ledger, its file or its URL.
        settings: how long to wait, and how often to look.

    Raises:
        InputError: there is no such file, or it is no ledger.
    """

    def __init__(self, ledger: Ledger | Path | str, settings: ReviewSettings) -> None:
        if not isinstance(ledger, Ledger):
            if "://" not in str(ledger) and not Path(ledger).is_file():
                fix = said("name the file or URL of a ledger; a workspace's is affil.Workspace.open(FOLDER).ledger")
                raise InputError(ledger, said("no such ledger"), fix=fix)
            ledger = Ledger(ledger, wait=settings.wait)
        self.ledger, self._settings = ledger, settings
        self._turn = threading.Lock()
        self._seen: object = None
        self._looked = -settings.look
        self._current: dict[str, Decided] = {}
        self._refresh()

    def of(self, strings: Iterable[str]) -> dict[str, Decided]:
        """The decisions on those of these strings that were decided; white space of another kind or length is no other string.

        Raises:
            LedgerError: the ledger has changed and cannot be read.
        """
        with self._turn:
            try:
                self._refresh()
            except AffilError as error:
                raise LedgerError(message_of(error)) from error
            known = self._current
        found = {}
        if known:
            for string in strings:
                one = known.get(string) or known.get(" ".join(string.split()))
                if one is not None:
                    found[string] = one
        return found

    def must_be_of(self, registry: Registry) -> None:
        """Check that a registry has all institutions that were decided on.

        Raises:
            UnknownIdError: it lacks one.
        """
        for identifier in {i: None for one in self._current.values() for i in one.ids}:
            if identifier not in registry:
                why = said("{0} decides on it; load the registry with which that was decided", self.ledger.where)
                raise UnknownIdError(identifier, why=why)

    def _refresh(self) -> None:
        if self.ledger.remote and time.monotonic() < self._looked + self._settings.look:
            return
        stamp = self.ledger.stamp()  # before the entries: what comes between is seen the next time
        if stamp != self._seen:
            cases = self.ledger.cases()
            holders = {key.affiliation: case.holder for key, case in cases.items() if not key.paper}
            self._current = {
                string: Decided(entry.institutions or (), f"{entry.by}: {entry.why}")
                for string, entry in holders.items()
                if entry is not None
            }
            self._seen = stamp
        self._looked = time.monotonic()
