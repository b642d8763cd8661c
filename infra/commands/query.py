"""`finops query`: the query library and Athena's SQL over the local lake."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import click
import orjson

from infra.athena.library import LibraryQuery, library
from infra.commands.options import counted, json_option, lake_options, print_json, print_table
from infra.commands.query_output import (
    print_answer_csv,
    print_answer_json,
    print_answer_table,
    scan_facts,
    scan_line,
    write_answer_parquet,
)
from infra.errors import UsageError
from infra.wiring import open_platform
from transforms.athena_query import Answer

LIST = "list"
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_FIRST_WORD = re.compile(r"[\s(]*([a-zA-Z]+)")
_WRITES = frozenset(
    {"alter", "create", "deallocate", "delete", "drop", "execute", "insert", "merge", "msck"}
    | {"optimize", "prepare", "truncate", "unload", "update", "vacuum"}
)
"""Statements of Athena's that change something; of any other word Athena says what is wrong."""


@click.command("query")
@click.argument("name", required=False)
@click.option("--sql", help="One SELECT, in Athena's SQL.")
@click.option(
    "--param", "given", metavar="KEY=VALUE", multiple=True, help="A parameter's value; repeatable."
)
@click.option("--show", is_flag=True, help="Print the query's SQL instead of its answer.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--parquet",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a Parquet file.",
)
@json_option
@lake_options
def query_command(
    name: str | None,
    sql: str | None,
    given: tuple[str, ...],
    show: bool,
    as_csv: bool,
    parquet: Path | None,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Ask the lake: a query of the library by its NAME, or SQL as Athena speaks it.

    `finops query list` shows the library, `finops query NAME --show` the SQL of one of its queries
    and its parameters; values of parameters are bound by Athena.

    Views: charges (the truth now), charges_all (everything ever believed), deliveries,
    findings, focus (FOCUS 1.2's names), daily_costs and monthly_costs (small sums). --json
    prints a list of objects; amounts are strings, so that no digit is lost. Maps and arrays
    come as Athena prints them; select json_format(cast(tags as json)) for JSON. What was
    scanned, and what Athena bills for it, goes to standard error; with --json as one line of
    JSON.

    \b
    Example:
      finops query list
      finops query service_change --param split_day=2024-09-16 \\
                   --param first_day=2024-09-01 --param last_day=2024-09-30
      finops query --sql "select service_name, sum(billed_cost) as billed
                          from charges group by 1 order by 2 desc"
    """
    if sum((as_csv, as_json, parquet is not None)) > 1:
        raise UsageError("--csv, --json and --parquet are three answers; choose one")
    if (name is None) == (sql is None):
        raise UsageError(
            "name a query of the library, or give --sql; finops query list shows the library"
        )
    if name == LIST:
        if given or show or as_csv or parquet is not None:
            raise UsageError(
                "finops query list shows the library and takes --json alone; "
                "for one query's SQL: finops query NAME --show"
            )
        _print_library(as_json)
        return
    query = None if name is None else _find(name)
    if show:
        if given or as_csv or parquet is not None:
            raise UsageError(
                "--show prints a query's SQL and takes --json alone; for its answer leave it out"
            )
        _show(query, as_json)
        return
    if sql is not None and not sql.strip():
        raise UsageError("--sql is empty; write one SELECT, such as: select * from charges limit 5")
    literals: list[str] = []
    if query is None:
        if given:
            raise UsageError("--param is for queries of the library; write the value into --sql")
        asked = _only_reads(sql or "")
    else:
        asked, literals = query.sql, query.literals(_values(given))
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        answer = platform.query.answer(asked, literals)
        _give(answer, _names(query, answer), as_csv, as_json, parquet)


def _only_reads(sql: str) -> str:
    """Return a statement that changes nothing.

    Raises:
        UsageError: it may change something; Athena would do it.
    """
    word = _FIRST_WORD.match(_COMMENT.sub(" ", sql))
    if word and word[1].lower() in _WRITES:
        raise UsageError(
            f"finops query only reads, and {word[1]} does not; for other statements run: "
            "finops local up, and use the aws command or boto3"
        )
    return sql


def _give(
    answer: Answer, names: Sequence[str], as_csv: bool, as_json: bool, parquet: Path | None
) -> None:
    if as_json:
        print_answer_json(names, answer)
        click.echo(orjson.dumps(scan_facts(answer)).decode(), err=True)
        return
    if as_csv:
        print_answer_csv(names, answer)
    elif parquet is not None:
        rows = write_answer_parquet(names, answer, parquet)
        click.echo(f"  {counted(rows, 'row')} in {parquet}")
    else:
        print_answer_table(names, answer)
    click.echo(scan_line(answer.bytes_scanned), err=True)


def _names(query: LibraryQuery | None, answer: Answer) -> list[str]:
    """Return the columns' names; Athena puts those of a query into lower case."""
    found = [name for name, _ in answer.columns]
    declared = [name for name, _ in query.columns] if query else []
    same = [name.lower() for name in declared] == [name.lower() for name in found]
    return declared if same else found


def _find(name: str) -> LibraryQuery:
    plain = name.lower().replace("-", "_")
    if plain not in library():
        close = get_close_matches(plain, library(), n=1)
        meant = f"did you mean {close[0]}? " if close else ""
        raise UsageError(f"no query {name!r}; {meant}finops query list shows the library")
    return library()[plain]


def _values(given: Sequence[str]) -> dict[str, str]:
    values = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise UsageError(f"--param {text!r} is not KEY=VALUE, such as first_day=2024-09-01")
        if key in values:
            raise UsageError(f"--param {key} is given twice; give it once")
        values[key] = value
    return values


def _print_library(as_json: bool) -> None:
    if as_json:
        print_json([_described(query) for query in library().values()])
        return
    rows = [[query.name, query.question, ", ".join(_marked(query))] for query in library().values()]
    print_table(("query", "question", "parameters"), rows)
    click.echo("  [ ]: has a default. finops query NAME --show prints the SQL.")


def _marked(query: LibraryQuery) -> list[str]:
    return [p.name if p.default is None else f"[{p.name}]" for p in query.parameters]


def _described(query: LibraryQuery) -> dict[str, object]:
    return {
        "name": query.name,
        "question": query.question,
        "note": query.note,
        "measure": query.measure,
        "period": query.period,
        "reads": query.reads,
        "parameters": [
            {
                "name": p.name,
                "type": p.type,
                "meaning": p.meaning,
                "default": p.default,
                "example": p.example,
                "choices": p.choices,
            }
            for p in query.parameters
        ],
        "columns": [{"name": column, "type": kind} for column, kind in query.columns],
    }


def _show(query: LibraryQuery | None, as_json: bool) -> None:
    if query is None:
        raise UsageError("--show prints a query of the library; name one")
    if as_json:
        print_json({**_described(query), "sql": query.sql})
        return
    click.echo(f"-- {query.question}")
    for number, parameter in enumerate(query.parameters, start=1):
        default = "" if parameter.default is None else f" Default: {parameter.default}."
        click.echo(
            f"-- {number}. {parameter.name} ({parameter.type}): {parameter.meaning}{default}"
        )
    click.echo(query.sql)
