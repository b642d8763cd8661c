"""Statements over HTTP: failures, databases, views and listings."""

import base64
import json

import pytest

from infra.athena.catalog import views
from schemas.tables import TABLES, Table
from tests.infra.athena.lakes import write_garbage
from tests.infra.local_aws_backends.athena_lake import (
    OPENX,
    PARQUET,
    AthenaLake,
)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select nope from items", "COLUMN_NOT_FOUND"),
        ("select * from nope", "TABLE_NOT_FOUND"),
        ("select * from other.items", "SCHEMA_NOT_FOUND"),
        ("selec 1", ""),
        ("select 1 +", "SYNTAX_ERROR"),
        ("select cost = 'x' from items", "TYPE_MISMATCH"),
        ("insert into items select 1", "TYPE_MISMATCH"),
        ("create table t as select 1", "SYNTAX_ERROR"),
        ("create table items as select 1 as a", "ALREADY_EXISTS"),
        ("show partitions state", "NOT_SUPPORTED"),
        ("merge into items using state on true when matched then delete", "NOT_SUPPORTED"),
        ("delete from items", "NOT_SUPPORTED"),
        ("update items set id = 1", "NOT_SUPPORTED"),
        ("optimize items rewrite data using bin_pack", "NOT_SUPPORTED"),
        ("vacuum items", "NOT_SUPPORTED"),
        ("explain analyze select 1", "NOT_SUPPORTED"),
        ("select foo(1)", "FUNCTION_NOT_FOUND"),
        ('select * from "items$files"', "NOT_SUPPORTED"),
        ("describe extended items", "NOT_SUPPORTED"),
        ("-- a comment\n/* another */ unload (select 1) to 's3://x/'", "SYNTAX_ERROR"),
        ("drop view nope", "TABLE_NOT_FOUND"),
        ("describe nope", "TABLE_NOT_FOUND"),
        ("show tables in nowhere", "SCHEMA_NOT_FOUND"),
    ],
)
def test_failures_have_athena_s_codes(athena: AthenaLake, sql: str, code: str) -> None:
    """What fails says why with Athena's code; what is no statement of Athena is not started."""
    if code:
        assert athena.failure(sql).startswith(f"{code}: ")
    else:
        assert athena.refusal(sql) == "Queries of this type are not supported"


def test_names_are_looked_up_in_the_query_s_database(athena: AthenaLake) -> None:
    """Unqualified names belong to the context's database, `default` without one."""
    qualified = 'select count(*) as n from "awsdatacatalog"."finops"."items"'
    assert athena.rows(qualified, database="default")[1] == ["3"]
    assert athena.rows("with items as (select 1 as n) select n from items", database="default")[
        1
    ] == ["1"]
    reason = athena.failure("select * from items", database="default")
    assert "Table 'default.items' does not exist" in reason
    assert "Catalog x is not found" in athena.refusal(
        "select 1", QueryExecutionContext={"Catalog": "x"}
    )


def test_several_databases_meet_in_a_query(athena: AthenaLake) -> None:
    """Tables and views of other databases are named in full, and views keep their own."""
    athena.rows("create database other")
    athena.rows("create view other.busy as select day, events from state where events > 1")
    joined = "select i.id, b.events from items i join other.busy b on b.day = i.day order by 1"
    assert athena.rows(joined)[1:] == [["2", "2"], ["3", "2"]]
    assert athena.rows("select events from busy", database="other")[1:] == [["2"]]
    assert "Table 'other.items' does not exist" in athena.failure("select * from other.items")


def test_views_live_in_glue_as_athena_s_own(athena: AthenaLake) -> None:
    """A view is stored in Athena's form with its columns' types, and queries see through it."""
    athena.rows(
        "create or replace view costs as select name, sum(cost) as cost, array_agg(id) as ids "
        "from items group by name;"
    )
    assert athena.rows("select name, cost from costs where name = 'three'")[1] == [
        "three",
        "10.000000000000",
    ]
    table = athena.glue.get_table(DatabaseName="finops", Name="costs")["Table"]
    assert table["TableType"] == "VIRTUAL_VIEW"
    assert table["StorageDescriptor"]["Columns"] == [
        {"Name": "name", "Type": "string"},
        {"Name": "cost", "Type": "decimal(38,12)"},
        {"Name": "ids", "Type": "array<bigint>"},
    ]
    text = table["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    definition = json.loads(base64.b64decode(text))
    assert definition["schema"] == "finops"
    assert definition["originalSql"].startswith("select name, sum(cost)")
    assert definition["columns"][0] == {"name": "name", "type": "varchar"}


def test_views_are_replaced_and_dropped(athena: AthenaLake) -> None:
    """A view is not overwritten by accident, is replaced on request, and goes when dropped."""
    athena.rows("create view v as select 1 as a")
    assert athena.failure("create view v as select 2 as a").startswith("ALREADY_EXISTS: ")
    assert athena.failure("create or replace view items as select 2 as a").startswith(
        "ALREADY_EXISTS: Table"
    )
    athena.rows("create or replace view finops.v as select 2 as a")
    assert athena.rows("select a from v")[1] == ["2"]
    assert athena.rows("show views") == [["v"]]
    athena.rows("drop view v")
    athena.rows("drop view if exists v")
    assert athena.failure("select a from v").startswith("TABLE_NOT_FOUND")
    assert athena.failure("drop view items").startswith("TABLE_NOT_FOUND")


def test_a_wrong_view_is_not_stored(athena: AthenaLake) -> None:
    """A view that cannot be answered is refused when it is created, without reading a file."""
    write_garbage(athena.lake, "2026-02-01")
    assert athena.failure("create view v as select nope from items").startswith("COLUMN_NOT_FOUND")
    athena.rows("create view v as select id from items")
    assert athena.rows("show views") == [["v"]]


def test_listings(athena: AthenaLake) -> None:
    """SHOW and DESCRIBE answer from Glue, as text files without a header."""
    athena.rows("create view costs as select 1 as a")
    assert athena.rows("show tables") == [["costs"], ["items"], ["state"]]
    assert athena.rows("show tables in finops 's*|it*'") == [["items"], ["state"]]
    assert athena.rows("show databases") == [["finops"]]
    described = athena.rows("describe items")
    assert described[0] == ["id                  \tbigint              \t                    "]
    assert ["# Partition Information"] in [
        [row[0].split("\t")[0].strip()] for row in described if row[0]
    ]
    id_ = athena.start("show tables")
    execution = athena.execution(id_)
    assert execution["StatementType"] == "UTILITY"
    assert execution["ResultConfiguration"]["OutputLocation"].endswith(f"{id_}.txt")
    body = athena.s3.get_object(Bucket="results", Key=f"answers/{id_}.txt")["Body"].read()
    assert body == b"costs\nitems\nstate\n"


def test_the_shipped_views_can_be_made_and_asked(athena: AthenaLake) -> None:
    """Every view of the project is created over its tables by CREATE VIEW, and answers."""
    for table in TABLES:
        serde = PARQUET if table.format == "parquet" else OPENX
        athena.table(table, serde, _projection(table))
    pending = dict(views())
    while pending:
        made = [name for name in pending if _view_is_made(athena, name, pending[name])]
        assert made, athena.failure(f"create view x as {next(iter(pending.values()))}")
        for name in made:
            del pending[name]
    for name in views():
        assert athena.rows(f"select count(*) as n from {name}")[1] == ["0"]


def _view_is_made(athena: AthenaLake, name: str, sql: str) -> bool:
    id_ = athena.start(f"create or replace view {name} as\n{sql}")
    return bool(athena.execution(id_)["Status"]["State"] == "SUCCEEDED")


def _projection(table: Table) -> dict[str, str]:
    """Return a projection of any value of the table's partition columns."""
    parameters = {"projection.enabled": "true"}
    for column in table.partitions:
        parameters |= {
            f"projection.{column.name}.type": "enum",
            f"projection.{column.name}.values": "v1",
        }
    return parameters
