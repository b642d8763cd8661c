"""Whole queries: UNNEST, names of outputs, views, WITH, and tables that lack files or columns."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.athena import AthenaError, LocalAthena
from infra.local.athena.engine import Columns, Rows
from infra.local.athena.files import LakeFile
from tests.infra.athena.lakes import ITEMS, ROWS, STATE, write_items

D = Decimal
QUERIES: tuple[tuple[str, list[tuple[object, ...]]], ...] = (
    # UNNEST
    (
        "SELECT id, k, v FROM items CROSS JOIN UNNEST(tags) AS t(k, v) ORDER BY k",
        [(1, "Env", "prod"), (1, "team", "x")],
    ),
    (
        "SELECT id, k FROM items LEFT JOIN UNNEST(tags) AS t(k, v) ON TRUE ORDER BY id, k",
        [(1, "Env"), (1, "team"), (2, None), (3, None)],
    ),
    (
        "SELECT id, l, n FROM items CROSS JOIN UNNEST(labels) WITH ORDINALITY AS t(l, n) "
        "ORDER BY id, n",
        [(1, "b", 1), (1, "a", 2), (2, None, 1), (2, "c", 2)],
    ),
    (
        "SELECT f.r, f.a / 2 FROM items, UNNEST(findings) AS f(r, a) ORDER BY f.r",
        [("spike", D("0.75")), ("tags", D("1E-12"))],
    ),
    (
        "SELECT r, a, n FROM items CROSS JOIN UNNEST(findings) WITH ORDINALITY AS f(r, a, n) "
        "WHERE n = 2",
        [("tags", D("1E-12"), 2)],
    ),
    (
        "SELECT x, y FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS t(x, y)",
        [(1, "a"), (2, None)],
    ),
    (
        "SELECT d FROM UNNEST(sequence(date '2026-01-31', date '2026-02-01', interval '1' day)) "
        "AS t(d) WHERE d > date '2026-01-31'",
        [(date(2026, 2, 1),)],
    ),
    (
        "SELECT id, (SELECT sum(f.a) FROM UNNEST(findings) AS f(r, a)) FROM items ORDER BY id",
        [(1, D("1.500000000001")), (2, None), (3, None)],
    ),
    (
        "WITH days AS (SELECT array_agg(cast(row(id, labels) AS row(i bigint, l array(varchar)))) "
        "AS rows FROM items WHERE id = 1) "
        "SELECT i, x FROM days CROSS JOIN UNNEST(rows) AS r(i, l) CROSS JOIN UNNEST(l) AS u(x)",
        [(1, "b"), (1, "a")],
    ),
    # names in WITH, subqueries, unions
    (
        "WITH items AS (SELECT id FROM finops.items WHERE id < 3) SELECT count(*) FROM items",
        [(2,)],
    ),
    ("SELECT count(*) FROM awsdatacatalog.finops.items", [(3,)]),
    ('SELECT count(*) FROM "AwsDataCatalog"."finops"."items" AS x', [(3,)]),
    ("SELECT Id FROM Items i WHERE I.ID = 1", [(1,)]),
    ("SELECT id FROM items WHERE cost IN (SELECT max(cost) FROM items)", [(1,)]),
    (
        "SELECT id FROM items UNION ALL SELECT events FROM state ORDER BY 1",
        [(1,), (2,), (2,), (3,), (None,)],
    ),
    ("SELECT id FROM items EXCEPT SELECT 1 ORDER BY id", [(2,), (3,)]),
    ("(SELECT id FROM items ORDER BY id DESC LIMIT 1)", [(3,)]),
    ("(SELECT id FROM items) ORDER BY id DESC LIMIT 1", [(3,)]),
    ("(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1 DESC LIMIT 1", [(2,)]),
    ("SELECT id FROM items ORDER BY id OFFSET 1 ROWS FETCH FIRST 1 ROW ONLY", [(2,)]),
    ("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(n, s) WHERE n > 1", [(2, "b")]),
    # grouping
    (
        "SELECT day, grouping(day), sum(qty) FROM items GROUP BY ROLLUP (day) ORDER BY 2, 1",
        [("2026-01-31", 0, D("10")), ("2026-02-01", 0, D("0")), (None, 1, D("10"))],
    ),
    (
        "SELECT day AS d, sum(id) AS s FROM items GROUP BY 1 HAVING sum(id) > 0 ORDER BY s DESC, d",
        [("2026-01-31", 3), ("2026-02-01", 3)],
    ),
    (
        "SELECT day, sum(cost) / sum(qty) AS c FROM items GROUP BY day "
        "HAVING sum(qty) / count(*) > 1 ORDER BY sum(cost) / count(*)",
        [("2026-01-31", D("9876543210987.612345678901"))],
    ),
    (
        "SELECT lower(day) FROM items GROUP BY lower(day) ORDER BY lower(day) DESC LIMIT 1",
        [("2026-02-01",)],
    ),
    (
        "SELECT a.id FROM items a JOIN state s ON a.day = s.day AND s.events = 2 ORDER BY 1",
        [(1,), (2,)],
    ),
    ("SELECT id FROM items JOIN state USING (day) WHERE events IS NULL", [(3,)]),
    ("SELECT day, events FROM state ORDER BY day", [("2026-01-31", 2), ("2026-02-01", None)]),
    # a set operation's type is the wider one: the quotient keeps its digits
    (
        "SELECT c / 1 FROM (SELECT 7 AS c WHERE false UNION ALL SELECT 0.5) AS t",
        [(D("0.5"),)],
    ),
)


@pytest.mark.parametrize(("sql", "rows"), QUERIES)
def test_query(athena: LocalAthena, sql: str, rows: list[tuple[object, ...]]) -> None:
    """Each query has Athena's rows."""
    assert athena.query(sql).rows == rows


def test_unnamed_outputs_are_named_by_position(athena: LocalAthena) -> None:
    """An output without a name is `_col` and its position, counted after `*` is expanded."""
    result = athena.query(
        "SELECT 1, t.n, count(*), t.n + 1 AS B FROM (VALUES 1) AS t(n) GROUP BY n"
    )
    assert [name for name, _ in result.columns] == ["_col0", "n", "_col2", "b"]
    result = athena.query(
        "SELECT *, element_at(tags, 'team') FROM (SELECT tags, 2 * id FROM items) AS t"
    )
    assert [name for name, _ in result.columns] == ["tags", "_col1", "_col2"]


def test_star_shows_columns_and_partitions_and_hides_the_path(athena: LocalAthena) -> None:
    """`*` is the table's columns, then its partitions, in Athena's types."""
    assert athena.query("SELECT * FROM items").columns == (
        ("id", "bigint"),
        ("name", "varchar"),
        ("cost", "decimal(38,12)"),
        ("qty", "decimal(38,12)"),
        ("at", "timestamp(3)"),
        ("tags", "map(varchar, varchar)"),
        ("labels", "array(varchar)"),
        ("findings", "array(row(rule varchar, amount decimal(38,12)))"),
        ("period", "varchar"),
        ("day", "varchar"),
    )


def test_rows_are_dictionaries_of_python_values(athena: LocalAthena) -> None:
    """`rows` gives each row by column name, nested values as dict and list, money as Decimal."""
    assert athena.rows("SELECT id, findings FROM items WHERE id = 1") == [
        {
            "id": 1,
            "findings": [
                {"rule": "spike", "amount": D("1.5")},
                {"rule": "tags", "amount": D("1E-12")},
            ],
        }
    ]


def test_a_table_without_files_is_empty_and_typed(tmp_path: Path) -> None:
    """No file is an empty table with the catalogue's types, not an error."""
    athena = LocalAthena(tmp_path / "none", (ITEMS, STATE), {})
    result = athena.query("SELECT cost, tags, day FROM items")
    assert result.rows == [] and result.files_scanned == 0
    assert [type_ for _, type_ in result.columns] == [
        "decimal(38,12)",
        "map(varchar, varchar)",
        "varchar",
    ]
    assert athena.query("SELECT sum(events), count(*) FROM state").rows == [(None, 0)]


def test_a_column_that_a_file_lacks_is_null(tmp_path: Path) -> None:
    """Files written before a column was added answer NULL for it."""
    write_items(tmp_path, "2026-01-01", ROWS[:1], columns=("id", "name"))
    write_items(tmp_path, "2026-01-01", ROWS[1:2])
    athena = LocalAthena(tmp_path, (ITEMS,), {})
    rows = athena.query("SELECT id, cost, tags FROM items ORDER BY id").rows
    assert rows == [(1, None, None), (2, D("-1E-12"), {})]


def test_files_that_athena_would_not_see_are_not_read(tmp_path: Path) -> None:
    """Hidden names and paths outside the partitions are no part of the table; all others are."""
    path = write_items(tmp_path, "2026-01-01", ROWS[:1])
    for name in ("_temporary.parquet", ".hidden.parquet"):
        (path.parent / name).write_text("garbage", "utf-8")
    (tmp_path / ITEMS.prefix / "stray.parquet").write_text("garbage", "utf-8")
    athena = LocalAthena(tmp_path, (ITEMS,), {})
    result = athena.query("SELECT count(*) FROM items")
    assert (result.rows, result.files_scanned) == ([(1,)], 1)
    assert result.bytes_scanned == path.stat().st_size
    (path.parent / "notes.txt").write_text("garbage", "utf-8")
    with pytest.raises(AthenaError, match=r"notes\.txt"):
        athena.query("SELECT count(*) FROM items")


def test_a_lake_in_a_folder_with_odd_characters(tmp_path: Path) -> None:
    """Quotes, blanks and `=` in the lake's own path do no harm."""
    lake = tmp_path / "it's a day=0 lake"
    write_items(lake, "2026-01-01", ROWS[:1])
    athena = LocalAthena(lake, (ITEMS,), {})
    assert athena.query('SELECT day, "$path" FROM items').rows == [
        ("2026-01-01", "processed/items/period=2026-01/day=2026-01-01/0.parquet")
    ]


def test_views_use_views_and_cannot_be_captured_by_a_with_name(tmp_path: Path) -> None:
    """A view means the same wherever it is used; WITH names of the query stay outside it."""
    write_items(tmp_path, "2026-01-01", ROWS)
    views = {"small": "SELECT id, cost FROM items WHERE id > 1", "tiny": "SELECT id FROM small s"}
    athena = LocalAthena(tmp_path, (ITEMS,), views)
    sql = (
        "WITH items AS (SELECT 9 AS id) SELECT t.id, items.id FROM tiny t, items, small ORDER BY 1"
    )
    assert athena.query(sql).rows == [(2, 9), (2, 9), (3, 9), (3, 9)]
    assert athena.tables() == ["items", "small", "tiny"]


@settings(max_examples=25, deadline=None)
@given(
    st.decimals("-1e14", "1e14", places=12, allow_nan=False),
    st.decimals("-1e14", "1e14", places=12, allow_nan=False).filter(bool),
)
def test_division_is_exact(athena: LocalAthena, dividend: Decimal, divisor: Decimal) -> None:
    """A quotient of decimals is the true quotient, rounded half up at the twelfth digit."""
    with localcontext() as context:
        context.prec = 100
        true = (dividend / divisor).quantize(D("1E-12"), ROUND_HALF_UP)
    if abs(true) >= 10**26:
        return
    cast = "cast('{:f}' as decimal(38,12))".format
    sql = f"SELECT {cast(dividend)} / {cast(divisor)}"
    assert athena.query(sql).rows == [(true,)]


def test_what_does_not_fit_is_an_error_and_never_another_number(athena: LocalAthena) -> None:
    """Sums beyond 38 digits and quotients beyond 128 bits fail."""
    huge = "cast('90000000000000000000000000' as decimal(38,12))"
    for sql in (
        f"SELECT sum(x) FROM (VALUES {huge}, {huge}) AS t(x)",
        f"SELECT {huge} / cast('0.000000000001' as decimal(38,12))",
        "SELECT sum(x) FROM (VALUES 9223372036854775807, 1) AS t(x)",
    ):
        with pytest.raises(AthenaError, match="NUMERIC_VALUE_OUT_OF_RANGE"):
            athena.query(sql)


class _Late(LocalAthena):
    """Loses a file between its listing and its reading."""

    def _files(self, scan: Any) -> list[LakeFile]:
        files = super()._files(scan)
        Path(files[0].path).unlink()
        return files


def test_a_file_that_is_deleted_meanwhile_is_said_so(tmp_path: Path) -> None:
    """Athena's code, which a client may ask again at; never an answer without the file."""
    write_items(tmp_path, "2026-01-31", ROWS[:2])
    write_items(tmp_path, "2026-02-01", ROWS[2:])
    with pytest.raises(AthenaError, match="HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split proc"):
        _Late(tmp_path, (ITEMS,), {}).rows("select count(*) from items")
    assert LocalAthena(tmp_path, (ITEMS,), {}).rows("select count(*) as n from items") == [{"n": 1}]


def test_a_long_answer_comes_in_pieces(athena: LocalAthena) -> None:
    """Each row once, in order, and never all of them at a time."""
    sizes: list[int] = []

    def use(columns: Columns, chunks: Iterator[Rows]) -> list[object]:
        assert columns == (("n", "bigint"), ("at", "timestamp(3) with time zone"))
        numbers = []
        for rows in chunks:
            sizes.append(len(rows))
            numbers += [row[0] for row in rows]
        return numbers

    sql = (
        "SELECT a.x * 1000 + b.y AS n, from_unixtime(a.x * 1000 + b.y) AS at "
        "FROM UNNEST(sequence(0, 24)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000)) AS b(y) "
        "ORDER BY 1"
    )
    result, numbers = athena.read(sql, use)
    assert numbers == list(range(1, 25_001))
    assert result.rows == []
    assert len(sizes) > 2
