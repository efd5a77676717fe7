"""Institutions available for decisions: the registry's, and those added since the last run."""

from __future__ import annotations

from affil.errors import UnknownIdError
from affil.names import fold
from affil.names.ids import mistyped
from affil.registry import Registry
from affil.registry.registry import EXACT
from affil.registry.written import Written
from affil.types import Institution
from affil.wording import said
from affil.workspace import Workspace


class Institutions(Written):
    """The registry of a workspace, with local institutions and names."""

    def __init__(self, workspace: Workspace, registry: Registry) -> None:
        super().__init__(registry)
        self._workspace = workspace
        self._changed = -1
        self._local: dict[str, Institution] = {}
        self._made: dict[str, Institution] = {}
        self.refresh()

    def refresh(self) -> None:
        """Reload local institutions."""
        file = self._workspace.path / "own.csv"
        changed = file.stat().st_mtime_ns if file.exists() else 0
        if changed != self._changed:
            self._local, self._changed = self._workspace.local, changed
            self._made = self._workspace.made_institutions

    @property
    def made(self) -> list[Institution]:
        """Those that were added in this workspace, by name."""
        return sorted(self._made.values(), key=lambda one: (fold(one.name), one.id))

    def search(self, text: str, limit: int = 8) -> list[Institution]:
        """Search institutions by any of their names, best first; local ones come before the registry's."""
        query = fold(text)
        local = [one for one in self._local.values() if query and one.id not in self.registry]
        added = [one for one in local if any(query in fold(n.value) for n in one.names)]
        return [*added, *(one for one, _ in self.registry.search(text, limit))][:limit]

    def found(self, name: str, limit: int) -> list[tuple[Institution, float]]:
        """Institutions by any of their names, those with the name itself first, local ones before the registry's."""
        wanted = fold(name)
        local = [one for one in self._local.values() if wanted and wanted in {fold(n.value) for n in one.names}]
        here = [(self.find(one.id) or one, EXACT) for one in local]
        return [*here, *super().found(name, limit)]

    def find(self, identifier: str) -> Institution | None:
        """A registry or local institution, or None."""
        if identifier in self.registry and identifier not in self._made:
            return self.registry.get(identifier)
        return self._local.get(identifier)

    def known(self, identifier: str) -> Institution:
        """Like `find`, but the institution must exist.

        Raises:
            UnknownIdError: there is no institution with that id.
        """
        found = self.find(identifier)
        if found is None:
            raise UnknownIdError(identifier, said("the registry of the workspace"), mistyped(identifier))
        return found

    def name(self, identifier: str) -> str:
        """The name of an institution, or its id if it is no longer known."""
        found = self.find(identifier)
        return found.name if found else identifier

    def parents(self, institution: Institution) -> tuple[str, ...]:
        """The names of its parents."""
        return tuple(self.name(parent) for parent in institution.parents)
