"""Raw strings to comparable tokens, with the way back to the raw offsets."""

from affil.names.fold import fold_word
from affil.names.repair import raw_span, repair
from affil.names.tokens import Tokens, fold, tokenize
from affil.names.visible import visible

__all__ = ["Tokens", "fold", "fold_word", "raw_span", "repair", "tokenize", "visible"]
