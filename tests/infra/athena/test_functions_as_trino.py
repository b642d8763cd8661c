"""What a Trino 476 answered to functions at their edges: this engine answers the same, or refuses.

The names are what DuckDB alone would do, or what was once answered here.
"""

from datetime import date, datetime

import pytest

from infra.local.athena import AthenaError, LocalAthena
from schemas.blanks import BLANKS

_ALL_BLANKS = "||".join(f"chr({ord(blank)})" for blank in BLANKS)
_OTHERS = "||".join(f"chr({code})" for code in (0x85, 0xA0, 0x2007, 0x202F, 0x200B, 0xFEFF))
_ENDS = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]
_USING = "from (values (1, 2)) as a(k, x) join (values (1, 3)) as b(k, y) using (k)"
# (name, query, rows)
ANSWERED: tuple[tuple[str, str, list[tuple[object, ...]]], ...] = (
    ("trim kept tabs and newlines", f"select trim({_ALL_BLANKS}||'a b'||{_ALL_BLANKS})",
     [("a b",)]),
    ("ltrim did, too", f"select ltrim({_ALL_BLANKS}||'a'||chr(10))", [("a\n",)]),
    ("and rtrim", f"select rtrim(chr(10)||'a'||{_ALL_BLANKS})", [("\na",)]),
    ("trim took no-break spaces off", f"select length(trim({_OTHERS}))", [(6,)]),
    ("trim of blanks alone", f"select trim({_ALL_BLANKS})", [("",)]),
    ("trim of named ones is as it was",
     "select trim(both 'x' from 'xaxbx'), trim('xx ax', 'x'), trim(trailing from ' a ')",
     [("axb", " a", " a")]),
    ("split forgot its limit",
     "select split('key=a=b', '=', 2), split('a=b', '=', 5), split('a=b=c', '=', 1)",
     [(["key", "a=b"], ["a", "b"], ["a=b=c"])]),
    ("split of a NULL, or by a NULL limit",
     "select split(cast(null as varchar), '=', 2), split('a', '=', cast(null as bigint))",
     [(None, None)]),
    ("split_part of a column", "select split_part('a,b', ',', n) from (values 1, 3) as t(n) "
     "order by n", [("a",), (None,)]),
    ("an error within try",
     "select try(split_part('a,b', ',', 0)), try(split('a', '')), try(element_at(array[1], 0))",
     [(None, None, None)]),
    ("element_at of a column", "select element_at(array[7, 8], n) from (values 2, 3, -2) as t(n) "
     "order by n", [(7,), (8,), (None,)]),
    ("sequence downwards was empty", "select sequence(5, 1), sequence(5, 1, -2), sequence(1, 1)",
     [([5, 4, 3, 2, 1], [5, 3, 1], [1])]),
    ("months were added to the one before",
     "select sequence(date '2024-01-31', date '2024-04-30', interval '1' month), "
     "sequence(date '2024-04-30', date '2024-02-29', interval '-1' month)",
     [(_ENDS, [date(2024, 4, 30), date(2024, 3, 30), date(2024, 2, 29)])]),
    ("years, too", "select sequence(date '2023-02-28', date '2025-02-28', interval '1' year)",
     [([date(2023, 2, 28), date(2024, 2, 28), date(2025, 2, 28)],)]),
    ("a sequence of days without a step failed",
     "select sequence(date '2024-03-01', date '2024-02-28')",
     [([date(2024, 3, 1), date(2024, 2, 29), date(2024, 2, 28)],)]),
    ("a sequence of timestamps",
     "select sequence(timestamp '2024-01-31 10:00:00', timestamp '2024-03-31 09:00:00', "
     "interval '1' month), sequence(timestamp '2024-01-31 00:00:00', "
     "timestamp '2024-01-31 13:00:00', interval '12' hour)",
     [([datetime(2024, 1, 31, 10), datetime(2024, 2, 29, 10)],
       [datetime(2024, 1, 31), datetime(2024, 1, 31, 12)])]),
    ("a sequence of NULL", "select sequence(1, cast(null as bigint))", [(None,)]),
    ("array_distinct lost the order and NULL",
     "select array_distinct(array[3, 1, 3, 2, null, null]), array_distinct(array['b', 'a', 'b'])",
     [([3, 1, 2, None], ["b", "a"])]),
    ("array_distinct of an aggregate",
     "select array_distinct(array_agg(x order by x desc)) from (values 1, 2, 1) as t(x)",
     [([2, 1],)]),
    ("array_distinct of nothing", "select array_distinct(cast(null as array(integer)))", [(None,)]),
    ("array_max and array_min went round NULL",
     "select array_max(array[1, null]), array_min(array[1, null]), array_max(array[1, 2])",
     [(None, None, 2)]),
    ("a group that took no part was empty",
     r"select regexp_extract('i-123', 'i-(\d+)(/(\w+))?', 3), "
     r"regexp_extract('i-123/x', 'i-(\d+)(/(\w+))?', 3), regexp_extract('ab', '(x)|(b)', 1)",
     [(None, "x", None)]),
    ("an empty group that took part", "select regexp_extract('abc', '(a)(z*)', 2)", [("",)]),
    ("count_if of nothing was NULL",
     "select count_if(x > 1) from (values cast(null as integer)) as t(x)", [(0,)]),
    ("count_if of no rows", "select count_if(x > 1) from (values 1) as t(x) where x > 5", [(0,)]),
    ("count_if with a filter",
     "select count_if(x > 1) filter (where x > 5) from (values 1) as t(x)", [(0,)]),
    ("count_if over a window", "select count_if(x > 1) over () from (values 1, 2) as t(x)",
     [(1,), (1,)]),
    ("NULL in arrays was equal to NULL",
     "select array[1, null] = array[1, null], array[1, null] <> array[1, null], "
     "array[1, null] = array[2, null], array[1, null] = array[1], array[1, 2] = array[1, 2]",
     [(None, None, False, False, True)]),
    ("NULL in rows, too",
     "select row(1, null) = row(1, null), (1, null) = (2, null), (1, 2) <> (1, 2), "
     "row(1, array[null]) = row(1, array[null])", [(None, False, False, None)]),
    ("NULL in rows of IN",
     "select (1, null) in ((1, null), (2, 3)), (1, 2) in ((1, null), (1, 2)), "
     "array[1] not in (array[2], array[1])", [(None, True, False)]),
    (r"an escaped $ kept its \ ",
     r"select regexp_replace('abc', 'b', '\$'), regexp_replace('abc', 'b', '\\'), "
     r"regexp_replace('abc', '(b)', '<$1\1>'), regexp_replace('abc', 'b')",
     [("a$c", "a\\c", "a<b1>c", "ac")]),
    ("ß became a letter Java does not write", "select upper('straße'), upper('aé'), upper(null)",
     [("STRAßE", "AÉ", None)]),
    ("$ did not match before the last newline",
     "select regexp_like('a'||chr(10), '^a$'), regexp_like('a'||chr(10)||chr(10), '^a$'), "
     "regexp_like('ab'||chr(10), '(a$|b$)'), regexp_like('a'||chr(10)||'b', '(?m)^a$'), "
     r"regexp_like('a'||chr(10), 'a\$'), regexp_like('a', 'a'||'$'), regexp_like(null, 'a$')",
     [(True, False, True, True, False, True, None)]),
    ("$ of texts without a newline",
     r"select regexp_extract('a/b-12', '-(\d+)$', 1), regexp_replace('a/b/', '/$', '')",
     [("12", "a/b")]),
    ("listagg put commas where none are named",
     "select listagg(x) within group (order by x) from (values 'b', 'a') as t(x)", [("ab",)]),
    ("array_join by NULL", "select array_join(array['a'], cast(null as varchar))", [(None,)]),
    ("array_join", "select array_join(array[1.50, null, 2], '-', '?')", [("1.50-?-2.00",)]),
    ("a length below 0 went to the left",
     "select substr('abc', 2, -1), substr('abc', n, n) from (values 2) as t(n)", [("", "bc")]),
    ("a computed length of lpad", "select lpad('a', n, 'x') from (values 3) as t(n)", [("xxa",)]),
    ("replace of nothing did nothing", "select replace('abc', '', '-')", [("-a-b-c-",)]),
    ("floor and ceil of integers were doubles",
     "select json_format(cast(array[floor(5), ceil(5)] as json))", [("[5,5]",)]),
    ("JSON of short decimals lost their zeros",
     "select json_format(cast(1.50 as json)), json_format(cast(array[1.50] as json))",
     [("1.50", "[1.50]")]),
    ("keys of json_parse in their order",
     """select json_format(json_parse('{"a": 1, "b": [1, 2]}'))""", [('{"a":1,"b":[1,2]}',)]),
    ("from_unixtime kept microseconds",
     "select cast(from_unixtime(1.9999e0) as varchar), cast(from_unixtime(-1.5e0) as varchar)",
     [("1970-01-01 00:00:02.000 UTC", "1969-12-31 23:59:58.500 UTC")]),
    ("text that is no value, in try_cast",
     "select try_cast('2024/01/05' as date), try_cast('2024-01-05 10:00:00' as date), "
     "try_cast('yes' as boolean), "
     "try_cast('inf' as double), try_cast('1_0' as double), try_cast(' 1.5' as decimal(5, 1)), "
     "try_cast(123456 as varchar(3))", [(None, None, None, None, None, None, None)]),
    ("text that is a value",
     "select cast(' 2024-1-5 ' as date), cast('T' as boolean), cast(' 12 ' as integer), "
     "cast(' 1.5e1' as double), cast('-.5' as decimal(5, 1)) = -0.5, "
     "try_cast('abc' as varchar(2)), date(' 2024-01-05')",
     [(date(2024, 1, 5), True, 12, 15.0, True, "ab", date(2024, 1, 5))]),
    ("microseconds of a text", "select date_parse('2024-01-31.123456', '%Y-%m-%d.%f')",
     [(datetime(2024, 1, 31, 0, 0, 0, 123_000),)]),
    ("columns beside USING", f"select k, a.x, b.y {_USING}", [(1, 2, 3)]),
)  # fmt: skip

# (name, query, what the error says)
REFUSED: tuple[tuple[str, str, str], ...] = (
    ("the n of max_by was dropped", "select max_by(k, x, 2) from (values (1, 2)) as t(k, x)",
     "NOT_SUPPORTED: max_by of several values"),
    ("that of min_by", "select min_by(k, x, 2) from (values (1, 2)) as t(k, x)",
     "NOT_SUPPORTED: min_by of several values"),
    ("that of max", "select max(x, 2) from (values 1) as t(x)", "NOT_SUPPORTED: max(x, n)"),
    ("that of min", "select min(x, 2) from (values 1) as t(x)", "NOT_SUPPORTED: min(x, n)"),
    ("array_join of doubles", "select array_join(array[1.5e0], ',')",
     "NOT_SUPPORTED: array_join of what is not text"),
    ("listagg without an order", "select listagg(x, ',') from (values 'a') as t(x)",
     "SYNTAX_ERROR: listagg without WITHIN GROUP"),
    ("bits", "select bitwise_and(6, 3)", "NOT_SUPPORTED: bits are not counted with locally"),
    ("a date by hours", "select date_trunc('hour', date '2024-05-31')",
     "TYPE_MISMATCH: "),
    ("a unit that Athena lacks", "select date_trunc('decade', date '2024-05-31')",
     "NOT_SUPPORTED: date_trunc('decade', ...)"),
    ("hours to a date", "select date_add('hour', 1, date '2024-05-31')",
     "TYPE_MISMATCH: "),
    ("an interval of hours to a date", "select date '2024-05-31' + interval '1' hour",
     "TYPE_MISMATCH: "),
    ("hours between dates", "select date_diff('hour', date '2024-01-01', date '2024-01-02')",
     "TYPE_MISMATCH: "),
    ("a year of two digits", "select date_parse('69-01-31', '%y-%m-%d')",
     "NOT_SUPPORTED: date_parse without %Y"),
    ("a blank before a time", "select date_parse(' 2024-01-05', '%Y-%m-%d')",
     "INVALID_FUNCTION_ARGUMENT: Invalid format: 2024-01-05"),
    ("from_unixtime in a zone", "select from_unixtime(0, 'Europe/Berlin')",
     "NOT_SUPPORTED: from_unixtime in a zone"),
    ("text that is no date", "select date('2024-01-31 10:00:00')", "INVALID_CAST_ARGUMENT: "),
    ("a number cut to a length", "select cast(123456 as varchar(3))",
     "GENERIC_USER_ERROR: "),
    ("char(n)", "select cast('a' as char(3))", "NOT_SUPPORTED: "),
    ("JSON of a double", "select json_format(cast(1e10 as json))",
     "GENERIC_USER_ERROR: "),
    ("JSON of a row without names", "select json_format(cast(row(1, 'a') as json))",
     "NOT_SUPPORTED: JSON of a row without names"),
    ("an object as varchar", "select cast(json_extract('[[1]]', '$[0]') as varchar)",
     "GENERIC_USER_ERROR: "),
    ("lpad below 0", "select lpad('a', -1, 'x')",
     "INVALID_FUNCTION_ARGUMENT: Target length must not be negative"),
    ("ties were dropped",
     "select x from (values 1, 1) as t(x) order by x fetch first 1 row with ties",
     "NOT_SUPPORTED: FETCH ... WITH TIES"),
    ("split_part from the end", "select split_part('a,b', ',', -1)",
     "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero"),
    ("split_part 0", "select split_part('a,b', ',', 0)",
     "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero"),
    ("element_at 0", "select element_at(array[1], 0)",
     "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
    ("split by nothing", "select split('abc', '')",
     "INVALID_FUNCTION_ARGUMENT: The delimiter may not be the empty string"),
    ("split by a column that is empty", "select split('abc', d) from (values '') as t(d)",
     "INVALID_FUNCTION_ARGUMENT: The delimiter"),
    ("split into none", "select split('abc', 'b', 0)",
     "INVALID_FUNCTION_ARGUMENT: Limit must be positive"),
    ("a sequence that leads away", "select sequence(1, 5, -1)",
     "INVALID_FUNCTION_ARGUMENT: sequence stop value does not lie in the direction of its step"),
    ("a step of 0", "select sequence(1, 5, 0)",
     "INVALID_FUNCTION_ARGUMENT: sequence stop value"),
    ("a long sequence", "select sequence(1, 10001)",
     "INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000"),
    ("dates by hours", "select sequence(date '2024-01-31', date '2024-02-01', interval '12' hour)",
     "TYPE_MISMATCH: sequence step must be a day interval"),
    ("a computed step",
     "select sequence(date '2024-01-31', date '2024-02-01', interval '1' day * 2)",
     "NOT_SUPPORTED: a sequence with a computed step"),
    ("timestamps without a step",
     "select sequence(timestamp '2024-01-31 00:00:00', timestamp '2024-02-01 00:00:00')",
     "NOT_SUPPORTED: "),
    ("an interval of weeks", "select date '2024-01-31' + interval '1' week",
     "SYNTAX_ERROR: an interval in weeks"),
    ("which group took part", "select regexp_extract('a', '(a)|(b*)', 2)",
     "NOT_SUPPORTED: group 2 of '(a)|(b*)' may be empty or absent"),
    ("a group that is not there", "select regexp_extract('a', '(a)', 2)",
     "GENERIC_USER_ERROR: Pattern has 1 groups. Cannot access group 2"),
    ("a group of a computed pattern", "select regexp_extract('a', 'a' || 'b', 1)",
     "NOT_SUPPORTED: regexp_extract of a computed group"),
    ("orders of arrays", "select array[1, null] < array[1, 3]",
     "NOT_SUPPORTED: ARRAY[1, NULL] < ARRAY[1, 3] orders arrays or rows"),
    ("orders of rows", "select (1, 2) between (1, 1) and (1, 3)", "NOT_SUPPORTED: "),
    ("maps that are compared", "select map(array[1], array[2]) = map(array[1], array[2])",
     "NOT_SUPPORTED: "),
    ("rows of other sizes", "select (1, 2) = (1, 2, 3)", "TYPE_MISMATCH: "),
    ("a column of USING with its table", f"select a.k {_USING}",
     "COLUMN_NOT_FOUND: Column 'a.k' cannot be resolved"),
    ("in WHERE, too", f"select 1 {_USING} where B.k = 1",
     "COLUMN_NOT_FOUND: Column 'B.k' cannot be resolved"),
    ("a.* beside USING", f"select a.* {_USING}", "NOT_SUPPORTED: a.* beside USING"),
    ("a path without $", "select json_extract_scalar('{\"a\": 1}', 'a')",
     "NOT_SUPPORTED: the JSON path 'a'"),
    ("a path of any member", "select json_extract('[1]', '$[*]')",
     "NOT_SUPPORTED: the JSON path '$[*]'"),
    ("a path from the end", "select json_extract('[1]', '$[-1]')", "NOT_SUPPORTED: the JSON path"),
    ("a path with a dash", "select json_extract_scalar('{}', '$.a-b')",
     "NOT_SUPPORTED: the JSON path"),
    ("a path of a column", "select json_extract_scalar('{}', p) from (values '$.a') as t(p)",
     "NOT_SUPPORTED: the JSON path p"),
    ("$ of a replacement alone", "select regexp_replace('abc', 'b', '$')",
     "GENERIC_USER_ERROR: Illegal replacement sequence in '$'"),
    ("a group's number before a digit", "select regexp_replace('abc', '(b)', '$11')",
     "NOT_SUPPORTED: a group's number before a digit"),
    ("Java finds nothing more often", "select regexp_replace('abc', 'b*', '-')",
     "NOT_SUPPORTED: regexp_replace of 'b*', which may match nothing"),
    ("$ of a text that ends with a newline", "select regexp_extract('a'||chr(10), 'a$')",
     "INVALID_FUNCTION_ARGUMENT: $ of a text that ends with a newline is not answered locally"),
    ("and of a computed pattern", "select regexp_like('a'||chr(10), 'a'||'$')",
     "INVALID_FUNCTION_ARGUMENT: $ of a text"),
    ("and before other things", "select regexp_like('a'||chr(10), 'a$(b|c)?')",
     "INVALID_FUNCTION_ARGUMENT: $ of a text"),
    ("a class within a class", "select regexp_like('a', '[a-c&&[b]]')",
     "NOT_SUPPORTED: a class within a class"),
    (r"\Q", r"select regexp_like('a', '\Qa\E')", r"NOT_SUPPORTED: \Q in "),
)  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "rows"), [pytest.param(*case, id=name) for name, *case in ANSWERED]
)
def test_the_answer_is_trino_s(
    athena: LocalAthena, sql: str, rows: list[tuple[object, ...]]
) -> None:
    """The rows are Trino's."""
    assert athena.query(sql).rows == rows


@pytest.mark.parametrize(
    ("sql", "error"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_what_would_differ_is_an_error(athena: LocalAthena, sql: str, error: str) -> None:
    """An error as in Trino, or a refusal."""
    with pytest.raises(AthenaError) as caught:
        athena.query(sql)
    assert str(caught.value).startswith(error)


def test_the_blanks_are_those_of_trino() -> None:
    """Of all code points, asked of it one by one."""
    assert sorted(map(ord, BLANKS)) == [
        *range(0x09, 0x0E), *range(0x1C, 0x21), 0x1680, *range(0x2000, 0x2007),
        *range(0x2008, 0x200B), 0x2028, 0x2029, 0x205F, 0x3000,
    ]  # fmt: skip
