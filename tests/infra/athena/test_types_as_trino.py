"""Digits, casts, JSON, zones and the types that must meet: what Trino 476 answered, or a refusal.

Each value is what Trino said to the same expression; a case of `REFUSED` is an error there, too,
or has an answer that DuckDB cannot give.
"""

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from infra.local.athena import AthenaError, LocalAthena
from infra.local.aws.athena.parameters import with_parameters

D = Decimal
ROWS = "(values ('a', 1), ('b', -5)) as t(k, x)"
# (expression over items, id of the row it is read from, Trino's value)
ANSWERED: tuple[tuple[str, int, object], ...] = (
    # the digits of JSON numbers
    ("cast(json_extract_scalar('{\"c\": 90071992547409.931234}', '$.c') as decimal(38,12))", 1,
     D("90071992547409.931234000000")),
    ("json_extract_scalar('{\"cost\":12345678.123456789012}', '$.cost')", 1,
     "12345678.123456789012"),
    ("json_extract_scalar('{\"c\":1.50}', '$.c')", 1, "1.50"),
    ("json_extract_scalar('{\"c\":1E3}', '$.c')", 1, "1E3"),
    ("json_extract_scalar('{\"c\":0.0000001}', '$.c')", 1, "0.0000001"),
    ("json_extract_scalar('{\"c\":[-1.50]}', '$.c[0]')", 1, "-1.50"),
    ("json_extract_scalar('1.50', '$')", 1, "1.50"),
    ("json_extract_scalar('{\"c\":1,\"d\":\"x 5 \\\" 3,\"}', '$.d')", 1, 'x 5 " 3,'),
    ("json_extract_scalar('{\"c\":\"1.50\",\"d\":2.50}', '$.c')", 1, "1.50"),
    ("json_extract_scalar('{\"c\":true}', '$.c')", 1, "true"),
    ("json_extract_scalar('{\"c\":null}', '$.c')", 1, None),
    ("json_extract_scalar('x', '$.c')", 1, None),
    ("json_extract_scalar(name, '$.c')", 1, None),
    ("json_extract_scalar(json_parse('{\"b\":1.50}'), '$.b')", 1, "1.5"),
    # doubles to decimals: the shortest text, half up
    ("cast(1.255e0 as decimal(38,2))", 1, D("1.26")),
    ("cast(0.285e0 as decimal(38,2))", 1, D("0.29")),
    ("cast(1.005e0 as decimal(10,2))", 1, D("1.01")),
    ("cast(-1.005e0 as decimal(38,2))", 1, D("-1.01")),
    ("cast(-2.5e0 as decimal(38,0))", 1, D("-3")),
    ("cast(123456789.987654321e0 as decimal(38,12))", 1, D("123456789.987654330000")),
    ("cast(1e23 as decimal(38,2))", 1, D("100000000000000000000000.00")),
    ("cast(1e-20 as decimal(38,12))", 1, D("0E-12")),
    ("cast(real '1.005' as decimal(38,2))", 1, D("1.01")),
    ("cast(real '1.23456789e10' as decimal(38,2))", 1, D("12345679000.00")),
    ("try_cast(1.005e0 as decimal(38,2))", 1, D("1.01")),
    ("try_cast(1e38 as decimal(38,0))", 1, None),
    ("cast(json_parse('1.005') as decimal(10,2))", 1, D("1.01")),
    # text
    ("try_cast('abcdef' as varchar(3))", 1, "abc"),
    ("try_cast(12345 as varchar(3))", 1, None),
    ("cast(123 as varchar(3))", 1, "123"),
    ("cast(timestamp '2024-01-01 00:00:00' as varchar)", 1, "2024-01-01 00:00:00"),
    # JSON as text
    ("json_format(cast(1.10 as json))", 1, "1.10"),
    ("json_format(cast(array[1.10, 2] as json))", 1, "[1.10,2.00]"),
    ("json_format(cast(map(array['b', 'a'], array[1.10, 2]) as json))", 1, '{"a":2.00,"b":1.10}'),
    ("json_format(cast(cast(0 as decimal(38,12)) as json))", 1, "0E-12"),
    ("json_format(cast(cast('0.0000001' as decimal(38,12)) as json))", 1, "1.00000E-7"),
    ("json_format(cast(cast('-0.00001' as decimal(38,12)) as json))", 1, "-0.000010000000"),
    ("json_format(cast(cost as json))", 2, "-1E-12"),
    ("json_format(cast(findings as json))", 1,
     '[{"rule":"spike","amount":1.500000000000},{"rule":"tags","amount":1E-12}]'),
    ("json_format(cast(findings as json))", 3, None),
    ("json_format(cast(array[cast('0.5' as decimal(38,12)), null] as json))", 1,
     "[0.500000000000,null]"),
    ("json_format(cast(1.10e0 as json))", 1, "1.1"),
    ("json_format(cast(timestamp '2024-01-01 10:00:00.120' as json))", 1,
     '"2024-01-01 10:00:00.120"'),
    ("json_format(json_parse('{\"b\":1,\"a\":2}'))", 1, '{"a":2,"b":1}'),
    ("json_format(json_parse('{\"b\":1.50, \"A\":[2]}'))", 1, '{"A":[2],"b":1.5}'),
    ("json_format(json_extract('{\"b\":1,\"a\":{\"z\":1,\"c\":[2,  1]}}', '$'))", 1,
     '{"b":1,"a":{"z":1,"c":[2,1]}}'),
    ("json_parse('{\"b\":1,\"a\":2}')", 1, '{"a":2,"b":1}'),
    ("cast(json_parse('{\"b\":1,\"a\":2}') as map(varchar, integer))", 1, {"b": 1, "a": 2}),
    ("cast(json_parse('12') as varchar)", 1, "12"),
    ("try_cast(json_parse('[1]') as varchar)", 1, None),
    # zones
    ("cast(timestamp '2024-01-01 20:00:00' at time zone 'Asia/Tokyo' as date)", 1,
     date(2024, 1, 2)),
    ("hour(timestamp '2024-01-01 20:00:00' at time zone 'Asia/Tokyo')", 1, 5),
    ("date_format(date_trunc('day', timestamp '2024-01-01 20:00:00' at time zone 'Asia/Tokyo'), "
     "'%Y-%m-%d %H')", 1, "2024-01-02 00"),
    ("to_unixtime(at at time zone 'UTC')", 2, 1769907600.0),
    ("at at time zone 'UTC' = at", 2, True),
    ("hour(from_iso8601_timestamp('2024-01-01T01:00:00+00:00'))", 1, 1),
    # text to other types
    ("cast('T' as boolean)", 1, True),
    ("cast('0' as boolean)", 1, False),
    ("try_cast('yes' as boolean)", 1, None),
    ("cast(' 2024-1-1 ' as date)", 1, date(2024, 1, 1)),
    ("try_cast('2024-01-01 10:00:00' as date)", 1, None),
    ("cast('2024-1-1 1:2' as timestamp)", 1, datetime(2024, 1, 1, 1, 2)),
    ("cast('2024-01-01 10:00:00.5' as timestamp)", 1, datetime(2024, 1, 1, 10, 0, 0, 500_000)),
    ("cast('2024-01-01 10:00:00' as timestamp with time zone)", 1,
     datetime(2024, 1, 1, 10, tzinfo=UTC)),
    ("cast('-Infinity' as double)", 1, -math.inf),
    ("cast(' .5 ' as double)", 1, 0.5),
    ("cast(' 1 ' as bigint)", 1, 1),
    ("cast('5.' as decimal(38,2))", 1, D("5.00")),
    ("date '2024-01-31' + interval '1' month * 2", 1, date(2024, 3, 31)),
    ("hour(date '2024-01-01')", 1, 0),
    ("try(cast(name as date))", 1, None),
    ("try(cast(day as date))", 1, date(2026, 1, 31)),
    ("now() = cast(cast(now() as varchar) as timestamp with time zone)", 1, True),
    ("reverse(array[1, 2])", 1, [2, 1]),
)  # fmt: skip

# (query, its rows in Trino)
QUERIES: tuple[tuple[str, list[tuple[object, ...]]], ...] = (
    (f"select k, -x as x from {ROWS} order by coalesce(x, 0) desc limit 1", [("b", 5)]),
    (f"select k, -x as X from {ROWS} order by -x limit 1", [("b", 5)]),
    (f"select k, -x as x from {ROWS} order by t.x desc limit 1", [("a", -1)]),
    (f"select k, -x as y from {ROWS} order by x + y, 1 limit 1", [("a", -1)]),
    (f"select k, -x as x from {ROWS} order by row_number() over (order by x)",
     [("a", -1), ("b", 5)]),
    (f"select k, -x as x, row_number() over (order by x) as r from {ROWS} order by r",
     [("b", 5, 1), ("a", -1, 2)]),
    (f"select k, sum(x) as x from {ROWS} group by k order by abs(x)", [("a", 1), ("b", -5)]),
    (f"select k, sum(x) as x from {ROWS} group by k order by abs(sum(t.x))",
     [("a", 1), ("b", -5)]),
    (f"select k, max(x) as m from {ROWS} group by k order by -max(x)", [("a", 1), ("b", -5)]),
    (f"select distinct upper(k) from {ROWS} order by upper(k)", [("A",), ("B",)]),
    ("select 1 union all select null", [(1,), (None,)]),
    ("select 1 union all select 1.5", [(D("1.0"),), (D("1.5"),)]),
    ("select date '2024-01-01' union all select timestamp '2024-01-02 00:00:00'",
     [(datetime(2024, 1, 1),), (datetime(2024, 1, 2),)]),
)  # fmt: skip

# (query, beginning of the error)
REFUSED: tuple[tuple[str, str], ...] = (
    # ORDER BY
    (f"select k, max(x) as x from {ROWS} group by k order by -max(x)", "COLUMN_NOT_FOUND: Invalid"),
    (f"select k, count(*) from {ROWS} group by k order by max(k)", "COLUMN_NOT_FOUND: Invalid"),
    (f"select *, -x as x from {ROWS} order by -x", "COLUMN_NOT_FOUND: Column 'x' is ambiguous"),
    (f"select x, x from {ROWS} order by x", "COLUMN_NOT_FOUND: Column 'x' is ambiguous"),
    (f"select distinct k, -x as x from {ROWS} order by -x", "SYNTAX_ERROR: For SELECT DISTINCT"),
    # types that do not meet
    ("select 1 union all select 'a'", "TYPE_MISMATCH: integer and varchar"),
    ("select 1 union all select null union all select 'a'", "TYPE_MISMATCH: integer and varchar"),
    ("select 1 except select 'a'", "TYPE_MISMATCH: "),
    ("select 'a' union select date '2024-01-01'", "TYPE_MISMATCH: "),
    ("select 'a' union select timestamp '2024-01-01 00:00:00'", "TYPE_MISMATCH: "),
    ("select 1 union select true", "TYPE_MISMATCH: "),
    ("select 'a' union select true", "TYPE_MISMATCH: "),
    ("select array[1] union all select array['a']", "TYPE_MISMATCH: "),
    ("select array[1] union all select 1", "TYPE_MISMATCH: "),
    ("select json_parse('1') union all select 'a'", "TYPE_MISMATCH: "),
    ("select * from (values (1), ('a')) as t(x)", "TYPE_MISMATCH: "),
    ("select 1 in (select 'a')", "TYPE_MISMATCH: "),
    ("select case when id = 1 then 1 else 'a' end from items", "TYPE_MISMATCH: "),
    ("select coalesce(name, 1) from items", "TYPE_MISMATCH: "),
    ("select if(id = 1, name, at) from items", "TYPE_MISMATCH: "),
    ("select array[1, 'a']", "TYPE_MISMATCH: "),
    ("select nullif(1, 'a')", "TYPE_MISMATCH: "),
    # casts
    ("select cast('a' as char(3))", "NOT_SUPPORTED: CAST('a' AS CHAR(3)), which is filled"),
    ("select cast(name as char(3)) from items", "NOT_SUPPORTED: "),
    ("select cast(12345 as varchar(3))", "GENERIC_USER_ERROR: "),
    ("select cast('yes' as boolean)", "INVALID_CAST_ARGUMENT: "),
    ("select cast('2024-01-01 10:00:00' as date)", "INVALID_CAST_ARGUMENT: "),
    ("select date('2024-01-01 10:00:00')", "INVALID_CAST_ARGUMENT: "),
    ("select cast(day || ' 10:00:00' as date) from items", "INVALID_CAST_ARGUMENT: "),
    ("select cast(day || 'T10:00:00Z' as timestamp) from items", "INVALID_CAST_ARGUMENT: "),
    ("select try_cast(day || ' 10:00:00 UTC' as timestamp) from items", "GENERIC_USER_ERROR: "),
    ("select try(cast(day || ' 10:00:00 UTC' as timestamp)) from items", "GENERIC_USER_ERROR: "),
    ("select try(year(cast(day as date))) from items", "NOT_SUPPORTED: a cast of text deep"),
    ("select cast('2024-01-01T10:00:00Z' as timestamp)", "NOT_SUPPORTED: "),
    ("select cast('2024-01-01 10:00:00+02:00' as timestamp)", "NOT_SUPPORTED: "),
    ("select cast('inf' as double)", "INVALID_CAST_ARGUMENT: "),
    ("select cast('1_000' as decimal(38,2))", "INVALID_CAST_ARGUMENT: "),
    ("select cast(999.995e0 as decimal(5,2))", "INVALID_CAST_ARGUMENT: "),
    ("select cast(interval '1' day as varchar)", "NOT_SUPPORTED: "),
    # JSON whose text would be another
    ("select json_format(json_parse('{\"a\":{\"z\":1,\"c\":2}}'))", "GENERIC_USER_ERROR: "),
    ("select json_format(json_parse('12345678.5'))", "GENERIC_USER_ERROR: "),
    ("select json_parse('1e-5')", "GENERIC_USER_ERROR: "),
    ("select json_extract_scalar(json_parse('{\"b\":12345678.5}'), '$.b')", "GENERIC_USER_ERROR: "),
    ("select cast(json_parse('1.5') as varchar)", "GENERIC_USER_ERROR: "),
    ("select cast(json_parse('{\"a\":1}') as varchar)", "GENERIC_USER_ERROR: "),
    ("select json_format(cast(1e10 as json))", "GENERIC_USER_ERROR: "),
    # zones
    ("select at at time zone 'Asia/Tokyo' from items", "NOT_SUPPORTED: "),
    ("select to_unixtime(at at time zone 'Asia/Tokyo') from items", "NOT_SUPPORTED: "),
    ("select at at time zone 'Asia/Tokyo' = at from items", "NOT_SUPPORTED: "),
    ("select date_diff('hour', at, at at time zone 'Asia/Tokyo') from items", "NOT_SUPPORTED: "),
    ("select to_iso8601(at at time zone 'Asia/Tokyo') from items", "NOT_SUPPORTED: "),
    ("select cast(at at time zone 'Asia/Tokyo' as varchar) from items", "NOT_SUPPORTED: "),
    ("select hour(at at time zone 'Asia/Tokyo' at time zone 'Europe/Paris') from items",
     "NOT_SUPPORTED: "),
    ("select date_trunc('day', at at time zone 'Asia/Tokyo') from items", "NOT_SUPPORTED: "),
    ("select cast(from_iso8601_timestamp('2024-01-01T01:00:00+02:00') as date)", "NOT_SUPPORTED: "),
    ("select hour(from_iso8601_timestamp('2024-01-01T01:00:00-0530'))", "NOT_SUPPORTED: "),
    ("select timestamp '2024-01-01 00:00:00 Asia/Tokyo'", "NOT_SUPPORTED: "),
    # digits of time, and months
    ("select timestamp '2024-01-01 00:00:00.123456'", "NOT_SUPPORTED: "),
    ("select cast(timestamp '2024-01-01 00:00:00.1' as varchar)", "NOT_SUPPORTED: "),
    ("select to_iso8601(timestamp '2024-01-01 00:00:00')", "NOT_SUPPORTED: "),
    ("select interval '1' month", "NOT_SUPPORTED: "),
    ("select cast(interval '1' year as varchar)", "NOT_SUPPORTED: "),
    ("select interval '1' week", "SYNTAX_ERROR: "),
    # arguments of other types
    ("select lower(1)", "FUNCTION_NOT_FOUND: Unexpected parameters (integer) in LOWER(1)"),
    ("select length(at) from items", "FUNCTION_NOT_FOUND: "),
    ("select sum(name) from items", "FUNCTION_NOT_FOUND: "),
    ("select round('1.5')", "FUNCTION_NOT_FOUND: "),
    ("select year(day) from items", "FUNCTION_NOT_FOUND: "),
    ("select extract(year from day) from items", "FUNCTION_NOT_FOUND: "),
    ("select date_diff('day', day, at) from items", "FUNCTION_NOT_FOUND: "),
    ("select date_add('day', 1.5, at) from items", "FUNCTION_NOT_FOUND: "),
    ("select date_add('hour', 1, date '2024-01-01')", "TYPE_MISMATCH: "),
    ("select date_trunc('hour', date '2024-01-01')", "TYPE_MISMATCH: "),
    ("select date_diff('hour', date '2024-01-01', date '2024-01-02')", "TYPE_MISMATCH: "),
    ("select date '2024-01-01' + interval '12' hour", "TYPE_MISMATCH: "),
    ("select date '2024-01-01' + 1", "TYPE_MISMATCH: "),
)  # fmt: skip


@pytest.mark.parametrize(("expression", "row", "value"), ANSWERED)
def test_the_value_is_trino_s(
    athena: LocalAthena, expression: str, row: int, value: object
) -> None:
    """The value is the one that Trino gives, to its last digit."""
    result = athena.query(f"SELECT {expression} AS answer FROM items WHERE id = {row}")
    assert [str(answer) for (answer,) in result.rows] == [str(value)]
    assert result.rows == [(value,)]


@pytest.mark.parametrize(("sql", "rows"), QUERIES)
def test_the_rows_are_trino_s(
    athena: LocalAthena, sql: str, rows: list[tuple[object, ...]]
) -> None:
    """The rows come in the order in which Trino gives them."""
    assert athena.query(sql).rows == rows


@pytest.mark.parametrize(("sql", "error"), REFUSED)
def test_the_query_is_refused(athena: LocalAthena, sql: str, error: str) -> None:
    """What Trino refuses, or answers otherwise, has no answer here."""
    with pytest.raises(AthenaError) as caught:
        athena.query(sql)
    assert str(caught.value).startswith(error)


@pytest.mark.parametrize(
    ("sql", "literal", "value"),
    [("select 3-?", "-5", 8), ("select 3 -?-1", "-5", 7), ("select 2*?", "cast('3' as bigint)", 6)],
)
def test_a_parameter_does_not_join_with_what_is_beside_it(
    athena: LocalAthena, sql: str, literal: str, value: int
) -> None:
    """A negative literal after a minus is no comment."""
    assert athena.query(with_parameters(sql, [literal])).rows == [(value,)]
