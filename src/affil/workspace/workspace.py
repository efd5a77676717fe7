"""A workspace: one folder that holds a project from papers to rankings, and what anyone needs to repeat it.

    tables/               papers, mentions, strings, matches and institutions, each with the number of the step that wrote it:
        papers            id, title, venue, year, authors (their number), aligned, digest
        mentions          paper, position, author, affiliation: a row for each author and raw string; affiliation is null where
                          an author has none, position and author where a paper's strings are not aligned to authors
        strings           affiliation, mentions, papers: the distinct strings, most mentioned first
        matches           affiliation, institution_id, probability, decision, by, stated_city, stated_region, stated_country: the
                          model's answers, with a null id where there is none; what people decided is kept apart, in the ledger,
                          and stands above it
        institutions      the registry that the ids belong to
    manifest.json         which tables hold, versions, hashes, counts
    ledger.sqlite         what people decided
    own.csv               optional: institutions and names that people added, laid over the registry
    registry.affil        the registry with them, as the last run used it
    settings.toml         the settings of this project
    venues.csv            optional: venues laid over the shipped ones
    counts/               what every venue and year counted, now and before (see `affil.rank.store`)
    matching/             the finished batches of a run that was interrupted; the next one takes them

A table is never changed. A step (a run, papers added) writes new ones, which nothing names until the step ends: then the manifest is
replaced, at once, and names them. So a step that is killed has never been, and one that ended is whole. The next step deletes what
the manifest does not name. `Workspace.table` says where a table is; workspaces of before had them in the folder itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from affil.errors import AffilError
from affil.io.files import atomic_path, files_in
from affil.rank import Diff, Query, Ranking, State, Trend, Why
from affil.settings import Settings, load_settings, settings_toml
from affil.types import Institution, LedgerEntry, Name
from affil.workspace import decisions, ingest, matching, results
from affil.workspace.ingest import Added
from affil.workspace.layout import WorkspaceFiles, changing
from affil.workspace.matching import MatcherLike, Progress, Run

if TYPE_CHECKING:
    from affil.discovery.proposals import Proposal
    from affil.match import Matcher
    from affil.registry import Registry


@dataclass(slots=True)
class Workspace(WorkspaceFiles):
    """One project in a folder; see the module for its files. Made by `Workspace.open`."""

    @classmethod
    def open(cls, path: Path | str, create: bool = True) -> Workspace:
        """Open the workspace in a folder; with `create`, make it where there is none.

        Raises:
            AffilError: there is none and it must not, or cannot, be made.
            InputError: its settings.toml is not valid.
        """
        path = Path(path)
        if not any((path / file).exists() for file in ("settings.toml", "manifest.json")):
            if not create:
                raise AffilError(f"{path}: no workspace there; make one with: affil run PAPERS... -w {path}")
            if path.exists() and (not path.is_dir() or files_in(path, "*")):
                raise AffilError(f"{path}: is not an empty folder; name a new one for the workspace")
            try:
                path.mkdir(parents=True, exist_ok=True)
                with atomic_path(path / "settings.toml") as temporary:
                    temporary.write_text(settings_toml(Settings()), "utf-8")
            except OSError as error:
                raise AffilError(f"{path}: the workspace cannot be made: {error.strerror or error}") from error
        return cls(path, load_settings(path / "settings.toml"))

    def choose(self, *, registry: Path | str | None = None, model: Path | str | None = None) -> None:
        """Set the registry or the model that the next run uses (see `run`)."""
        with changing(self, self.settings.review.wait) as change:
            change.news["chosen"] = matching.choose(change, registry, model)
            change.commit()

    def matcher(self) -> Matcher:
        """The matcher of the last run: its registry, with what people added, and its model."""
        chosen = self.manifest.get("chosen", {})
        return matching.open_matcher(self, chosen.get("registry"), chosen.get("model"))

    def registry(self) -> Registry:
        """The registry of the last run, with what people added.

        Raises:
            InputError: it is not where it was.
        """
        return matching.open_registry(self, self.manifest.get("chosen", {}).get("registry"))

    def add_papers(self, paths: Path | str | Iterable[Path | str]) -> Added:
        """Read papers (files of four kinds, see `read_papers`) into the workspace; a newer record of an id replaces the older one.

        Raises:
            InputError: a file cannot be read; the workspace stays as it was.
            AffilError: another process is changing the workspace.
        """
        with changing(self) as change:
            added = ingest.add_papers(change, paths)
            change.commit()
        return added

    def run(
        self,
        progress: Progress | None = None,
        *,
        papers: Path | str | Iterable[Path | str] | None = None,
        read: Callable[[Added], None] | None = None,
        registry: Path | str | None = None,
        model: Path | str | None = None,
        matcher: MatcherLike | None = None,
    ) -> Run:
        """Match the strings that this registry, model and settings have not matched yet, with `papers` after adding these.

        Without arguments it takes the registry and model of the last run, in a new workspace the shipped ones; "shipped" goes
        back to those. All strings are matched again where registry, model or matching settings changed.

        All of it becomes visible at once, when it has ended; a run that was killed has never been, but for the batches that it
        finished, which the next one takes. One that is interrupted (`KeyboardInterrupt`) ends early: its papers are kept, and the
        batches that it finished count at once, unless all is matched again.

        Args:
            progress: called with (strings matched, strings to match) after every batch.
            papers: files to add first, as `add_papers` does.
            read: called with what came of these, before the matching begins.
            registry: a built registry, or one of the words `shipped` and `ror` (see `affil.registry.fetch_ror`).
            model: a trained model.
            matcher: a matcher to use instead of a registry and model.

        Raises:
            AffilError: there are no papers; another process is changing the workspace; registry or model cannot be read.
            InputError: a file of papers cannot be read. The workspace stays as it was.
        """
        return matching.run(self, progress, papers=papers, read=read, registry=registry, model=model, matcher=matcher)

    def rank(self, *, limit: int | None = None, resamples: int | None = None, **query: Unpack[Query]) -> Ranking:
        """Rank what was matched, with the ledger's decisions above the model's.

        What changed since the last time is counted again, the rest is kept. A file venues.csv in the workspace is laid over the
        shipped venue table.

        Args:
            limit: rows kept.
            resamples: how often doubtful matches are drawn for the intervals; 0: no intervals; default: the setting.
            query: level, area, venue, years, kind, by, roll_up (see `affil.rank.Query`).

        Raises:
            AffilError: nothing was matched yet, or an argument is unknown.
        """
        return results.rank(self, limit=limit, resamples=resamples, **query)

    def trend(self, *, panel: bool = False, limit: int | None = None, **query: Unpack[Query]) -> Trend:
        """A measure year by year (see `affil.rank.trend`).

        Raises:
            AffilError: nothing was matched yet, an argument is unknown, or no venue is in every year of a panel.
        """
        return results.trend(self, panel=panel, limit=limit, **query)

    def why(self, entity: str, **query: Unpack[Query]) -> Why:
        """The papers behind the numbers of an institution (or city, region, country), given by id or name.

        Raises:
            AffilError: nothing was matched yet, or there is no such entity in the ranking.
        """
        return results.why(self, entity, **query)

    def diff(self, since: str = "last", **query: Unpack[Query]) -> Diff:
        """What moved since the last run (`last`), a date, or a snapshot, and through which decisions or papers.

        Raises:
            AffilError: nothing was matched yet, or there is nothing to compare with.
        """
        return results.diff(self, since, **query)

    def snapshot(self, name: str) -> State:
        """Keep how things stand now under a name, to compare with later.

        Raises:
            AffilError: nothing was matched yet, or the name is taken.
        """
        return results.snapshot(self, name)

    def save(self, result: Ranking | Trend | Why | Diff, path: Path | str) -> Path:
        """Write a result as `save_table` does, and beside it `NAME.manifest.json`: how to repeat it, and what it rests on.

        Returns the path of the manifest.

        Raises:
            AffilError: another extension, or a file cannot be written; another process is changing the
                workspace. Existing files stay as they were.
        """
        return results.save(self, result, Path(path))

    def count(self) -> State:
        """Bring the counts up to date with papers, matches, decisions and settings.

        Raises:
            AffilError: nothing was matched yet, or another process is changing the workspace.
        """
        return results.count(self)

    def decide(
        self,
        affiliation: str,
        institution: str | Sequence[str] | None,
        *,
        by: str,
        why: str,
        paper: str = "",
        position: int | None = None,
        settle: bool = False,
    ) -> tuple[LedgerEntry, tuple[str, ...]]:
        """Record a decision after checking that the workspace's registry has the ids; returns the entry and warnings.

        A warning is given where the string does not occur in the workspace (the decision is kept: it may come), where an
        institution is closed and counts for its successor, and where another person's decision holds, so that this one stands
        beside it until someone settles the two. An id may be written in any form (see `affil.names.ids`), or be another id of
        the institution; the entry has the registry's. See `Ledger.decide`.

        Raises:
            AffilError: an id is unknown, an argument blank, or the ledger cannot be written.
        """
        return decisions.decide(self, affiliation, institution, by=by, why=why, paper=paper, position=position, settle=settle)

    def add_institution(
        self, name: str, country: str, *, city: str = "", kind: str = "other", names: Iterable[Name] = ()
    ) -> Institution:
        """Add an institution that the registry lacks; it can be decided for, and counts, at once.

        It stands in own.csv, and is matched from the next run on.

        Raises:
            AffilError: a field is wrong, or the registry has an institution of that name in that country; another process is
                changing the workspace.
        """
        return decisions.add_institution(self, name, country, city=city, kind=kind, names=names)

    def add_names(self, names: Iterable[tuple[Institution, str]]) -> int:
        """Add names to institutions in own.csv, as aliases; returns how many are new. Matched from the next run on.

        Raises:
            AffilError: another process is changing the workspace, or it cannot be written.
        """
        return decisions.add_names(self, names)

    def discover(self, tell: Callable[[str], None] = lambda _: None) -> list[Proposal]:
        """Propose new institutions for the strings that neither the registry nor a person explains (see `affil.discovery.proposals`).

        They are kept in proposals.jsonl too, where the review page finds them.
        """
        return decisions.discover(self, tell)

    @property
    def proposals(self) -> list[Proposal]:
        """What the last `discover` proposed."""
        return decisions.proposals(self)
