"""The query library: one `.sql` file a question, its description in TOML before the SELECT.

Each parameter stands for one `?`, in the order of the text, and is bound by Athena, never pasted.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from infra.errors import ParameterError

_HEADER = re.compile(r"/\*\n(?P<toml>.*?)\*/\n(?P<sql>.*)", re.DOTALL)
_TEXTS = re.compile(r"'(?:[^']|'')*'")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,26}(\.[0-9]{1,12})?")
_SPANS = (("first_day", "last_day"), ("first_month", "last_month"))
_WITHIN = ("split_day", "new_since")
"""Days that must lie between the first and the last."""
_WANTED = {
    "date": "a day, YYYY-MM-DD",
    "month": "a month, YYYY-MM",
    "integer": "a whole number",
    "decimal": "a number in plain digits",
    "text": "text",
}
"""What a value of each type is, for people."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `?` of a query: its name, its type, and what it means."""

    name: str
    type: str
    """`date`, `month`, `integer`, `decimal` or `text`."""
    meaning: str
    example: str
    default: str | None = None
    choices: tuple[str, ...] = ()

    def literal(self, value: str) -> str:
        """Return a value as the SQL literal that Athena takes as an execution parameter.

        Raises:
            ParameterError: it is not of the parameter's type, or none of its choices.
        """
        if not _FITS[self.type](value):
            raise ParameterError(
                f"{self.name}={value!r} is not {_WANTED[self.type]}; "
                f"for example: --param {self.name}={self.example}"
            )
        if self.choices and value not in self.choices:
            raise ParameterError(
                f"{self.name}={value!r} is not one of its choices; "
                f"choose one of: {', '.join(self.choices)}"
            )
        if self.type in ("integer", "decimal"):
            return value
        return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class LibraryQuery:
    """A question and the SELECT that answers it."""

    name: str
    question: str
    numbers: tuple[int, ...]
    """Which of the thirty questions that practitioners ask it answers."""
    measure: str
    period: str
    """`charge`: when the cost arose; `billing`: where it is billed."""
    note: str
    reads: tuple[str, ...]
    """Tables and views."""
    parameters: tuple[Parameter, ...]
    columns: tuple[tuple[str, str], ...]
    """Names and Athena's types."""
    sql: str

    def literals(self, given: Mapping[str, str]) -> list[str]:
        """Return the execution parameters, in the order of the `?`.

        Raises:
            ParameterError: one is missing, unknown or not of its type, or no day lies between them.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                has = ", ".join(known)
                raise ParameterError(f"{self.name} has no parameter {name}; it has: {has}")
        missing = [p.name for p in self.parameters if p.default is None and p.name not in given]
        if missing:
            raise ParameterError(
                f"{self.name} needs {', '.join(missing)}; for example: {self.example()}"
            )
        values = {p.name: given.get(p.name, p.default or "") for p in self.parameters}
        found = [p.literal(values[p.name]) for p in self.parameters]
        _check_span(values)
        return found

    def examples(self) -> dict[str, str]:
        """Return an example of each parameter's value."""
        return {p.name: p.example for p in self.parameters}

    def example(self) -> str:
        """Return a command line that asks it."""
        required = [p for p in self.parameters if p.default is None]
        return " ".join(
            ["finops query", self.name, *(f"--param {p.name}={p.example}" for p in required)]
        )


@cache
def library() -> Mapping[str, LibraryQuery]:
    """Return every query by name."""
    folder = resources.files("infra").joinpath("athena", "queries", "library")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    texts = {f.name.removesuffix(".sql"): f.read_text("utf-8") for f in files}
    return {name: parse_query(name, text) for name, text in texts.items()}


def parse_query(name: str, text: str) -> LibraryQuery:
    """Read one file of the library.

    Raises:
        ValueError: it has no description, or one that is not as it should be.
    """
    parts = _HEADER.fullmatch(text)
    if parts is None:
        raise ValueError(f"{name}.sql: begin it with a description in TOML between /* and */")
    head = tomllib.loads(parts["toml"])
    sql = parts["sql"].strip()
    parameters = tuple(_parameter(key, value) for key, value in head["parameters"].items())
    if _TEXTS.sub("", sql).count("?") != len(parameters):
        raise ValueError(f"{name}.sql: one ? for each of its {len(parameters)} parameters")
    return LibraryQuery(
        name=name,
        question=head["question"],
        numbers=tuple(head["number"]),
        measure=head["measure"],
        period=head["period"],
        note=head.get("note", ""),
        reads=tuple(head["reads"]),
        parameters=parameters,
        columns=tuple(head["columns"].items()),
        sql=sql,
    )


def _parameter(name: str, given: Mapping[str, Any]) -> Parameter:
    if given["type"] not in _FITS:
        raise ValueError(f"parameter {name}: its type is one of {', '.join(_FITS)}")
    return Parameter(name=name, **{**given, "choices": tuple(given.get("choices", ()))})


def _check_span(values: Mapping[str, str]) -> None:
    """Refuse days and months that nothing can lie between: the answer would look like no cost."""
    for first, last in _SPANS:
        if first in values and last in values and values[first] > values[last]:
            raise ParameterError(
                f"{first}={values[first]} is after {last}={values[last]}; give the earlier one as "
                f"{first}: --param {first}={values[last]} --param {last}={values[first]}"
            )
    for name in _WITHIN:
        if name in values and not values["first_day"] <= values[name] <= values["last_day"]:
            raise ParameterError(
                f"{name}={values[name]} is not within first_day={values['first_day']} and "
                f"last_day={values['last_day']}; choose one of these days, or a longer span"
            )


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_FITS: Mapping[str, Callable[[str], bool]] = {
    "date": _is_date,
    "month": lambda value: _MONTH.fullmatch(value) is not None,
    "integer": lambda value: _INTEGER.fullmatch(value) is not None,
    "decimal": lambda value: _DECIMAL.fullmatch(value) is not None,
    "text": lambda value: True,
}
