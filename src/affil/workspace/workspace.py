"""A workspace: one folder with a project's data, from papers to rankings, and everything needed to reproduce it.

    tables/               papers, mentions, strings, matches and institutions, each with the number of the step that wrote it:
        papers            id, title, venue, year, authors (their number), aligned, digest, doi, format (that it was read as)
        mentions          paper, position, author, affiliation: a row for each author and raw string; affiliation is null where
                          an author has none, position and author where a paper's strings are not aligned to authors
        strings           affiliation, mentions, papers: the distinct strings, most mentioned first
        matches           affiliation, institution_id, probability, decision, by, stated_city, stated_region, stated_country, named,
                          named_parents (see `affil.rank.Tables`): the model's answers, with a null id where there is none; human
                          decisions are kept separately, in the ledger, and override them
        institutions      the registry that the ids belong to
        merged            kept, dropped, by: records left out for a richer one of the same paper (optional)
    manifest.json         current tables, versions, hashes, counts
    ledger.sqlite         human decisions
    suggestions.json      optional: what assistants suggest, for people to decide
    own.csv               optional: institutions and names added by users, merged over the registry
    registry.affil        the registry including them, as used by the last run
    settings.toml         the settings of this project
    venues.csv            optional: venues overriding the shipped ones
    counts/               counts by venue and year, current and past (see `affil.rank.store`)
    matching/             finished batches of an interrupted run, reused by the next one

Tables are never modified. A step (a run, papers added) writes new ones and, when it ends, atomically replaces the manifest with one
that refers to them. So a killed step leaves no trace, and a finished one is complete. The next step deletes files the manifest does
not refer to. `Workspace.table` gives the path of a table; older workspaces had the tables in the folder itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from affil.errors import AffilError
from affil.io.outputs import atomic_path, files_in
from affil.papers.reading import Reading
from affil.rank import Comparison, Diff, Query, Ranking, RanksByYear, Span, State, Trend, VenueList, Why
from affil.settings import Engine, Settings, load_settings, settings_toml
from affil.types import Institution, LedgerEntry, Progress
from affil.wording import Said, said
from affil.workspace import decisions, ingest, matching, results, suggestions
from affil.workspace import waiting as waits
from affil.workspace.ingest import Added
from affil.workspace.layout import WorkspaceFiles, changing, not_a_workspace, settings_of
from affil.workspace.matching import Run
from affil.workspace.suggestions import Suggestion
from affil.workspace.waiting import Waiting

if TYPE_CHECKING:
    import altair
    from pyspark.sql import SparkSession

    from affil.discovery.proposals import Proposal
    from affil.match import Matcher
    from affil.match.interface import MatcherLike
    from affil.registry import Registry
    from affil.registry.local import Details


@dataclass(slots=True)
class Workspace(WorkspaceFiles):
    """A project in a folder; see the module for its files. Create it with `Workspace.open`.

    Longer than other classes, as it is the public face of a project: each method is one line and its documentation.
    """

    @classmethod
    def open(
        cls, path: Path | str, create: bool = False, settings: Settings | Mapping[str, Any] | Path | str | None = None
    ) -> Workspace:
        """Open the workspace in a folder; with `create`, create it if there is none, with the given settings or those of affil.

        Settings are `Settings`, or what `load_settings` reads: a dict, `{"report": {"title": "Ours"}}`, or a TOML file.

        Raises:
            AffilError: there is none and `create` is false, it cannot be created, or settings are given without `create`: those of a
                workspace stand in its settings.toml.
            InputError: its settings.toml is not valid, or the settings given are not.
        """
        path = Path(path)
        if settings is not None and not create:
            raise AffilError(said("settings are for a new workspace (create=True); those of one stand in its settings.toml"))
        if not any((path / file).exists() for file in ("settings.toml", "manifest.json")):
            if not create:
                raise not_a_workspace(path)
            if path.exists() and (not path.is_dir() or files_in(path, "*")):
                raise AffilError(said("{0}: not an empty folder; choose a new one for the workspace", path))
            written = settings_toml(load_settings(settings))
            try:
                path.mkdir(parents=True, exist_ok=True)
                with atomic_path(path / "settings.toml") as temporary:
                    temporary.write_text(written, "utf-8")
            except OSError as error:
                raise AffilError(said("{0}: cannot create the workspace: {1}", path, error.strerror or error)) from error
        return cls(path, settings_of(path))

    def with_ledger(self, database: str) -> Workspace:
        """The workspace with its decisions elsewhere: a database URL, or a file.

        Raises:
            AffilError: it is neither a URL nor a file that is there or can be made.
        """
        return decisions.with_ledger(self, database)

    def choose(self, *, registry: Path | str | None = None, model: Path | str | None = None) -> None:
        """Set the registry or the model for the next run (see `run`)."""
        with changing(self, self.settings.review.wait) as change:
            change.news["chosen"] = matching.choose(change, registry, model)
            change.commit()

    def matcher(self) -> Matcher:
        """The matcher of the last run: its registry, with the institutions and names that users added, and its model."""
        chosen = self.manifest.get("chosen", {})
        return matching.open_matcher(self, chosen.get("registry"), chosen.get("model"))

    def registry(self) -> Registry:
        """The registry of the last run, with the institutions and names that users added.

        Raises:
            InputError: its file is missing.
        """
        return matching.open_registry(self, self.manifest.get("chosen", {}).get("registry"))

    def add_papers(
        self,
        paths: Path | str | Iterable[Path | str],
        **reading: Unpack[Reading],
    ) -> Added:
        """Add papers from files of any format that is read (see `read_papers`).

        A newer record of an id replaces the older one. Records of one paper from several sources (of one DOI, else of one title, year
        and first author) are one paper: the one that tells most of affiliations is kept, and the table `merged` says which.

        Raises:
            InputError: a file cannot be read; the workspace is unchanged.
            AffilError: another process is changing the workspace.
        """
        with changing(self) as change:
            added = ingest.add_papers(change, paths, **reading)
            change.commit()
        return added

    def run(
        self,
        papers: Path | str | Iterable[Path | str] | None = None,
        *,
        progress: Progress | None = None,
        read: Callable[[Added], None] | None = None,
        registry: Path | str | None = None,
        model: Path | str | None = None,
        matcher: MatcherLike | None = None,
        engine: Engine = "local",
        spark: SparkSession | None = None,
        **reading: Unpack[Reading],
    ) -> Run:
        """Match the strings not yet matched with this registry, model and settings; adds `papers` first.

        By default it uses the registry and model of the last run, in a new workspace the shipped ones; "shipped" resets to
        those. If registry, model or matching settings changed, all strings are matched again.

        The results become visible together when the run ends. A killed run leaves only its finished batches, which the next run
        reuses. An interrupted run (`KeyboardInterrupt`) ends early: its papers are kept, and its finished batches count at once,
        unless all strings are being matched again.

        Args:
            papers: files to add first, as `add_papers` does.
            progress: called with (strings matched, strings to match) after every batch.
            read: called with the result of adding them, before matching starts.
            registry: a registry file, `shipped`, or `ror` (see `affil.registry.fetch_ror`).
            model: a trained model.
            matcher: a matcher to use instead of a registry and model.
            engine: `spark` matches on a Spark cluster, with the same result; papers are read here, and their distinct strings sent there,
                `batch.spark_round` at once, which are a batch.
            spark: its session; default: see `affil.spark.open_cluster`.
            reading: how the files are to be read, where their content does not tell it.

        Raises:
            AffilError: there are no papers; another process is changing the workspace; registry or model cannot be read; no such engine, or
                Spark is missing or fails.
            InputError: a file of papers cannot be read. The workspace is unchanged.
        """
        return matching.run(
            self,
            papers,
            progress=progress,
            read=read,
            registry=registry,
            model=model,
            matcher=matcher,
            engine=engine,
            spark=spark,
            **reading,
        )

    def rank(
        self,
        *,
        limit: int | None = None,
        ranges: bool | None = None,
        around: str | None = None,
        **query: Unpack[Query],
    ) -> Ranking:
        """Rank the matched papers; decisions in the ledger override the model.

        Only what changed since the last time is recounted. A file venues.csv in the workspace overrides the shipped venues.

        Args:
            limit: maximum number of rows; default: all.
            ranges: whether to compute the ranks that doubtful matches leave open; default: the setting.
            around: only the row of this institution (or city ...) and its neighbours (`rank.neighbours`), by its id or any name.
            query: level, area, venue, years, kind, by, roll_up, within, preset, hong_kong (see `affil.rank.Query`).

        Raises:
            AffilError: nothing was matched yet, an argument has an unknown value, or a name means nothing that is ranked, or several.
        """
        return results.rank(self, matching.lookup(self), limit=limit, ranges=ranges, around=around, **query)

    def map(self, *, limit: int | None = None, **query: Unpack[Query]) -> altair.LayerChart:
        """Circles on a map of the world, as a chart of Altair that is drawn without the internet: cities, or institutions.

        A city stands at the median of its institutions; what has no known place is left out.

        Args:
            limit: maximum number of circles; default: all.
            query: as `rank` takes it; the level is city (the default) or institution, and the area of a circle is what is ranked by.

        Raises:
            AffilError: as `rank`; the level is another; Altair is not installed.
        """
        return results.world_map(self, matching.lookup(self), limit=limit, **query)

    def list_venues(self) -> VenueList:
        """The venue table, with the papers that the workspace has of each venue, and its venues that the table lacks.

        Raises:
            AffilError: nothing was matched yet.
        """
        return results.list_venues(self)

    def ranks_by_year(self, *, limit: int | None = None, entity: str | None = None, **query: Unpack[Query]) -> RanksByYear:
        """The rank in each year, and who has been first for how long (see `affil.rank.ranks_by_year`); of one `entity` only, where it is given
        by its id or any name of it.

        Raises:
            AffilError: nothing was matched yet, an argument has an unknown value, or a name means nothing in the ranking, or several.
        """
        return results.ranks_by_year(self, matching.lookup(self), limit=limit, entity=entity, **query)

    def trend(
        self, *, panel: bool = False, limit: int | None = None, entity: str | None = None, **query: Unpack[Query]
    ) -> Trend:
        """A measure by year, and its growth over matched venues (see `affil.rank.trend`); of one `entity` only, where it is given by its id
        or any name of it.

        Raises:
            AffilError: nothing was matched yet, an argument has an unknown value, no venue is in every year of a panel, or a name means
                nothing in the ranking, or several.
        """
        return results.trend(self, matching.lookup(self), panel=panel, limit=limit, entity=entity, **query)

    def compare(self, before: Span, after: Span, **query: Unpack[Query]) -> Comparison:
        """Two periods over the venues that both have: whose rank moved (see `affil.rank.compare`); each 2020, "2014-2024" or (2014, 2024).

        Raises:
            AffilError: nothing was matched yet, or an argument has an unknown value.
        """
        return results.compare(self, before, after, **query)

    def why(self, entity: str, **query: Unpack[Query]) -> Why:
        """The papers behind the counts of an institution (or city, region, country), given by its id or any name of it; where the name is
        also a string that waits for review, a note says so.

        Raises:
            AffilError: nothing was matched yet, or a name means nothing in the ranking, or several; of a string that waits for review
                with what it may name.
        """
        self.must_be_matched()
        doubted = self.waiting().get(entity)
        try:
            found = results.why(self, matching.lookup(self), entity, **query)
            return found if doubted is None else replace(found, notes=(waits.told(entity, doubted),))
        except AffilError as error:
            if doubted is not None:
                raise AffilError(waits.told(entity, doubted)) from error
            if entity not in matching.strings_of(self.table("matches")):
                raise
            advice = said("what it names, and why: affil match --text {0} --candidates 3", shlex.quote(entity))
            level = query.get("level", "institution")
            raise AffilError(
                said("{0!r} is a string of the papers, no name of {1} there; {2}", entity, Said(level), advice)
            ) from error

    def waiting(self) -> Waiting:
        """The strings that wait for review: by string, the institutions in doubt that it may name, the most probable first. Strings that a
        person decided wait no more.

        Raises:
            AffilError: nothing was matched yet.
        """
        return waits.waiting(self)

    def diff(self, since: str = "last", *, entity: str | None = None, **query: Unpack[Query]) -> Diff:
        """Changes since the last run (`last`), a date, or a snapshot, and the decisions or papers that caused them; of one `entity`
        only, where it is given by its id or any name of it.

        Raises:
            AffilError: nothing was matched yet, there is nothing to compare with, or a name means nothing in the ranking, or several.
        """
        return results.diff(self, matching.lookup(self), since, entity=entity, **query)

    def snapshot(self, name: str) -> State:
        """Save the current counts under a name, to compare with later.

        Raises:
            AffilError: nothing was matched yet, or the name is taken.
        """
        return results.snapshot(self, name)

    def save(self, result: results.Result, path: Path | str, *, excel: bool = False) -> Path:
        """Write a result as `save_table` does, with `NAME.manifest.json` next to it: its inputs, and how to reproduce it.

        The manifest describes the state that was counted, also where the workspace has changed since.

        Returns the path of the manifest.

        Raises:
            AffilError: the extension is unknown, or a file cannot be written. Existing files are unchanged.
        """
        return results.save(result, Path(path), excel=excel)

    def count(self) -> State:
        """Update the counts from papers, matches, decisions and settings.

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
        """Record a decision after checking its ids against the workspace's registry; returns the entry and warnings.

        It warns if the string does not occur in the workspace (the decision is kept for when it does), if an institution is closed
        and counts for its successor, and if another person's decision holds, so that this one is only an opinion until someone
        settles the conflict. Ids may be in any form (see `affil.names.ids`), another id of the institution, or a name that it alone
        has; the entry has the registry's. See `Ledger.decide`.

        Raises:
            AffilError: an id or name is unknown or of several, an argument blank, or the ledger cannot be written.
        """
        return decisions.decide(self, affiliation, institution, by=by, why=why, paper=paper, position=position, settle=settle)

    def suggest(
        self, affiliation: str, institutions: Sequence[str], *, by: str, why: str
    ) -> tuple[Suggestion, tuple[str, ...]]:
        """Suggest what a string names, as an assistant does: people see it on the review card, and nothing is counted by it.

        A second suggestion on a string by the same assistant replaces the first. Returns the suggestion, and warnings about closed
        institutions.

        Args:
            affiliation: the string, as it stands in the papers.
            institutions: ids in any form (see `affil.names.ids`); none where it names no institution.
            by: the name of the assistant.
            why: its reason.

        Raises:
            UnknownIdError: an id is unknown. AffilError: the string does not occur, or a person has decided it; a text is blank; too many
                suggestions wait (setting `review.suggested`); the workspace cannot be written.
        """
        return suggestions.suggest(self, affiliation, institutions, by=by, why=why)

    @property
    def suggestions(self) -> list[Suggestion]:
        """The suggestions of assistants on strings that nobody has decided, oldest first.

        Raises:
            InputError: their file is damaged.
        """
        return suggestions.open_suggestions(self, self.ledger.cases())

    def add_institution(self, details: Details) -> Institution:
        """Add an institution missing from the registry; decisions can use it at once.

        It is stored in own.csv and matched from the next run on. In a city in which the registry has another one, it gets that one's region
        and coordinates.

        Raises:
            UnknownIdError: a parent is unknown. AffilError: a detail is invalid; there is such an institution already, of that name in that
                country or of that ROR id; another process is changing the workspace.
        """
        from affil.workspace import local

        return local.add_institution(self, details)

    @property
    def made_institutions(self) -> dict[str, Institution]:
        """The institutions that were added here, by id; own.csv also holds names of those of the registry."""
        from affil.workspace import local

        return local.made_institutions(self)

    def edit_institution(self, identifier: str, details: Details) -> Institution:
        """Replace the details of an institution in own.csv; its id stays, so that decisions for it do, and further names, too.

        Raises:
            UnknownIdError: own.csv has no such institution, or a parent is unknown. AffilError: as `add_institution`.
        """
        from affil.workspace import local

        return local.edit_institution(self, identifier, details)

    def add_names(self, names: Iterable[tuple[Institution, str]]) -> int:
        """Add names to institutions in own.csv, as aliases; returns how many are new. Matched from the next run on.

        Raises:
            AffilError: another process is changing the workspace, or own.csv cannot be written.
        """
        from affil.workspace import local

        return local.add_names(self, names)

    def discover(self, tell: Callable[[str], None] = lambda _: None) -> list[Proposal]:
        """Propose new institutions for strings that have neither a match nor a decision (see `affil.discovery.proposals`).

        Also stores them in proposals.json for the review page.
        """
        return decisions.discover(self, tell)

    @property
    def proposals(self) -> list[Proposal]:
        """Proposals of the last `discover`."""
        return decisions.proposals(self)
