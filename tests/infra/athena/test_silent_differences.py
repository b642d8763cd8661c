"""Where DuckDB answers otherwise than Athena in silence: each is Athena's answer, or refused.

The names are those of the constructs as sqlglot alone would run them; what each case would give
without a rewrite stands beside it.
"""

from datetime import date, datetime
from decimal import Decimal

import pytest

from infra.local.athena import AthenaError, LocalAthena

D = Decimal
TWO_DAYS = [date(2026, 1, 31), date(2026, 2, 1)]
# (name, expression over items, id of the row it is read from, value, Athena type)
ANSWERED: tuple[tuple[str, str, int, object, str], ...] = (
    ("integer division gave 3.5", "7/2", 1, 3, "integer"),
    ("division of an integer column gave a double", "id/2", 3, 1, "bigint"),
    ("decimal division gave a double", "cost / 3", 3, D("3.333333333333"), "decimal(38,12)"),
    ("date_diff counted boundaries: 1",
     "date_diff('day', timestamp '2026-01-31 23:00:00', timestamp '2026-02-01 01:00:00')",
     1, 0, "bigint"),
    ("date_diff at a month's end", "date_diff('month', date '2026-01-31', date '2026-02-28')",
     1, 1, "bigint"),
    ("date_add of a date gave a timestamp", "date_add('day', 1, date '2026-01-31')",
     1, date(2026, 2, 1), "date"),
    ("date_trunc of a date gave a timestamp", "date_trunc('month', date '2026-01-31')",
     1, date(2026, 1, 1), "date"),
    ("a date plus an interval gave a timestamp", "date '2026-01-31' + interval '1' day",
     1, date(2026, 2, 1), "date"),
    ("a date minus an interval gave a timestamp", "date '2026-02-01' - interval '1' day",
     1, date(2026, 1, 31), "date"),
    ("a sequence of dates gave timestamps",
     "sequence(date '2026-01-31', date '2026-02-01', interval '1' day)", 1, TWO_DAYS,
     "array(date)"),
    ("json as varchar kept its quotes", "cast(json_extract('{\"a\": \"7\"}', '$.a') as varchar)",
     1, "7", "varchar"),
    ("sum of integers gave hugeint", "(select sum(x) from (values 1, 2) as t(x))", 1, 3, "bigint"),
    ("at time zone read the timestamp as local",
     "cast(at at time zone 'Asia/Tokyo' as timestamp)",
     2, datetime(2026, 2, 1, 10), "timestamp(3)"),
    ("a timestamp as varchar lost .000", "cast(at as varchar)", 2, "2026-02-01 01:00:00.000",
     "varchar"),
    ("substr from a computed 0 gave the whole text", "substr('abc', id - 1)", 1, "", "varchar"),
    ("substr from before the text gave the whole text", "substr('abc', -5)", 1, "", "varchar"),
    ("substr from its end", "substr('abc', -2)", 1, "bc", "varchar"),
    ("substr from 0 gave the whole text", "substr('abc', 0)", 1, "", "varchar"),
    ("cardinality of a map failed", "cardinality(tags)", 1, 2, "bigint"),
    ("map_filter failed", "map_filter(tags, (k, v) -> k = 'team')", 1, {"team": "x"},
     "map(varchar, varchar)"),
    ("to_iso8601 failed", "to_iso8601(at)", 2, "2026-02-01T01:00:00.000", "varchar"),
    ("format_datetime failed", "format_datetime(at, 'yyyy-MM-dd HH:mm')", 2, "2026-02-01 01:00",
     "varchar"),
)  # fmt: skip

# (name, query over items, its rows and the names of its columns)
QUERIES: tuple[tuple[str, str, list[tuple[object, ...]], list[str]], ...] = (
    ("avg of decimals gave a double", "select avg(cost) as a from items where id > 1",
     [(D("5.000000000000"),)], ["a"]),
    ("sum of bigint gave hugeint", "select sum(id) as s from items", [(6,)], ["s"]),
    ("an unaliased expression was called count_star()", "select count(*), max(id) from items",
     [(3, 3)], ["_col0", "_col1"]),
    ("element_at was called after its key", "select element_at(tags, 'team') from items limit 1",
     [("x",)], ["_col0"]),
    ("cross join unnest of a map failed",
     "select k, v from items cross join unnest(tags) as t(k, v) order by k",
     [("Env", "prod"), ("team", "x")], ["k", "v"]),
    ("left join unnest of a map failed",
     "select id, k from items left join unnest(tags) as t(k, v) on true where id > 1 order by id",
     [(2, None), (3, None)], ["id", "k"]),
    ("map_agg failed", "select map_agg(id, qty) as m from items where id > 2", [({3: D(0)},)],
     ["m"]),
)  # fmt: skip

# (name, query, beginning of the error)
REFUSED: tuple[tuple[str, str, str], ...] = (
    ("a missing key of a map gave NULL", "select tags['nokey'] from items where id = 1",
     "INVALID_FUNCTION_ARGUMENT: Key not present in map"),
    ("format was returned as it is", "select format('%s', 1)", "NOT_SUPPORTED: format()"),
    ("typeof has other names", "select typeof(1)", "NOT_SUPPORTED: typeof()"),
    ("text met a date", "select id from items where day = date '2026-01-31'", "TYPE_MISMATCH: "),
    ("a literal text was made a timestamp", "select id from items where at >= '2026-01-01'",
     "TYPE_MISMATCH: "),
    ("date_format with %D", "select date_format(at, '%D') from items",
     "NOT_SUPPORTED: date_format with %D"),
    ("parse_datetime failed", "select parse_datetime('2026', 'yyyy')", "NOT_SUPPORTED: "),
    ("merge ran as on a plain table",
     "merge into items using state on true when matched then delete", "NOT_SUPPORTED: "),
    ("a sum beyond bigint gave hugeint",
     "select sum(x) from (values 9223372036854775807, 1) as t(x)", "NUMERIC_VALUE_OUT_OF_RANGE: "),
)  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "row", "value", "type_"),
    [pytest.param(*case, id=name) for name, *case in ANSWERED],
)
def test_the_answer_is_athena_s(
    athena: LocalAthena, expression: str, row: int, value: object, type_: str
) -> None:
    """The value and the type are Athena's."""
    result = athena.query(f"SELECT {expression} AS answer FROM items WHERE id = {row}")
    assert (result.rows, result.columns) == ([(value,)], (("answer", type_),))


@pytest.mark.parametrize(
    ("sql", "rows", "names"), [pytest.param(*case, id=name) for name, *case in QUERIES]
)
def test_the_query_s_answer_is_athena_s(
    athena: LocalAthena, sql: str, rows: list[tuple[object, ...]], names: list[str]
) -> None:
    """Rows and column names are Athena's."""
    result = athena.query(sql)
    assert (result.rows, [name for name, _ in result.columns]) == (rows, names)


@pytest.mark.parametrize(
    ("sql", "error"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_what_would_differ_is_refused(athena: LocalAthena, sql: str, error: str) -> None:
    """Nothing is answered approximately in silence."""
    with pytest.raises(AthenaError) as caught:
        athena.query(sql)
    assert str(caught.value).startswith(error)
