"""What the stages above ask of a matcher: `affil.Matcher`, or anyone's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from affil.registry import Registry


class MatcherLike(Protocol):
    """What scoring and a workspace need of a matcher."""

    @property
    def registry(self) -> Registry:
        """The registry whose ids it returns."""

    @property
    def model_hash(self) -> str:
        """The hash of its model."""

    def match_table(self, strings: list[str], /) -> pa.Table:
        """The institutions found: no row for a string without any.

        Columns row (index into the strings), institution_id, probability, decision. Scoring reads alias too, a workspace, where
        it is told, stated_city, stated_region, stated_country, named (see `affil.rank.Tables`).
        """
