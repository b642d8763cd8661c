"""What has no answer: one line, Athena's code, and what to do next."""

from decimal import Decimal
from pathlib import Path

import pytest

from infra.local.athena import AthenaError, LocalAthena
from schemas.tables import Column, Table
from tests.infra.athena.lakes import ITEMS, write_items

SELECT_ONLY = (
    "Only one SELECT (with WITH and UNION) runs here; tables and views are set up by code."
)
FIX = "Write one SELECT statement of Athena's SQL."
CAST = "Cast one side, for example date '2026-01-31' or cast(x as varchar)."
TO_DOUBLE = "Cast one side: cast(a as double) / b, or both to decimal(38,12)."
KNOWN = "Use a function that Athena has and the local engine knows."
MESSAGES: tuple[tuple[str, str], ...] = (
    # statements
    ("DROP TABLE items", f"NOT_SUPPORTED: a statement that begins with DROP. {SELECT_ONLY}"),
    (
        "INSERT INTO items SELECT 1",
        f"NOT_SUPPORTED: a statement that begins with INSERT. {SELECT_ONLY}",
    ),
    (
        "MERGE INTO items USING items ON true WHEN MATCHED THEN DELETE",
        f"NOT_SUPPORTED: a statement that begins with MERGE. {SELECT_ONLY}",
    ),
    ("SHOW TABLES", f"NOT_SUPPORTED: a statement that begins with SHOW. {SELECT_ONLY}"),
    (
        "COPY (SELECT 1) TO 'x'",
        f"NOT_SUPPORTED: a statement that begins with COPY. {SELECT_ONLY}",
    ),
    ("FROM items", f"NOT_SUPPORTED: a statement that begins with FROM. {SELECT_ONLY}"),
    ("", f"NOT_SUPPORTED: a statement that begins with NOTHING. {SELECT_ONLY}"),
    ("SELECT 1; SELECT 2", f"NOT_SUPPORTED: 2 statements at once. {SELECT_ONLY}"),
    # syntax
    ("SELECT 1 FROM", f"SYNTAX_ERROR: line 1:13: Expected table name near 'FROM'. {FIX}"),
    ("SELECT\n  (1", f"SYNTAX_ERROR: line 2:4: Expecting ) near '1'. {FIX}"),
    ("SELECT 'a", f"SYNTAX_ERROR: a quote or comment is not closed. {FIX}"),
    ("SELECT id::integer FROM items", "SYNTAX_ERROR: line 1:11: '::'. Write cast(x as type)."),
    (
        "SELECT id FROM items WHERE name ILIKE 'a'",
        "SYNTAX_ERROR: ILIKE is not in Athena's SQL. Compare lower(...) with LIKE.",
    ),
    (
        "SELECT DISTINCT ON (id) id FROM items",
        "SYNTAX_ERROR: DISTINCT ON is not in Athena's SQL. Use max_by or row_number().",
    ),
    (
        "SELECT id FROM items WHERE id = ?",
        "NOT_SUPPORTED: parameters are not taken here. Write the value.",
    ),
    (
        "SELECT id FROM items TABLESAMPLE BERNOULLI (10)",
        "NOT_SUPPORTED: TABLESAMPLE gives another answer each time. Use LIMIT.",
    ),
    (
        "SELECT id FROM items NATURAL JOIN state",
        "SYNTAX_ERROR: NATURAL JOIN is not in Athena's SQL. Use JOIN ... ON.",
    ),
    (
        "SELECT id FROM items FOR TIMESTAMP AS OF timestamp '2026-01-01 00:00:00'",
        "NOT_SUPPORTED: time travel needs an Iceberg table. Leave out FOR ... AS OF.",
    ),
    (
        "SELECT extract(dow FROM at) FROM items",
        "NOT_SUPPORTED: extract(dow from ...). Use a function such as day_of_week(x).",
    ),
    # names
    (
        "SELECT 1 FROM itemz",
        "TABLE_NOT_FOUND: line 1:15: Table 'finops.itemz' does not exist. "
        "Did you mean items? Tables: items, state.",
    ),
    (
        "SELECT 1 FROM other.items",
        "TABLE_NOT_FOUND: line 1:21: Table 'other.items' does not exist. "
        "Did you mean items? Tables: items, state.",
    ),
    (
        "SELECT 1 FROM information_schema.tables",
        "TABLE_NOT_FOUND: line 1:34: Table 'information_schema.tables' does not exist. "
        "Tables: items, state.",
    ),
    (
        'SELECT 1 FROM "/etc/passwd"',
        "TABLE_NOT_FOUND: line 1:17: Table 'finops./etc/passwd' does not exist. "
        "Tables: items, state.",
    ),
    (
        "SELECT costs FROM items",
        "COLUMN_NOT_FOUND: Column 'costs' cannot be resolved. "
        "Did you mean cost? Name a column of the tables after FROM.",
    ),
    (
        "SELECT i.costs FROM items i",
        "COLUMN_NOT_FOUND: Column 'costs' cannot be resolved. "
        "Did you mean cost? Name a column of the tables after FROM.",
    ),
    (
        "SELECT id AS n FROM items WHERE n = 1",
        "COLUMN_NOT_FOUND: Column 'n' cannot be resolved. Name a column of the tables after FROM.",
    ),
    (
        "SELECT id FROM items a, items b",
        "COLUMN_NOT_FOUND: Column 'id' is in none of the tables after FROM, or in several. "
        "Write the table's name before it.",
    ),
    (
        "SELECT day, sum(id) AS n FROM items GROUP BY day HAVING n > 1",
        "COLUMN_NOT_FOUND: Column 'n' cannot be resolved. Name a column of the tables after FROM.",
    ),
    (
        "SELECT lower(day) AS xyz FROM items GROUP BY xyz",
        "COLUMN_NOT_FOUND: Column 'xyz' cannot be resolved. "
        "Name a column of the tables after FROM.",
    ),
    # functions
    (
        "SELECT 1, foo(1)",
        "FUNCTION_NOT_FOUND: line 1:11: Function 'foo' not registered. "
        f"Did you mean floor? {KNOWN}",
    ),
    (
        "SELECT * FROM read_csv('/etc/passwd')",
        "NOT_SUPPORTED: READ_CSV('/etc/passwd') in FROM is neither a table nor a view. "
        "Name a table of the lake.",
    ),
    (
        "SELECT getenv('HOME')",
        f"FUNCTION_NOT_FOUND: line 1:8: Function 'getenv' not registered. {KNOWN}",
    ),
    (
        "SELECT datediff(at, at) FROM items",
        "FUNCTION_NOT_FOUND: line 1:8: Function 'datediff' not registered. "
        f"Did you mean date_diff, date, date_add? {KNOWN}",
    ),
    (
        "SELECT format('%s', 1)",
        "NOT_SUPPORTED: format() is not answered locally. "
        "Instead: write the text with || and cast.",
    ),
    (
        "SELECT typeof(1)",
        "NOT_SUPPORTED: typeof() is not answered locally. "
        "Instead: its type names differ; the result's column types are in the answer.",
    ),
    (
        "SELECT date_format(at, '%D') FROM items",
        "NOT_SUPPORTED: date_format with %D. Use %Y %m %d %H %i %s and literal text.",
    ),
    (
        "SELECT format_datetime(at, 'yyyy-QQ') FROM items",
        "NOT_SUPPORTED: format_datetime with QQ. Use date_format with %Y %m %d %H %i.",
    ),
    (
        "SELECT cast(1.5e0 as varchar)",
        "NOT_SUPPORTED: cast(1.5e0 as varchar) of a double. Cast a double to decimal first; "
        "use json_format(cast(x as json)) for nested values.",
    ),
    (
        "SELECT reduce(labels, 0.5, (s, x) -> s, s -> s) / 2 FROM items",
        "NOT_SUPPORTED: the exact type of REDUCE(labels, 0.5, (s, x) -> s) / 2 "
        f"cannot be told (unknown / integer). {TO_DOUBLE}",
    ),
    (
        "SELECT 1 FROM items CROSS JOIN UNNEST(findings) AS f",
        "NOT_SUPPORTED: UNNEST without column names. Name them: unnest(x) AS t(a, b).",
    ),
    # types
    (
        "SELECT 1 FROM items CROSS JOIN UNNEST(findings) AS f(a)",
        "TYPE_MISMATCH: Column alias list has 1 entries but 'f' has 2 columns. "
        "Name each column, one per field of the row.",
    ),
    (
        "SELECT id FROM items WHERE at >= '2026-01-01'",
        f"TYPE_MISMATCH: at >= '2026-01-01' combines timestamp with varchar. {CAST}",
    ),
    (
        "SELECT id FROM items WHERE day BETWEEN date '2026-01-01' AND date '2026-02-01'",
        "TYPE_MISMATCH: day BETWEEN CAST('2026-01-01' AS DATE) AND CAST('2026-02-01' AS DATE) "
        f"combines varchar with date. {CAST}",
    ),
    (
        "SELECT id FROM items WHERE id IN ('1')",
        f"TYPE_MISMATCH: id IN ('1') combines bigint with varchar. {CAST}",
    ),
    (
        "SELECT 'a' || id FROM items",
        f"TYPE_MISMATCH: 'a' || id combines varchar with bigint. {CAST}",
    ),
    (
        "SELECT name + 1 FROM items",
        f"TYPE_MISMATCH: name + 1 combines varchar with integer. {CAST}",
    ),
    (
        "SELECT cost FROM items UNION ALL SELECT cost * qty FROM items",
        "TYPE_MISMATCH: decimal(38,12) and decimal(38,24) have no common type of 38 digits. "
        "Cast both to decimal(38,12).",
    ),
    (
        "SELECT if(id > 1, cost, cost * qty) FROM items",
        "TYPE_MISMATCH: decimal(38,12) and decimal(38,24) have no common type of 38 digits. "
        "Cast both to decimal(38,12).",
    ),
    (
        "SELECT cost + cost * qty FROM items",
        "TYPE_MISMATCH: decimal(38,12) and decimal(38,24) have no common type of 38 digits. "
        "Cast both to decimal(38,12).",
    ),
    # the data
    (
        "SELECT tags['none'] FROM items",
        "INVALID_FUNCTION_ARGUMENT: Key not present in map. "
        "Use element_at, which gives NULL instead.",
    ),
    (
        "SELECT labels[9] FROM items",
        "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length. "
        "Use element_at, which gives NULL instead.",
    ),
    (
        "SELECT name, count(*) FROM items",
        "EXPRESSION_NOT_AGGREGATE: 'name' must be an aggregate expression or appear in GROUP BY "
        "clause. Add it to GROUP BY, or ask for arbitrary(name).",
    ),
    (
        "SELECT (SELECT id FROM items) AS x",
        "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows. "
        "Let it return one, such as max(x).",
    ),
    (
        "SELECT cast(name as integer) FROM items WHERE id = 3",
        "INVALID_CAST_ARGUMENT: Cannot cast 'three' to integer. "
        "Use try_cast, which gives NULL instead.",
    ),
)


@pytest.mark.parametrize(("sql", "message"), MESSAGES)
def test_refusal(athena: LocalAthena, sql: str, message: str) -> None:
    """Each refusal is one line: the code, what happened, the next step."""
    with pytest.raises(AthenaError) as caught:
        athena.query(sql)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "sql", ["SELECT 1 / 0", "SELECT cost / 0 FROM items", "SELECT id % 0 FROM items"]
)
def test_division_by_zero_is_an_error(athena: LocalAthena, sql: str) -> None:
    """Integers and decimals by zero fail, as on Athena; only doubles are infinite."""
    with pytest.raises(AthenaError, match=r"DIVISION_BY_ZERO: Division by zero"):
        athena.query(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT cast('1.5' as bigint)",
        "SELECT cast('x' as decimal(38,12))",
        "SELECT cast('x' as date)",
    ],
)
def test_a_cast_that_fails_is_an_error(athena: LocalAthena, sql: str) -> None:
    """What Athena cannot cast is an error here too, one line long."""
    with pytest.raises(
        AthenaError,
        match=r"INVALID_CAST_ARGUMENT: .*cannot be cast|INVALID_CAST_ARGUMENT: Cannot cast",
    ) as caught:
        athena.query(sql)
    assert "\n" not in str(caught.value)


def test_a_number_that_does_not_fit_is_an_error(athena: LocalAthena) -> None:
    """Not the nearest one that does."""
    with pytest.raises(AthenaError) as caught:
        athena.query("SELECT cast(1e30 as bigint)")
    assert str(caught.value) == (
        "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for bigint: 1e+30. "
        "Cast to a wider type, or to double."
    )


def test_a_view_that_uses_itself_is_refused(tmp_path: Path) -> None:
    """A circle of views is named, not followed."""
    views = {"a": "SELECT * FROM b", "b": "SELECT * FROM a"}
    with pytest.raises(AthenaError) as caught:
        LocalAthena(tmp_path, (ITEMS,), views).query("SELECT * FROM a")
    assert str(caught.value) == (
        "NOT_SUPPORTED: view a uses itself (a -> b -> a). Break the circle."
    )


def test_an_error_inside_a_view_names_the_view(tmp_path: Path) -> None:
    """The person who wrote the query learns that the view is at fault."""
    athena = LocalAthena(tmp_path, (ITEMS,), {"v": "SELECT foo(1)"})
    with pytest.raises(AthenaError, match="FUNCTION_NOT_FOUND: in view v: "):
        athena.query("SELECT * FROM v")


def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    """A damaged file fails the query; its rows are not silently missing."""
    write_items(tmp_path, "2026-01-01", ())
    (tmp_path / ITEMS.prefix / "period=2026-01/day=2026-01-01/x.parquet").write_bytes(b"garbage")
    with pytest.raises(AthenaError, match=r"HIVE_BAD_DATA: .*: processed/items/.*x\.parquet"):
        LocalAthena(tmp_path, (ITEMS,), {}).query("SELECT count(*) FROM items")


def test_decimals_in_json_tables_are_exact(tmp_path: Path) -> None:
    """Amounts written as strings, alone or nested, never pass through double."""
    amount = "12345678901234567890123456.123456789012"
    nested = "array<struct<a:decimal(38,12)>>"
    columns = (Column("c", "decimal(38,12)", "Money."), Column("n", nested, "Money inside."))
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.json").write_text(f'{{"c": "{amount}", "n": [{{"a": "-{amount}"}}]}}\n')
    athena = LocalAthena(tmp_path, [Table("t", "t/", "json", columns, (), "A table.")], {})
    assert athena.rows("select c, n from t") == [
        {"c": Decimal(amount), "n": [{"a": Decimal(f"-{amount}")}]}
    ]
