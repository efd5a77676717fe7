"""What assistants may ask and suggest, with the limits of the service; `affil.service.mcp` speaks their protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from affil.errors import AffilError
from affil.match import Matcher, explained_dict, why_not
from affil.rank import Level, Measure
from affil.registry.registry import EXACT
from affil.workspace import Workspace

# What arguments mean, as assistants read it.
String = Annotated[str, Field(description="a raw affiliation string, exactly as it stands in the data")]
Limit = Annotated[int, Field(ge=1, description="maximum number of rows")]
LevelOf = Annotated[Level, Field(description="what is ranked")]
MeasureOf = Annotated[Measure, Field(description="the measure to rank by")]
Area = Annotated[str | None, Field(description="one of the eight areas of AI, such as computer vision or nlp; default: all")]
Venue = Annotated[str | None, Field(description="one venue, such as CVPR; default: all")]
Years = Annotated[str | None, Field(description="a year or a range, such as 2020 or 2014-2024; default: all")]
Within = Annotated[str | None, Field(description="only in this country or continent")]


class Assistant:
    """Answers for an assistant, each a JSON-serialisable dictionary.

    Args:
        matcher: matches strings, and its registry is searched.
        workspace: is ranked and explained, and takes proposals; None: these raise AffilError.
    """

    def __init__(self, matcher: Matcher, workspace: Workspace | None = None) -> None:
        self.matcher = matcher
        self.limits = (workspace or matcher).settings.serve
        self._workspace = workspace

    @property
    def has_workspace(self) -> bool:
        """Whether there is a workspace."""
        return self._workspace is not None

    @property
    def workspace(self) -> Workspace:
        """The workspace.

        Raises:
            AffilError: there is none.
        """
        if self._workspace is None:
            raise AffilError("there is no workspace to count or to decide in; start with one: affil mcp WS")
        return self._workspace

    def match(
        self,
        affiliations: Annotated[list[str], Field(description="raw affiliation strings, in any language")],
        candidates: Annotated[int, Field(ge=0, description="institutions not chosen to list as well, for each string")] = 0,
    ) -> dict[str, Any]:
        """Say which institutions affiliation strings name: ids, places, calibrated probability, decision, evidence.

        Decision `match` is sure, `review` needs a person, `none`: no institution of the registry was recognised.

        Raises:
            AffilError: there are too many strings, or one is too long.
        """
        self._check(affiliations)
        explained = why_not(self.matcher, affiliations, min(candidates, self.limits.most_candidates))
        return {"results": [explained_dict(one) for one in explained], "version": self.matcher.version}

    def explain(self, affiliation: String) -> dict[str, Any]:
        """Explain the answer to one string: reasons for and against each candidate, chosen or not, and why nothing was found.

        Raises:
            AffilError: the string is too long.
        """
        (answer,) = self.match([affiliation], self.limits.candidates)["results"]
        return dict(answer)

    def search_registry(
        self,
        text: Annotated[str, Field(description="a name or part of one in any language, or an id")],
        limit: Limit = 10,
    ) -> dict[str, Any]:
        """Find institutions by name or id, best first; `exact` says whether it has exactly that name.

        Raises:
            AffilError: the text is too long.
        """
        self._check([text])
        found = self.matcher.registry.search(text, min(limit, self.limits.found))
        return {"found": [{"score": s, "exact": s == EXACT, **asdict(one), "name_zh": one.name_zh} for one, s in found]}

    def rank(
        self,
        level: LevelOf = "institution",
        by: MeasureOf = "adjusted",
        area: Area = None,
        venue: Venue = None,
        years: Years = None,
        within: Within = None,
        limit: Limit = 20,
    ) -> dict[str, Any]:
        """Rank institutions or places by the papers of the workspace, with what the numbers rest on (`coverage`, `notes`).

        `low` and `high` are the best and the worst rank that doubtful matches leave open: tell them with the rank.

        Raises:
            AffilError: nothing was matched yet, or an argument has an unknown value.
        """
        ranking = self.workspace.rank(
            level=level, by=by, area=area, venue=venue, years=years, within=within, limit=min(limit, self.limits.found)
        )
        return {**ranking.to_dict(), "notes": ranking.lines()}

    def why(
        self,
        entity: Annotated[str, Field(description="an institution, city or country: its id, or any name of it")],
        level: LevelOf = "institution",
        area: Area = None,
        venue: Venue = None,
        years: Years = None,
        limit: Limit = 20,
    ) -> dict[str, Any]:
        """The papers behind a number, with the strings through which each counts, and the strings that wait for review.

        Raises:
            AffilError: nothing was matched yet, an argument has an unknown value, or a name means nothing in the ranking, or several.
        """
        found = self.workspace.why(entity, level=level, area=area, venue=venue, years=years).to_dict()
        most = min(limit, self.limits.found)
        return {
            **found,
            **{part: found[part][:most] for part in ("papers", "waiting")},
            **{f"all_{part}": len(found[part]) for part in ("papers", "waiting")},
        }

    def propose_decision(self, affiliation: str, institutions: Sequence[str], why: str, by: str) -> dict[str, Any]:
        """Suggest what a string names, for a person to decide (see `Workspace.suggest`).

        Args:
            affiliation: the string, as it stands in the papers.
            institutions: ids; none where it names no institution.
            why: the reason.
            by: the name of the assistant.

        Raises:
            UnknownIdError: an id is unknown. AffilError: as `Workspace.suggest`; a text is too long.
        """
        self._check([affiliation, why, by, *institutions])
        made, warnings = self.workspace.suggest(affiliation, institutions, by=by, why=why)
        where = f"affil review {self.workspace.path}"
        return {**asdict(made), "at": made.at.isoformat(), "warnings": list(warnings), "next": f"a person decides: {where}"}

    def _check(self, texts: Sequence[str]) -> None:
        if len(texts) > self.limits.strings:
            raise AffilError(f"{len(texts):,} strings in one request; at most {self.limits.strings:,}")
        for number, text in enumerate(texts):
            if len(text) > self.limits.characters:
                raise AffilError(f"string {number} has {len(text):,} characters; at most {self.limits.characters:,}")
