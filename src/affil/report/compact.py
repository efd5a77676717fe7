"""Templates without what a browser does not need, so that they can be written to be read."""

from __future__ import annotations

import re

_KEPT = re.compile(r"(<(pre|script|style|svg|textarea)\b.*?</\2>)", re.DOTALL)  # in which blanks, quotes or end tags may matter
_BLANKS = re.compile(r"\s*\n\s*")
_ENDS = re.compile(
    r"</(?:dd|dt|li|option|tbody|td|th|thead|tr)>"
)  # end tags that HTML leaves out before a sibling or a parent's end
_TAG = re.compile(r"<[a-z][^>]*>")
_QUOTED = re.compile(
    r"""(?<=\s)([\w-]+)="([^\s"'`=<>{}]*[^\s"'`=<>{}/])\""""
)  # no quotes needed; after them a "/" would end the tag


def compact(template: str) -> str:
    """A page's template in fewer bytes: without blanks around line breaks, optional end tags, and quotes that are not needed.

    What a template inserts stays as it is.
    """
    parts = _KEPT.split(template)  # text, what is kept, the name of its tag, text ...
    parts[0::3] = [_compacted(text) for text in parts[0::3]]
    del parts[2::3]
    return "".join(parts)


def _compacted(text: str) -> str:
    text = _ENDS.sub("", _BLANKS.sub("\n", text))
    return _TAG.sub(lambda tag: _QUOTED.sub(r"\1=\2", tag[0]), text)
