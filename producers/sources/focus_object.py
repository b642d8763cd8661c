"""FOCUS-shaped objects, one charge each: what a program puts, or a line of JSON says.

An object names its FOCUS columns like a file's header does, in any spelling. Which ones it has may
differ from object to object: each shape is a header of its own to the same mapper.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from producers.errors import SourceError
from producers.sources import ChargeRow, RejectedRow, Value
from producers.sources.focus import FocusMapper
from producers.sources.refusals import RefusedError, rejected

_SHAPES = 256
"""Mappers kept, one for each set of columns seen."""
MAX_LINE_BYTES = 4 * 1024 * 1024
"""A longer line is no event: a Firehose record holds a quarter of that."""
_KEPT_OF_LONG = 4_096


@dataclass(frozen=True, slots=True)
class _Row:
    """An object as a row under its own header."""

    line: int
    values: Sequence[Value]
    text: str


class FocusObjects:
    """Maps objects to charges; what cannot be one is rejected, with its text.

    Args:
        file: what people call the source.
        settings: values for columns that an object lacks or leaves empty, by FOCUS name.
    """

    def __init__(self, file: str, settings: Mapping[str, str] | None = None) -> None:
        self._file = file
        self._settings = dict(settings or {})
        self._mapper = lru_cache(maxsize=_SHAPES)(self._mapper_of)

    def map_object(self, ordinal: int, given: Mapping[str, Any]) -> ChargeRow | RejectedRow:
        """Map what a program gives: text, Decimal, int, datetime, a map of tags, None.

        A float is refused: it is not the amount that somebody wrote.
        """
        try:
            values = [_value(name, value) for name, value in given.items()]
        except RefusedError as refused:
            row = _with_text(_Row(1, (), ""), given)
            return self._rejected(ordinal, row, list(map(str, given)), refused)
        # Its text is made only for the few that are rejected.
        return self._map(ordinal, list(given), _Row(1, values, ""), given)

    def map_line(self, ordinal: int, number: int, line: bytes) -> ChargeRow | RejectedRow:
        """Map one line of JSON.

        Args:
            ordinal: the row's ordinal.
            number: the line's number, from 1.
            line: its bytes, without the line's end.
        """
        text = line.decode("utf-8", "surrogateescape")
        if len(line) > MAX_LINE_BYTES:
            why = RefusedError("line-too-long", f"{len(line):,} bytes; a line may have "
                               f"{MAX_LINE_BYTES:,}")  # fmt: skip
            return self._rejected(ordinal, _Row(number, (), text[:_KEPT_OF_LONG]), [], why)
        try:
            given = _parsed(text)
            values = [_value(name, value) for name, value in given.items()]
        except RefusedError as refused:
            return self._rejected(ordinal, _Row(number, (), text), [], refused)
        return self._map(ordinal, list(given), _Row(number, values, text), None)

    def _map(
        self, ordinal: int, columns: list[str], row: _Row, given: Mapping[str, Any] | None
    ) -> ChargeRow | RejectedRow:
        try:
            mapper = self._mapper(tuple(columns))
        except SourceError as error:
            why = RefusedError("missing-column", str(error))
            return self._rejected(ordinal, _with_text(row, given), columns, why)
        (mapped,) = mapper.map(ordinal, row)
        if isinstance(mapped, RejectedRow) and given is not None:
            (mapped,) = mapper.map(ordinal, _with_text(row, given))
        return mapped

    def _mapper_of(self, columns: tuple[str, ...]) -> FocusMapper:
        return FocusMapper(self._file, columns, self._settings)

    def _rejected(
        self, ordinal: int, row: _Row, columns: Sequence[str], why: RefusedError
    ) -> RejectedRow:
        return rejected(ordinal, row, self._file, columns, why, {})


def _with_text(row: _Row, given: Mapping[str, Any] | None) -> _Row:
    """Return a row with the text of its object."""
    if given is None:
        return row
    text = json.dumps(dict(given), default=str, ensure_ascii=False)
    return _Row(row.line, row.values, text)


def _parsed(text: str) -> dict[str, Any]:
    """Read a line; numbers stay the text they are written as.

    Raises:
        RefusedError: not one JSON object, or a name stands twice in it.
    """
    try:
        given = json.loads(
            text,
            parse_float=str,
            parse_int=str,
            parse_constant=str,
            object_pairs_hook=_once,
        )
    except RecursionError as error:
        raise RefusedError("bad-json", "nested too deeply") from error
    except ValueError as error:
        raise RefusedError("bad-json", str(error)) from error
    if not isinstance(given, dict):
        raise RefusedError("bad-json", "the line is not a JSON object")
    return given


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusedError("duplicate-name", f"{twice[:40]!r} stands twice in one object")
    return given


def _value(name: str, value: Any) -> Value:
    """Return a value as a cell."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        raise RefusedError(
            "float-amount", f"{name} is a float, {value!r}; give it as text or as a Decimal"
        )
    if isinstance(value, Mapping):
        return {str(key): _text(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return json.dumps(value, default=str, ensure_ascii=False)
    raise RefusedError("bad-value", f"{name} is a {type(value).__name__}; give it as text")


def _text(value: Any) -> str:
    """Return what stands in a map as text, as `values.tag_map` does: a bare tag is `true`."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return json.dumps(value, default=str)
