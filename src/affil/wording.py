"""What affil says: messages in English that a command can show in another language.

A message is a template with its values, `said("{0} of {1}", 2, 3)`, and is its English text: to libraries, logs, JSON and tables it is a
`str` as any other. What shows it to a person can look the template up in a catalogue instead (`affil.cli.language`). In templates, {0}
and {name} are places, and {0:paper|papers} is the word for one or for any other number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from string import Formatter
from typing import Any


class _Counted(Formatter):
    """Formats as `str.format` does; {0:paper|papers} is the first word where value 0 is written "1", else the second."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, choice, more = format_spec.partition("|")
        return (one if str(value) == "1" else more) if choice else str(super().format_field(value, format_spec))


_COUNTED = _Counted()


def filled(template: str, *values: object, **named: object) -> str:
    """A template with its places filled."""
    return _COUNTED.format(template, *values, **named)


class Name(str):
    """A name in English that may have a Chinese one, which a message in Chinese then shows."""

    __slots__ = ("chinese",)
    chinese: str

    def __new__(cls, name: str, chinese: str | None = "") -> Name:
        """A name, and its Chinese one, if it has any."""
        made = super().__new__(cls, name)
        made.chinese = chinese or ""
        return made

    def __reduce__(self) -> tuple[type[Name], tuple[str, str]]:
        return Name, (str(self), self.chinese)


class Said(str):
    """A message in English that still knows its template and its values, among which may be messages and errors that hold one."""

    __slots__ = ("named", "template", "values")
    template: str
    values: tuple[object, ...]
    named: dict[str, object]

    def __new__(cls, template: str, values: tuple[object, ...] = (), named: dict[str, object] | None = None) -> Said:
        """Fill the template."""
        made = super().__new__(cls, filled(template, *values, **(named or {})))
        made.template, made.values, made.named = template, values, named or {}
        return made

    def __add__(self, behind: str) -> Said:
        return Said("{0}{1}", (self, behind))

    def __radd__(self, before: str) -> Said:
        return Said("{0}{1}", (before, self))

    def __reduce__(self) -> tuple[type[Said], tuple[object, ...]]:
        def plain(value: object) -> object:
            return message_of(value) if isinstance(value, Exception) else value  # which may not be written down

        return Said, (self.template, tuple(map(plain, self.values)), {k: plain(v) for k, v in self.named.items()})

    def told(self, translated: Callable[[str], str], called: Callable[[Name], str] = str) -> str:
        """The message with its template, and those of the messages in it, as a function gives them, and the names as another does."""

        def other(value: object) -> object:
            message = message_of(value) if isinstance(value, Exception) else value
            if isinstance(message, Said):
                return message.told(translated, called)
            return called(value) if isinstance(value, Name) else value

        return filled(translated(self.template), *map(other, self.values), **{k: other(v) for k, v in self.named.items()})


def said(template: str, /, *values: object, **named: object) -> Said:
    """A message; `tools/catalogues.py` finds its template in the code, so it stands here as it is.

    Args:
        template: the English text, with places.
        values: of the places {0}, {1} ...
        named: of the places {name}.
    """
    return Said(template, values, named)


def marked(template: str) -> str:
    """The template itself, which is filled elsewhere; here `tools/catalogues.py` finds it."""
    return template


def counted(number: int, one: str, several: str = "") -> Said:
    """A number with its noun: "1 paper", "2,000 papers".

    Args:
        number: how many.
        one: the noun in the singular.
        several: in the plural; by default the singular with an s.
    """
    return Said(f"{{0:,}} {{0:{one}|{several or one + 's'}}}", (number,))


def joined(between: str, parts: Iterable[str]) -> Said:
    """Texts behind one another, as `str.join` does it, in which messages stay messages; what stands between is one, too."""
    all_parts = [piece for part in parts for piece in (Said(between), part)][1:]
    return Said("".join(f"{{{n}}}" for n in range(len(all_parts))), tuple(all_parts))


def message_of(error: Exception) -> str:
    """What an error says; what was said as a message stays one."""
    return error.args[0] if error.args and isinstance(error.args[0], Said) else str(error)
