"""What Athena answers to each expression: the local engine answers the same."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf

import pytest

from infra.local.athena import LocalAthena
from infra.local.athena.functions import KNOWN

D = Decimal
# (expression over items, id of the row it is read from, value, Athena type)
SCALARS: tuple[tuple[str, int, object, str], ...] = (
    # integers
    ("7/2", 1, 3, "integer"),
    ("-7/2", 1, -3, "integer"),
    ("id/2", 3, 1, "bigint"),
    ("9007199254740993/1", 1, 9007199254740993, "bigint"),
    ("7 % 3", 1, 1, "integer"),
    ("mod(id, 2)", 3, 1, "bigint"),
    ("cast(2.5e0 as bigint)", 1, 3, "bigint"),
    ("cast(-2.5e0 as integer)", 1, -3, "integer"),
    ("cast(cost as bigint)", 3, 10, "bigint"),
    ("cast('12' as bigint)", 1, 12, "bigint"),
    ("try_cast('1.5' as bigint)", 1, None, "bigint"),
    ("try_cast(name as bigint)", 1, None, "bigint"),
    # decimals
    ("cost / qty", 1, D("32921810703292.041152263004"), "decimal(38,12)"),
    ("cost / 3", 2, D("0E-12"), "decimal(38,12)"),
    ("cost * 2 / 4", 2, D("-1E-12"), "decimal(38,12)"),
    ("cost / 1e1", 3, 1.0, "double"),
    ("cast(cost as double) / id", 3, 10 / 3, "double"),
    ("1.0 / 3", 1, D("0.3"), "decimal(2,1)"),
    ("cost * cost", 2, D("1E-24"), "decimal(38,24)"),
    ("cost * cost / qty", 2, D("0E-24"), "decimal(38,24)"),
    ("(cost + 1) / 2", 3, D("5.5"), "decimal(38,12)"),
    ("element_at(findings, 1).amount / 2", 1, D("0.75"), "decimal(38,12)"),
    ("coalesce(cost, 0) / 4", 3, D("2.5"), "decimal(38,12)"),
    ("if(id > 1, cost, 0) / 4", 3, D("2.5"), "decimal(38,12)"),
    ("cost % 3", 3, D("1"), "decimal(22,12)"),
    ("round(cost, 2)", 1, D("98765432109876.12"), "decimal(38,12)"),
    ("round(2.5)", 1, D("3"), "decimal(2,0)"),
    ("round(2.5e0)", 1, 3.0, "double"),
    ("floor(-2.5)", 1, D("-3"), "decimal(2,0)"),
    ("ceil(2.1)", 1, D("3"), "decimal(2,0)"),
    ("ceiling(2.1)", 1, D("3"), "decimal(2,0)"),
    ("abs(cost)", 2, D("1E-12"), "decimal(38,12)"),
    ("cast('1.2345678901234' as decimal(38,12))", 1, D("1.234567890123"), "decimal(38,12)"),
    ("cast(cost as varchar)", 2, "-0.000000000001", "varchar"),
    ("nullif(cost, 10)", 3, None, "decimal(38,12)"),
    ("greatest(cost, 1)", 2, D("1"), "decimal(38,12)"),
    ("greatest(id, null)", 1, None, "bigint"),
    ("least(1, 2)", 1, 1, "integer"),
    # doubles
    ("1e0 / 0", 1, inf, "double"),
    ("power(2, 3)", 1, 8.0, "double"),
    ("pow(2, 3)", 1, 8.0, "double"),
    ("sqrt(4e0)", 1, 2.0, "double"),
    ("exp(0e0)", 1, 1.0, "double"),
    ("ln(1e0)", 1, 0.0, "double"),
    ("log10(100e0)", 1, 2.0, "double"),
    # times
    ("at", 1, datetime(2026, 1, 31, 23, 0, 0, 501_000), "timestamp(3)"),
    ("cast(at as varchar)", 2, "2026-02-01 01:00:00.000", "varchar"),
    ("to_iso8601(at)", 2, "2026-02-01T01:00:00.000", "varchar"),
    ("to_iso8601(date(at))", 2, "2026-02-01", "varchar"),
    ("to_iso8601(from_unixtime(0))", 1, "1970-01-01T00:00:00.000Z", "varchar"),
    ("from_unixtime(0)", 1, datetime(1970, 1, 1, tzinfo=UTC), "timestamp(3) with time zone"),
    ("to_unixtime(at)", 2, 1769907600.0, "double"),
    (
        "date_diff('day', timestamp '2026-01-31 23:00:00', timestamp '2026-02-01 01:00:00')",
        1,
        0,
        "bigint",
    ),
    ("date_diff('hour', timestamp '2026-01-31 23:00:00', at)", 2, 2, "bigint"),
    ("date_diff('month', date '2026-01-15', date '2026-03-14')", 1, 1, "bigint"),
    ("date_add('day', 1, date '2026-01-31')", 1, date(2026, 2, 1), "date"),
    ("date_add('day', -id, at)", 2, datetime(2026, 1, 30, 1), "timestamp(3)"),
    ("date '2026-01-31' + interval '1' month", 1, date(2026, 2, 28), "date"),
    ("date '2026-01-31' - interval '1' day", 1, date(2026, 1, 30), "date"),
    ("at - interval '1' hour", 2, datetime(2026, 2, 1), "timestamp(3)"),
    ("date_trunc('month', date '2026-01-31')", 1, date(2026, 1, 1), "date"),
    ("date_trunc('week', at)", 2, datetime(2026, 1, 26), "timestamp(3)"),
    (
        "cast(at at time zone 'Asia/Tokyo' as timestamp)",
        2,
        datetime(2026, 2, 1, 10),
        "timestamp(3)",
    ),
    ("sequence(date '2026-01-31', date '2026-02-01', interval '1' day)", 1,
     [date(2026, 1, 31), date(2026, 2, 1)], "array(date)"),
    ("sequence(1, 3)", 1, [1, 2, 3], "array(bigint)"),
    ("date_format(at, '%Y-%m-%d %H:%i:%s')", 2, "2026-02-01 01:00:00", "varchar"),
    ("format_datetime(at, 'yyyy-MM-dd''T''HH:mm')", 2, "2026-02-01T01:00", "varchar"),
    ("date_parse('2026-01-31', '%Y-%m-%d')", 1, datetime(2026, 1, 31), "timestamp(3)"),
    ("date(at)", 2, date(2026, 2, 1), "date"),
    ("cast(day as date)", 1, date(2026, 1, 31), "date"),
    ("from_iso8601_date('2026-01-31')", 1, date(2026, 1, 31), "date"),
    (
        "from_iso8601_timestamp('2026-01-31T10:00:00Z')",
        1,
        datetime(2026, 1, 31, 10, tzinfo=UTC),
        "timestamp(3) with time zone",
    ),
    ("now() > timestamp '2026-01-01 00:00:00'", 1, True, "boolean"),
    ("current_date > date '2026-01-01'", 1, True, "boolean"),
    ("year(at)", 2, 2026, "bigint"),
    ("quarter(at)", 2, 1, "bigint"),
    ("month(at)", 2, 2, "bigint"),
    ("week(at)", 2, 5, "bigint"),
    ("week_of_year(at)", 2, 5, "bigint"),
    ("day(at)", 2, 1, "bigint"),
    ("day_of_month(at)", 2, 1, "bigint"),
    ("day_of_week(at)", 2, 7, "bigint"),
    ("dow(at)", 2, 7, "bigint"),
    ("day_of_year(at)", 2, 32, "bigint"),
    ("doy(at)", 2, 32, "bigint"),
    ("hour(at)", 2, 1, "bigint"),
    ("minute(at)", 2, 0, "bigint"),
    ("second(at)", 2, 0, "bigint"),
    ("extract(day from at)", 2, 1, "bigint"),
    ("last_day_of_month(at)", 2, date(2026, 2, 28), "date"),
    # text
    ("length('é€')", 1, 2, "bigint"),
    ("lower('A') || upper('b')", 1, "aB", "varchar"),
    ("trim(' a ') || ltrim(' b') || rtrim('c ')", 1, "abc", "varchar"),
    ("substr('abc', 2) || substring('abc', 1, 1)", 1, "bca", "varchar"),
    ("concat('a', name)", 2, None, "varchar"),
    ("replace('aba', 'a', 'c')", 1, "cbc", "varchar"),
    ("reverse('ab')", 1, "ba", "varchar"),
    ("split(name, ',')", 1, ["one", "uno"], "array(varchar)"),
    ("split(name, ',')[2]", 1, "uno", "varchar"),
    ("split_part(name, ',', 2)", 1, "uno", "varchar"),
    ("split_part(name, ',', 3)", 1, None, "varchar"),
    ("strpos(name, 'uno')", 1, 5, "bigint"),
    ("starts_with(name, 'one')", 1, True, "boolean"),
    ("lpad('7', 3, '0') || rpad('7', 3, '0')", 1, "007700", "varchar"),
    ("chr(65)", 1, "A", "varchar"),
    ("regexp_like(name, 'u.o')", 1, True, "boolean"),
    ("regexp_extract(name, 'u(.)o', 1)", 1, "n", "varchar"),
    ("regexp_extract(name, 'x')", 1, None, "varchar"),
    ("regexp_replace(name, '(n)', '<$1>')", 1, "o<n>e,u<n>o", "varchar"),
    ("cast('abc' as varchar(2))", 1, "ab", "varchar"),
    # conditions
    ("coalesce(name, 'none')", 2, "none", "varchar"),
    ("case when id = 1 then 'a' else 'b' end", 2, "b", "varchar"),
    ("try(1 / 0)", 1, None, "integer"),
    ("'a' is distinct from name", 2, True, "boolean"),
    # maps
    ("tags", 1, {"team": "x", "Env": "prod"}, "map(varchar, varchar)"),
    ("cardinality(tags)", 1, 2, "bigint"),
    ("cardinality(tags)", 3, None, "bigint"),
    ("tags['Env']", 1, "prod", "varchar"),
    ("tags['Env']", 3, None, "varchar"),
    ("try(tags['none'])", 1, None, "varchar"),
    ("element_at(tags, 'team')", 1, "x", "varchar"),
    ("element_at(tags, 'none')", 1, None, "varchar"),
    ("map_keys(tags)", 1, ["team", "Env"], "array(varchar)"),
    ("map_values(tags)", 1, ["x", "prod"], "array(varchar)"),
    ("map_entries(map(array['a'], array[1]))", 1, [{"key": "a", "value": 1}],
     "array(row(key varchar, value integer))"),
    ("map_from_entries(array[row('a', 1)])", 1, {"a": 1}, "map(varchar, integer)"),
    ("map_filter(tags, (k, v) -> k = 'team' and v <> 'y')", 1, {"team": "x"},
     "map(varchar, varchar)"),
    ("map_filter(tags, (k, v) -> lower(k) = 'env' or length(v) > 9)", 1, {"Env": "prod"},
     "map(varchar, varchar)"),
    ("json_format(cast(tags as json))", 1, '{"Env":"prod","team":"x"}', "varchar"),
    ("json_format(cast(array[tags] as json))", 1, '[{"Env":"prod","team":"x"}]', "varchar"),
    ("json_format(cast(array[cost] as json))", 1, "[98765432109876.123456789012]", "varchar"),
    ("json_format(cast(qty as json))", 1, "3.000000000000", "varchar"),
    # arrays and rows
    ("cardinality(labels)", 1, 2, "bigint"),
    ("labels[1]", 1, "b", "varchar"),
    ("labels[id]", 2, "c", "varchar"),
    ("labels[cardinality(labels)]", 1, "a", "varchar"),
    ("element_at(labels, -1)", 1, "a", "varchar"),
    ("element_at(labels, 9)", 1, None, "varchar"),
    ("contains(labels, 'a')", 1, True, "boolean"),
    ("contains(labels, 'z')", 1, False, "boolean"),
    ("contains(labels, 'z')", 2, None, "boolean"),
    ("contains(labels, 'z')", 3, None, "boolean"),
    ("array_join(labels, '+')", 1, "b+a", "varchar"),
    ("cardinality(array_distinct(array['a', 'a']))", 1, 1, "bigint"),
    ("array_sort(labels)", 1, ["a", "b"], "array(varchar)"),
    ("array_max(labels) || array_min(labels)", 1, "ba", "varchar"),
    ("flatten(array[labels, labels])", 1, ["b", "a", "b", "a"], "array(varchar)"),
    ("transform(labels, x -> x || '!')", 1, ["b!", "a!"], "array(varchar)"),
    ("transform(findings, f -> f.rule)", 1, ["spike", "tags"], "array(varchar)"),
    ("cardinality(filter(findings, f -> f.amount > 1))", 1, 1, "bigint"),
    ("reduce(findings, cast(0 as decimal(38,12)), (s, f) -> s + f.amount, s -> s)", 1,
     D("1.500000000001"), "decimal(38,12)"),
    ("any_match(labels, x -> x = 'a')", 1, True, "boolean"),
    ("any_match(labels, x -> x = 'z')", 2, None, "boolean"),
    ("all_match(labels, x -> x < 'c')", 1, True, "boolean"),
    ("all_match(labels, x -> x = 'z')", 2, False, "boolean"),
    ("none_match(labels, x -> x = 'z')", 1, True, "boolean"),
    ("none_match(labels, x -> x = 'z')", 3, None, "boolean"),
    ("reduce(array[1, 2], 0, (s, x) -> s + x, s -> s * 10)", 1, 30, "integer"),
    ("position('u' in name) + length(trim(both 'x' from 'xax'))", 1, 6, "bigint"),
    ("cast('2026-01-01 00:00:00' as timestamp(3))", 1, datetime(2026, 1, 1), "timestamp(3)"),
    ("cast(row(1, 'a') as row(x integer, y varchar)).y", 1, "a", "varchar"),
    ("findings[2].rule", 1, "tags", "varchar"),
    # JSON
    ("cast(json_extract('{\"a\": \"7\"}', '$.a') as varchar)", 1, "7", "varchar"),
    ("json_extract_scalar('{\"a\": {\"b\": 7}}', '$.a.b')", 1, "7", "varchar"),
    ("json_extract_scalar('{\"a\": {\"b\": 7}}', '$.a')", 1, None, "varchar"),
    ("json_extract_scalar('not json', '$.a')", 1, None, "varchar"),
    ("json_format(cast('7' as json))", 1, '"7"', "varchar"),
    ("json_format(json_parse('{\"a\":1}'))", 1, '{"a":1}', "varchar"),
    # the hidden column
    ("\"$path\"", 1, "processed/items/period=2026-01/day=2026-01-31/0.parquet", "varchar"),
)  # fmt: skip

# (expression over all items, value, Athena type)
AGGREGATES: tuple[tuple[str, object, str], ...] = (
    ("count(*)", 3, "bigint"),
    ("count(distinct id)", 3, "bigint"),
    ("sum(id)", 6, "bigint"),
    ("sum(cost)", D("98765432109886.123456789011"), "decimal(38,12)"),
    ("sum(cost) filter (where id > 1)", D("9.999999999999"), "decimal(38,12)"),
    ("sum(cost) / sum(id)", D("16460905351647.687242798169"), "decimal(38,12)"),
    ("avg(cost)", D("32921810703295.374485596337"), "decimal(38,12)"),
    ("avg(distinct cost)", D("32921810703295.374485596337"), "decimal(38,12)"),
    ("avg(cost) filter (where id = 2)", D("-1E-12"), "decimal(38,12)"),
    ("avg(cost) filter (where id = 9)", None, "decimal(38,12)"),
    ("avg(id)", 2.0, "double"),
    ("min(cost)", D("-1E-12"), "decimal(38,12)"),
    ("max(id)", 3, "bigint"),
    ("count_if(id > 1)", 2, "bigint"),
    ("arbitrary(period) is not null", True, "boolean"),
    ("any_value(1)", 1, "integer"),
    ("bool_and(id > 1)", False, "boolean"),
    ("bool_or(id > 1)", True, "boolean"),
    ("max_by(name, id)", "three", "varchar"),
    ("max_by(name, if(id < 3, id))", None, "varchar"),
    ("min_by(name, id)", "one,uno", "varchar"),
    ("array_agg(id order by id desc)", [3, 2, 1], "array(bigint)"),
    ("map_agg(id, qty)", {1: D("3"), 2: D("7"), 3: D("0")}, "map(bigint, decimal(38,12))"),
    ("cardinality(map_agg(id, qty) filter (where id > 1))", 2, "bigint"),
    ("approx_distinct(id)", 3, "bigint"),
    ("approx_percentile(id, 0.5)", 2, "bigint"),
    ("approx_percentile(qty, 0.5)", 3.0, "real"),
    ("approx_percentile(id, array[0.5])", [2], "array(bigint)"),
    ("stddev(id)", 1.0, "double"),
    ("stddev_samp(id)", 1.0, "double"),
    ("round(stddev_pop(id), 3)", 0.816, "double"),
    ("variance(id)", 1.0, "double"),
    ("var_samp(id)", 1.0, "double"),
    ("round(var_pop(id), 3)", 0.667, "double"),
    ("listagg(day, '+') within group (order by id)", "2026-01-31+2026-01-31+2026-02-01",
     "varchar"),
)  # fmt: skip

# (window expression over items, values by id, Athena type)
WINDOWS: tuple[tuple[str, list[object], str], ...] = (
    ("row_number() over (order by id)", [1, 2, 3], "bigint"),
    ("rank() over (order by day)", [1, 1, 3], "bigint"),
    ("dense_rank() over (order by day)", [1, 1, 2], "bigint"),
    ("ntile(3) over (order by id)", [1, 2, 3], "bigint"),
    ("lag(id) over (order by id)", [None, 1, 2], "bigint"),
    ("lead(cost) over (order by id) / 4", [D("0E-12"), D("2.5"), None], "decimal(38,12)"),
    ("first_value(id) over (order by id)", [1, 1, 1], "bigint"),
    ("last_value(id) over (order by id)", [1, 2, 3], "bigint"),
    ("nth_value(id, 2) over (order by id)", [None, 2, 2], "bigint"),
    ("percent_rank() over (order by id)", [0.0, 0.5, 1.0], "double"),
    ("cume_dist() over (order by day)", [2 / 3, 2 / 3, 1.0], "double"),
    ("sum(id) over (partition by day)", [3, 3, 3], "bigint"),
    ("avg(qty) over (partition by day)", [D("5"), D("5"), D("0")], "decimal(38,12)"),
    (
        "avg(qty / 2) filter (where id > 1) over (partition by day)",
        [D("3.5"), D("3.5"), D("0")],
        "decimal(38,12)",
    ),
)


@pytest.mark.parametrize(("expression", "row", "value", "type_"), SCALARS)
def test_scalar(athena: LocalAthena, expression: str, row: int, value: object, type_: str) -> None:
    """Each expression has Athena's value and Athena's type."""
    result = athena.query(f"SELECT {expression} AS answer FROM items WHERE id = {row}")
    assert (result.rows, result.columns) == ([(value,)], (("answer", type_),))


@pytest.mark.parametrize(("expression", "value", "type_"), AGGREGATES)
def test_aggregate(athena: LocalAthena, expression: str, value: object, type_: str) -> None:
    """Each aggregate has Athena's value and Athena's type."""
    result = athena.query(f"SELECT {expression} AS answer FROM items")
    assert (result.rows, result.columns) == ([(value,)], (("answer", type_),))


@pytest.mark.parametrize(("expression", "values", "type_"), WINDOWS)
def test_window(athena: LocalAthena, expression: str, values: list[object], type_: str) -> None:
    """Each window function has Athena's values and Athena's type."""
    result = athena.query(f"SELECT {expression} AS answer FROM items ORDER BY id")
    assert ([v for (v,) in result.rows], result.columns) == (values, (("answer", type_),))


def test_every_known_function_has_a_case() -> None:
    """No function is known without a case above that says what it answers (two live elsewhere)."""
    text = " ".join(str(case[0]) for table in (SCALARS, AGGREGATES, WINDOWS) for case in table)
    called = set(re.findall(r"([a-z0-9_]+)\(", text))
    assert KNOWN - called == {"grouping", "unnest"}
