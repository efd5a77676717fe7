"""Raw strings to comparable tokens, with the way back to the raw offsets."""

from affil.text.fold import fold, fold_word
from affil.text.repair import raw_span, repair
from affil.text.tokens import Tokens, tokenize
from affil.text.visible import visible

__all__ = ["Tokens", "fold", "fold_word", "raw_span", "repair", "tokenize", "visible"]
