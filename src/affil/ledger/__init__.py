"""The ledger of human decisions."""

from affil.ledger.cases import Case, Cases, Key
from affil.ledger.ledger import Draft, Ledger

__all__ = ["Case", "Cases", "Draft", "Key", "Ledger"]
