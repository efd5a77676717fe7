"""The interface of a matcher: `affil.Matcher`, or a custom one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from affil.registry import Registry


class MatcherLike(Protocol):
    """The methods of a matcher that scoring and workspaces use."""

    @property
    def registry(self) -> Registry:
        """The registry whose ids it returns."""

    @property
    def model_hash(self) -> str:
        """The hash of its model."""

    def match_table(self, strings: list[str], /) -> pa.Table:
        """The institutions found; strings without any have no row.

        Columns: row (index into the strings), institution_id, probability, decision. Scoring also reads alias; a workspace also
        reads, if present, stated_city, stated_region, stated_country, named, named_parents (see `affil.rank.Tables`).
        """
