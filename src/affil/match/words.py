"""The words of a batch as they were typed and corrected, which is what names and places are looked for in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from affil.names import Tokens
from affil.registry.arrays import Bools, Ints


@dataclass(frozen=True, slots=True)
class Words:
    """The corrected words of a batch, one entry a word.

    `folded` are the words, `number` their numbers in the index's vocabulary (-1: unknown), `gap` what separates each from the one
    before it, `upper` and `cjk` whether it was typed in capitals and in Han, Kana or Hangul, `string` the number of its string, `origin` the
    token of `tokens` that it was made of.
    """

    folded: Sequence[str]
    number: Ints
    gap: Ints
    upper: Bools
    cjk: Bools
    string: Ints
    origin: Ints
    tokens: Tokens

    def between(self, i: int) -> str:
        """What is typed between a word and the one before it."""
        before, behind = self.origin[i - 1], self.origin[i]
        text: str = self.tokens.repaired[self.string[i]]
        return text[self.tokens.end[before] : self.tokens.start[behind]]
