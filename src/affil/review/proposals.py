"""Accept or refuse the new institutions proposed by `affil discover`."""

from __future__ import annotations

from affil.discovery.proposals import Proposal
from affil.ledger import Draft, Key
from affil.ledger.cases import NOT_AN_ORGANISATION, unexplained
from affil.registry.local import Details
from affil.review.session import Session
from affil.types import Institution, Name


def open_proposals(session: Session) -> list[Proposal]:
    """Proposals of the last `affil discover` that still have open strings."""
    return [p for p in session.workspace.proposals if any(_is_open(session, s) for s in p.strings)]


def accept(session: Session, proposal: Proposal, *, by: str, **fields: str) -> Institution:
    """Create the proposed institution, and decide its open strings for it.

    Args:
        session: the review session.
        proposal: one of `open_proposals`.
        by: the person.
        fields: overrides of the proposal's name, country, city and kind.

    Raises:
        AffilError: a field is invalid, or the registry has an institution of that name.
    """
    wanted = {f: getattr(proposal, f) for f in ("name", "country", "city", "kind")} | fields
    spellings = tuple(Name(s, "", "alias") for s in proposal.spellings if s != wanted["name"])
    made = session.add_institution(Details(**wanted, names=spellings))
    _decide_strings(session, proposal, (made.id,), by, "names an institution proposed by affil discover")
    return made


def refuse(session: Session, proposal: Proposal, *, by: str) -> None:
    """Decide that the open strings of a proposal name no organisation."""
    _decide_strings(session, proposal, (), by, NOT_AN_ORGANISATION)


def _decide_strings(session: Session, proposal: Proposal, ids: tuple[str, ...], by: str, why: str) -> None:
    session.ledger.decide_all([Draft(Key(s), ids, by, why) for s in proposal.strings if _is_open(session, s)])
    session.refresh()


def _is_open(session: Session, affiliation: str) -> bool:
    return unexplained(session.queue.cases.get(Key(affiliation)))
