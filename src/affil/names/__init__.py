"""Repair, tokenize and fold raw strings, keeping offsets into the raw text."""

from affil.names.fold import fold_word
from affil.names.repair import raw_span, repair
from affil.names.tokens import Tokens, fold, tokenize
from affil.names.visible import visible

__all__ = ["Tokens", "fold", "fold_word", "raw_span", "repair", "tokenize", "visible"]
