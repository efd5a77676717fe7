"""What readers of XML share: elements by local names, and their text."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator
from html.entities import html5
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml import etree

_SPACE = re.compile(r"[ \t\r\n]+")


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; "" for a comment, an instruction or an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def each(element: etree._Element | None, path: str) -> list[etree._Element]:
    """The elements at a path of local names ("Journal/Title"), in whatever namespace."""
    return [] if element is None else element.findall(_anywhere(path))


def first(element: etree._Element | None, *paths: str) -> str:
    """The text of the first element that has some, path by path (see `each`); "" where none has."""
    return next((text for path in paths for one in each(element, path) if (text := text_of(one))), "")


def text_of(element: etree._Element | None, without: Collection[str] = ()) -> str:
    """The text of an element and what is in it, with white space as a browser shows it.

    Entities by name are the characters that HTML gives that name, as the document type that declares them is never loaded (those
    of dblp.dtd, PubMed and JATS are the same); one of another name stays as it is written.

    Args:
        element: the element; None has no text.
        without: local names of elements to leave out.
    """
    if element is None:
        return ""
    return tidy("".join(_texts(element, without)) if len(element) else element.text or "")


def as_json(element: etree._Element) -> dict[str, Any] | str:
    """An element as services write it in JSON: elements in it by name, several of one name as a list, and text where there is any."""
    children = [child for child in element if local(child)]
    if not children or any(tidy(text or "") for text in (element.text, *(child.tail for child in element))):
        return text_of(element)
    found: dict[str, list[Any]] = {}
    for child in children:
        found.setdefault(local(child), []).append(as_json(child))
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def tidy(text: str) -> str:
    """Text with one space for line breaks, tabs and runs of spaces, and none around."""
    return _SPACE.sub(" ", text).strip(" ")


def entity(node: etree._Element) -> str | None:
    """The characters of an entity; None for what is none (an element, a comment)."""
    name = getattr(node, "name", None)
    return html5.get(f"{name};", node.text or "") if name else None


def _texts(element: etree._Element, without: Collection[str]) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = local(child)
        if not name:
            yield entity(child) or ""
        elif name not in without:
            yield from _texts(child, without)
        yield child.tail or ""


@functools.cache
def _anywhere(path: str) -> str:
    return "/".join(f"{{*}}{name}" for name in path.split("/"))
