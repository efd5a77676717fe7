"""The matcher that a command's options name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from affil.cli.language import say
from affil.cli.show import working
from affil.errors import AffilError
from affil.wording import joined, said

if TYPE_CHECKING:
    from affil.ledger import Ledger
    from affil.match import Matcher
    from affil.settings import Settings


def load_matcher(
    registry: Path | None,
    model: Path | None,
    policy: str | None,
    settings: Settings | None = None,
    ledger: str | None = None,
    *,
    tables: bool = True,
) -> Matcher:
    """Load a matcher for the given options; `tables=False` loads faster but cannot make Arrow tables."""
    from affil.settings import Policy

    chosen = checked(policy, get_args(Policy), said("policy"))
    with working(said("loading registry and model")):
        from affil.io.interrupts import undisturbed
        from affil.match import Matcher

        decisions: Ledger | str | None = ledger
        if ledger is not None and Path(ledger).is_dir():
            from affil.workspace import Workspace

            decisions = Workspace.open(ledger, create=False).ledger
        matcher = Matcher.load(registry, model, settings, policy=chosen, ledger=decisions)
        with undisturbed():  # trigger lazy imports now: some libraries swallow an interrupt while being imported
            warm: Callable[[list[str]], object] = matcher.match_table if tables else matcher.match_many  # tables need pandas
            warm(["University of Oxford"])
    if matcher.differences:
        changed = joined("; ", matcher.differences)
        say(said("note: these have changed since the model was trained: {0}. Retrain with: affil train", changed), err=True)
    return matcher


def checked(value: str | None, known: tuple[str, ...], what: str) -> Any:
    """The value, if it is None or a known one."""
    if value is not None and value not in known:
        raise AffilError(said("no {0} {1!r}; known are: {2}", what, value, ", ".join(known)))
    return value
