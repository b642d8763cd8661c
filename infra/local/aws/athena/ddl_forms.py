"""How the statements that change the catalogue or write files are spelled."""

import re
from collections.abc import Callable
from typing import Any

from infra.local.athena.errors import NotSupportedError
from infra.local.aws.athena.forms import (
    NAME,
    PATH,
    AddColumns,
    AddPartitions,
    CreateDatabase,
    CreateTable,
    CreateTableAs,
    DropDatabase,
    DropPartitions,
    DropTable,
    Insert,
    Repair,
    SetProperties,
    Unload,
    path_of,
)

_TEXT = r"'(?:[^']|'')*'"
_INSIDE = rf"(?:{_TEXT}|\"[^\"]*\"|[^'\"()]|\((?:{_TEXT}|\"[^\"]*\"|[^'\"()])*\))*"
"""What stands between brackets, with one more level of them in it."""
_EQUATION = re.compile(
    rf"(?P<key>{NAME}|{_TEXT})\s*=\s*(?P<value>{_TEXT}|ARRAY\s*\[[^\]]*\]|-?[\w.]+)", re.IGNORECASE
)
_LIST = re.compile(_TEXT)
_PARTITION = re.compile(
    rf"\s*,?\s*PARTITION\s*\((?P<spec>{_INSIDE})\)\s*(?:LOCATION\s+(?P<location>{_TEXT}))?",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    rf"\s*(?P<name>{NAME})\s+(?P<type>[A-Za-z]+(?:\s*<[^'\"]*>|\s*\([\d\s,]*\))?)"
    rf"(?:\s+COMMENT\s+{_TEXT})?\s*(?:,|\Z)",
    re.IGNORECASE,
)


def equations(text: str) -> dict[str, str | list[str]]:
    """Read `key = value` pairs; an ARRAY of texts is a list.

    Raises:
        NotSupportedError: something else stands between them.
    """
    if re.sub(r"[\s,]", "", _EQUATION.sub("", text)):
        raise NotSupportedError(
            f"properties ({' '.join(text.split())})", "Write them as key = 'value', with commas."
        )
    found: dict[str, str | list[str]] = {}
    for match in _EQUATION.finditer(text):
        value = match["value"]
        listed = [_text(item) for item in _LIST.findall(value)]
        key = match["key"].strip("\"'`")
        found[key] = listed if value.upper().startswith("ARRAY") else _text(value)
    return found


def _text(literal: str) -> str:
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'")
    return literal


def _texts(text: str) -> dict[str, str]:
    return {key: value for key, value in equations(text).items() if isinstance(value, str)}


def _lower(name: str) -> str:
    return name.strip('"`').lower()


def _create_database(match: re.Match[str]) -> CreateDatabase:
    return CreateDatabase(
        _lower(match["name"]),
        match["exists"] is not None,
        _text(match["comment"]) if match["comment"] else None,
        _text(match["location"]) if match["location"] else None,
        _texts(match["properties"] or ""),
    )


def _drop_database(match: re.Match[str]) -> DropDatabase:
    cascade = (match["how"] or "").upper() == "CASCADE"
    return DropDatabase(_lower(match["name"]), match["exists"] is not None, cascade)


def _create_table(match: re.Match[str]) -> CreateTable:
    return CreateTable(path_of(match), match["exists"] is not None, match[0])


def _create_table_as(match: re.Match[str]) -> CreateTableAs:
    body, with_data = match["body"], True
    if found := re.search(r"\s+WITH\s+(NO\s+)?DATA\s*\Z", body, re.IGNORECASE):
        body, with_data = body[: found.start()], found[1] is None
    properties = equations(match["properties"] or "")
    lowered = {key.lower(): value for key, value in properties.items()}
    return CreateTableAs(path_of(match), match["exists"] is not None, body, with_data, lowered)


def _drop_table(match: re.Match[str]) -> DropTable:
    return DropTable(path_of(match), match["exists"] is not None)


def _partitions(text: str) -> list[tuple[dict[str, str], str | None]]:
    found, position = [], 0
    while position < len(text):
        match = _PARTITION.match(text, position)
        if match is None:
            raise NotSupportedError(
                f"{text[position:].strip()} after ALTER TABLE",
                "Write PARTITION (column = 'value', ...) [LOCATION 's3://...'].",
            )
        spec = {key.lower(): value for key, value in _texts(match["spec"]).items()}
        found.append((spec, _text(match["location"]) if match["location"] else None))
        position = match.end()
    return found


def _add_partitions(match: re.Match[str]) -> AddPartitions:
    partitions = tuple(_partitions(match["rest"].strip()))
    return AddPartitions(path_of(match), match["exists"] is not None, partitions)


def _drop_partitions(match: re.Match[str]) -> DropPartitions:
    specs = tuple(spec for spec, _ in _partitions(match["rest"].strip()))
    return DropPartitions(path_of(match), match["exists"] is not None, specs)


def _set_properties(match: re.Match[str]) -> SetProperties:
    return SetProperties(path_of(match), _texts(match["properties"]))


def _add_columns(match: re.Match[str]) -> AddColumns:
    text = match["columns"]
    columns = [(_lower(m["name"]), m["type"].lower()) for m in _COLUMN.finditer(text)]
    if _COLUMN.sub("", text).strip() or not columns:
        raise NotSupportedError(f"columns ({text})", "Write name type, with commas.")
    return AddColumns(path_of(match), tuple(columns))


def _insert(match: re.Match[str]) -> Insert:
    columns = tuple(_lower(name) for name in re.findall(NAME, match["columns"] or ""))
    return Insert(path_of(match), columns, match["body"])


def _unload(match: re.Match[str]) -> Unload:
    properties = {key.lower(): v for key, v in equations(match["properties"] or "").items()}
    return Unload(match["body"], _text(match["location"]), properties)


_EXISTS = r"(?P<exists>IF\s+EXISTS\s+)?"
_NOT_EXISTS = r"(?P<exists>IF\s+NOT\s+EXISTS\s+)?"
_QUERY = r"(?P<body>\(*\s*(?:SELECT|WITH|VALUES)\b.+)"

DDL_FORMS: tuple[tuple[str, Callable[[re.Match[str]], Any]], ...] = (
    (
        rf"CREATE\s+(?:DATABASE|SCHEMA)\s+{_NOT_EXISTS}(?P<name>{NAME})"
        rf"(?:\s+COMMENT\s+(?P<comment>{_TEXT}))?(?:\s+LOCATION\s+(?P<location>{_TEXT}))?"
        rf"(?:\s+WITH\s+DBPROPERTIES\s*\((?P<properties>{_INSIDE})\))?",
        _create_database,
    ),
    (
        rf"DROP\s+(?:DATABASE|SCHEMA)\s+{_EXISTS}(?P<name>{NAME})(?:\s+(?P<how>CASCADE|RESTRICT))?",
        _drop_database,
    ),
    (
        rf"CREATE\s+TABLE\s+{_NOT_EXISTS}{PATH}\s*(?:WITH\s*\((?P<properties>{_INSIDE})\)\s*)?"
        rf"AS\s*{_QUERY}",
        _create_table_as,
    ),
    (rf"CREATE\s+(?:EXTERNAL\s+)?TABLE\s+{_NOT_EXISTS}{PATH}\s*\(.+", _create_table),
    (rf"DROP\s+TABLE\s+{_EXISTS}{PATH}", _drop_table),
    (rf"ALTER\s+TABLE\s+{PATH}\s+ADD\s+{_NOT_EXISTS}(?P<rest>PARTITION\b.+)", _add_partitions),
    (rf"ALTER\s+TABLE\s+{PATH}\s+DROP\s+{_EXISTS}(?P<rest>PARTITION\b.+)", _drop_partitions),
    (
        rf"ALTER\s+TABLE\s+{PATH}\s+SET\s+TBLPROPERTIES\s*\((?P<properties>{_INSIDE})\)",
        _set_properties,
    ),
    (rf"ALTER\s+TABLE\s+{PATH}\s+ADD\s+COLUMNS\s*\((?P<columns>.+)\)", _add_columns),
    (rf"MSCK\s+REPAIR\s+TABLE\s+{PATH}", lambda match: Repair(path_of(match))),
    (
        rf"INSERT\s+INTO\s+{PATH}\s*(?:\((?P<columns>\s*{NAME}(?:\s*,\s*{NAME})*\s*)\)\s*)?{_QUERY}",
        _insert,
    ),
    (
        rf"UNLOAD\s*\((?P<body>.+)\)\s*TO\s+(?P<location>{_TEXT})"
        rf"(?:\s*WITH\s*\((?P<properties>{_INSIDE})\))?",
        _unload,
    ),
)
