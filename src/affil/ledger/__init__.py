"""What people decide, and how it lasts."""

from affil.ledger.cases import Case, Key, Standing
from affil.ledger.ledger import Draft, Ledger

__all__ = ["Case", "Draft", "Key", "Ledger", "Standing"]
