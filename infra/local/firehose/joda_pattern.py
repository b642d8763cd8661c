"""The Joda patterns that HiveJsonSerDe's `TimestampFormats` are written in (§3.3)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_FIELDS = {
    "yyyy": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d\d)",
    "M": r"(?P<month>\d\d?)",
    "dd": r"(?P<day>\d\d)",
    "d": r"(?P<day>\d\d?)",
    "HH": r"(?P<hour>\d\d)",
    "H": r"(?P<hour>\d\d?)",
    "mm": r"(?P<minute>\d\d)",
    "m": r"(?P<minute>\d\d?)",
    "ss": r"(?P<second>\d\d)",
    "s": r"(?P<second>\d\d?)",
    "Z": r"(?P<sign>[+-])(?P<hours>\d\d)(?P<minutes>\d\d)",
    "ZZ": r"(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d)",
}
_TOKEN = re.compile(
    r"(?P<quote>'')|'(?P<text>(?:[^']|'')+)'|(?P<letters>([A-Za-z])\4*)|(?P<other>.)"
)
_DEFAULTS = {"year": "1970", "month": "1", "day": "1", "hour": "0", "minute": "0", "second": "0"}


@dataclass(frozen=True, slots=True)
class JodaPattern:
    """A parsed pattern; texts are read as strictly as it is written."""

    expression: re.Pattern[str]

    @classmethod
    def parse(cls, pattern: str) -> "JodaPattern":
        """Parse a pattern.

        Raises:
            ValueError: it has letters beyond the supported ones, or a field twice.
        """
        try:
            pieces = [_piece(token) for token in _TOKEN.finditer(pattern)]
            return cls(re.compile("".join(pieces), re.ASCII))
        except re.error as error:
            raise ValueError(f"timestamp format {pattern!r}: {error}") from None

    def read(self, text: str) -> datetime | None:
        """Return the moment as naive UTC, None when the text has another form.

        Raises:
            ValueError: there is no such moment.
        """
        match = self.expression.fullmatch(text)
        if match is None:
            return None
        found = {name: value for name, value in match.groupdict().items() if value is not None}
        numbers = {name: int(found.get(name, default)) for name, default in _DEFAULTS.items()}
        micros = int(found.get("fraction", "").ljust(6, "0")[:6])
        moment = datetime(**numbers, microsecond=micros)  # type: ignore[arg-type]
        if "sign" in found:
            offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
            moment += -offset if found["sign"] == "+" else offset
        return moment


def _piece(token: re.Match[str]) -> str:
    if token["quote"]:
        return "'"
    if token["text"]:
        return re.escape(token["text"].replace("''", "'"))
    letters = token["letters"]
    if not letters:
        if token["other"] == "'":
            raise ValueError("a timestamp format has an open quote")
        return re.escape(token["other"])
    if set(letters) == {"S"}:
        return rf"(?P<fraction>\d{{{len(letters)}}})"
    if letters not in _FIELDS:
        raise ValueError(f"timestamp format letters {letters!r}")
    return _FIELDS[letters]
