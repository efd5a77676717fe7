"""What people decide, and how it lasts."""

from affil.review.ledger import Ledger

__all__ = ["Ledger"]
