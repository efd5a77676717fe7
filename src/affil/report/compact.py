"""Templates without what a browser does not need, so that they can be written to be read."""

from __future__ import annotations

import re

# Where blanks or quotes may matter.
_KEPT = re.compile(r"(<(pre|script|style|svg|textarea)\b.*?</\2>)", re.DOTALL)
_BLANKS = re.compile(r"\s*\n\s*")
_TAG = re.compile(r"<[a-z][^>]*>")
# Values that need no quotes; a "/" at their end would end the tag.
_QUOTED = re.compile(r"""(?<=\s)([\w-]+)="([^\s"'`=<>{}]*[^\s"'`=<>{}/])\"""")


def compact(template: str) -> str:
    """A page's template in fewer bytes: without blanks around line breaks and quotes that are not needed.

    What a template inserts stays as it is.
    """
    parts = _KEPT.split(template)  # text, what is kept, the name of its tag, text ...
    parts[0::3] = [_compacted(text) for text in parts[0::3]]
    del parts[2::3]
    return "".join(parts)


def _compacted(text: str) -> str:
    return _TAG.sub(lambda tag: _QUOTED.sub(r"\1=\2", tag[0]), _BLANKS.sub("\n", text))
