"""Glue (Hive) column types as values: parsed once, then Arrow and OpenX read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SCALARS = frozenset(
    [
        "string",
        "bigint",
        "int",
        "smallint",
        "tinyint",
        "boolean",
        "double",
        "float",
        "timestamp",
        "date",
    ]
)
_TOKEN = re.compile(r"[A-Za-z0-9_]+|[<>(),:]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One of `SCALARS`."""

    name: str


@dataclass(frozen=True, slots=True)
class DecimalOf:
    """`decimal(precision,scale)`."""

    precision: int
    scale: int


@dataclass(frozen=True, slots=True)
class ListOf:
    """`array<item>`."""

    item: "HiveType"


@dataclass(frozen=True, slots=True)
class MapOf:
    """`map<string,value>`: JSON has no other keys."""

    value: "HiveType"


@dataclass(frozen=True, slots=True)
class StructOf:
    """`struct<name:type,…>`."""

    fields: tuple[tuple[str, "HiveType"], ...]


HiveType = Scalar | DecimalOf | ListOf | MapOf | StructOf


def parse(text: str) -> HiveType:
    """Parse a Glue column type.

    Raises:
        ValueError: it is malformed or not one of the supported types.
    """
    tokens = iter([*_TOKEN.findall(text), ""])
    if "".join(_TOKEN.findall(text)) != text.replace(" ", ""):
        raise ValueError(f"column type {text!r}")
    try:
        parsed = _type(tokens, next(tokens))
        if next(tokens):
            raise ValueError("more follows")
    except (StopIteration, ValueError) as error:
        raise ValueError(f"column type {text!r}: {error or 'it ends too early'}") from None
    return parsed


def _type(tokens: Iterator[str], name: str) -> HiveType:
    kind = name.lower()
    if kind in SCALARS:
        return Scalar(kind)
    if kind == "decimal":
        return _decimal(tokens)
    if kind == "array":
        _expect(tokens, "<")
        item = _type(tokens, next(tokens))
        _expect(tokens, ">")
        return ListOf(item)
    if kind == "map":
        for token in ("<", "string", ","):
            _expect(tokens, token)
        value = _type(tokens, next(tokens))
        _expect(tokens, ">")
        return MapOf(value)
    if kind == "struct":
        return _struct(tokens)
    raise ValueError(f"unsupported type {name!r}")


def _decimal(tokens: Iterator[str]) -> DecimalOf:
    _expect(tokens, "(")
    precision = int(next(tokens))
    _expect(tokens, ",")
    scale = int(next(tokens))
    _expect(tokens, ")")
    if not (1 <= precision <= 38 and 0 <= scale <= precision):
        raise ValueError("decimal out of range")
    return DecimalOf(precision, scale)


def _struct(tokens: Iterator[str]) -> StructOf:
    _expect(tokens, "<")
    fields: list[tuple[str, HiveType]] = []
    while True:
        name = next(tokens)
        _expect(tokens, ":")
        fields.append((name, _type(tokens, next(tokens))))
        token = next(tokens)
        if token == ">":
            return StructOf(tuple(fields))
        if token != ",":
            raise ValueError(f"{token!r} after a struct field")


def _expect(tokens: Iterator[str], wanted: str) -> None:
    token = next(tokens)
    if token.lower() != wanted:
        raise ValueError(f"{token!r} instead of {wanted!r}")
