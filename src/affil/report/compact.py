"""Pages without what a browser does not need, so that templates can be written to be read."""

from __future__ import annotations

import re

_KEPT = re.compile(r"(<(pre|script|style|svg|textarea)\b.*?</\2>)", re.DOTALL)  # what blanks, quotes or end tags may matter in
_BLANKS = re.compile(r"\s*\n\s*")
_ENDS = re.compile(r"</(?:dd|dt|li|option|tbody|td|th|thead|tr)>\n?")  # end tags that HTML leaves out before a sibling or their parent's end
_TAG = re.compile(r"<[a-z][^>]*>")
_QUOTED = re.compile(r'(?<=\s)([\w-]+)="([^\s"\'`=<>]*[^\s"\'`=<>/])"')  # values that need no quotes; a slash at the end would close the tag


def compact(page: str) -> str:
    """A page in fewer bytes: without blanks around line breaks, optional end tags, and quotes that are not needed."""
    parts = _KEPT.split(page)  # text, kept, name of its tag, text ...
    parts[0::3] = [_compacted(text) for text in parts[0::3]]
    parts[2::3] = [""] * len(parts[2::3])
    return "".join(parts)


def _compacted(text: str) -> str:
    text = _ENDS.sub("", _BLANKS.sub("\n", text))
    return _TAG.sub(lambda tag: _QUOTED.sub(r"\1=\2", tag[0]), text)
