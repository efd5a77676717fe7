"""What people decide, and how it lasts."""

from affil.review.ledger import Draft, Ledger
from affil.review.standing import Case, Key, Standing

__all__ = ["Case", "Draft", "Key", "Ledger", "Standing"]
