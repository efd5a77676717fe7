"""A state of the counts: what everything counted at one time, and what that was counted from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from affil.rank.venues import Venue
from affil.settings import RankSettings

FORMAT = 5  # of states and files: another number, and all is counted again


@dataclass(frozen=True, slots=True)
class Partition:
    """What one venue holds in one year: the file of its credit, the papers that it was made from, and its row of `stats`."""

    venue: str
    year: int
    file: str
    papers: str
    stats: dict[str, int]


@dataclass(frozen=True, slots=True)
class State:
    """What everything counted at one time. `decisions` is the number of the last entry of the ledger, `about` whatever else is
    to be remembered (model, registry, what the workspace's manifest said). `run` says that it stood when a run had ended.
    """

    number: int
    time: str
    partitions: tuple[Partition, ...]
    answers: str
    institutions: str
    venues: tuple[Venue, ...]
    settings: RankSettings
    decisions: int = 0
    about: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    run: bool = False
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        """The state as an object of JSON."""
        content = {f.name: getattr(self, f.name) for f in fields(self)}
        content |= {
            "partitions": [{f: getattr(p, f) for f in Partition.__slots__} for p in self.partitions],
            "venues": [asdict(v) for v in self.venues],
        }
        return content | {"format": FORMAT, "settings": self.settings.model_dump(mode="json")}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> State:
        """Read back what `to_json` wrote."""
        lists = ("areas", "aliases", "years", "openalex", "not_held")
        venues = [{**v, **{name: tuple(v[name]) for name in lists if name in v}} for v in content["venues"]]
        parts = {
            "partitions": tuple(Partition(**p) for p in content["partitions"]),
            "venues": tuple(Venue(**v) for v in venues),
            "settings": RankSettings.model_validate(content["settings"]),
            "warnings": tuple(content["warnings"]),
        }
        return cls(**{**{k: v for k, v in content.items() if k != "format"}, **parts})

    def same_counts(self, other: State) -> bool:
        """Whether all rankings of the two states are equal."""
        return all(
            getattr(self, f) == getattr(other, f) for f in ("partitions", "answers", "institutions", "venues", "settings")
        )


KEYS = ("format", *(f.name for f in fields(State)))
