"""The Java DateTimeFormatter patterns that prefixes use: yyyy MM dd HH mm ss and quotes."""

import re
from dataclasses import dataclass
from datetime import datetime

_FORMS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_TOKEN = re.compile(
    r"(?P<quote>'')|'(?P<text>(?:[^']|'')+)'|(?P<letters>([A-Za-z])\4*)|(?P<other>.)"
)
_RESERVED = frozenset("'{}#[]")
_JAVAS = frozenset("GuyDMLdQqYwWEecFaBhKkHmsSAnNVvzOXxZp")
"""What Java's DateTimeFormatter has letters for."""


class UnknownFieldError(ValueError):
    """A field that Java has and this does not write."""


@dataclass(frozen=True, slots=True)
class TimePattern:
    """A parsed pattern: literals and the fields of a moment, in order."""

    parts: tuple[tuple[str, bool], ...]
    """Text and whether it is a `strftime` field."""

    @classmethod
    def parse(cls, pattern: str) -> "TimePattern":
        """Parse a pattern.

        Raises:
            ValueError: it has letters that Java has not, marks or an open quote;
                `UnknownFieldError` for letters that only Java has.
        """
        if not pattern:
            raise ValueError("empty pattern")
        return cls(tuple(_part(token) for token in _TOKEN.finditer(pattern)))

    def format(self, moment: datetime) -> str:
        """Write the moment in its own time zone."""
        return "".join(_field(text, moment) if field else text for text, field in self.parts)


def _part(token: re.Match[str]) -> tuple[str, bool]:
    if token["quote"]:
        return "'", False
    if token["text"]:
        return token["text"].replace("''", "'"), False
    if token["letters"]:
        if token["letters"] not in _FORMS:
            known = token["letters"][0] in _JAVAS
            raise (UnknownFieldError if known else ValueError)(f"letters {token['letters']!r}")
        return _FORMS[token["letters"]], True
    if token["other"] in _RESERVED:
        raise ValueError(f"mark {token['other']!r}")
    return token["other"], False


def _field(form: str, moment: datetime) -> str:
    # strftime("%Y") does not pad years before 1000 on every platform.
    return f"{moment.year:04d}" if form == "%Y" else moment.strftime(form)
