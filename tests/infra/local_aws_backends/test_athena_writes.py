"""CREATE TABLE AS, INSERT INTO and UNLOAD over HTTP: files, tables, partitions, manifests."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.infra.local_aws_backends.athena_lake import OUTPUT, AthenaLake


def manifest(athena: AthenaLake, id_: str) -> list[str]:
    """Return the files that a statement wrote."""
    execution = athena.execution(id_)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    location = execution["Statistics"]["DataManifestLocation"]
    assert location == f"{OUTPUT}{id_}-manifest.csv"
    key = location.removeprefix("s3://results/")
    body = athena.s3.get_object(Bucket="results", Key=key)["Body"].read().decode()
    return list(body.splitlines())


def paths(athena: AthenaLake, files: list[str]) -> list[Path]:
    """Return the files of the lake by their addresses."""
    return [athena.lake / file.removeprefix("s3://lake/") for file in files]


def test_a_table_is_made_of_a_query(athena: AthenaLake) -> None:
    """CTAS writes one Parquet file per partition, and table and partitions stand in Glue."""
    id_ = athena.start(
        "create table daily with (format = 'PARQUET', partitioned_by = ARRAY['day'], "
        "external_location = 's3://lake/daily/', write_compression = 'SNAPPY') as "
        "select id, cost, at, tags, labels, findings, day from items"
    )
    execution = athena.execution(id_)
    assert (execution["StatementType"], execution["SubstatementType"]) == (
        "DDL",
        "CREATE_TABLE_AS_SELECT",
    )
    files = manifest(athena, id_)
    assert [file.rpartition("/")[0] for file in files] == [
        "s3://lake/daily/day=2026-01-31",
        "s3://lake/daily/day=2026-02-01",
    ]
    column = pq.read_metadata(paths(athena, files)[0]).row_group(0).column(0)
    assert column.compression == "SNAPPY"
    everything = "select id, cost, at, tags, labels, findings, day from {} order by id"
    assert athena.rows(everything.format("daily")) == athena.rows(everything.format("items"))
    table = athena.glue.get_table(DatabaseName="finops", Name="daily")["Table"]
    assert table["StorageDescriptor"]["Columns"][5]["Type"] == (
        "array<struct<rule:string,amount:decimal(38,12)>>"
    )
    partitions = athena.glue.get_partitions(DatabaseName="finops", TableName="daily")
    assert [p["Values"] for p in partitions["Partitions"]] == [["2026-01-31"], ["2026-02-01"]]
    answer = athena.athena.get_query_results(QueryExecutionId=id_)
    assert (answer["UpdateCount"], answer["ResultSet"]["Rows"]) == (3, [])


def test_a_table_lies_with_the_results_by_default(athena: AthenaLake) -> None:
    """Without a location the table lies in `tables/` of the output location."""
    request: dict[str, Any] = {"ResultConfiguration": {"OutputLocation": "s3://lake/out"}}
    id_ = athena.start("create table few as select 1 as a, 'x' as b", **request)
    table = athena.glue.get_table(DatabaseName="finops", Name="few")["Table"]
    assert table["StorageDescriptor"]["Location"] == f"s3://lake/out/tables/{id_}/"
    assert athena.rows("select a, b from few")[1:] == [["1", "x"]]
    athena.rows("create table if not exists few as select 2 as a", **request)
    athena.rows("create table none as select id from items with no data", **request)
    assert athena.rows("select count(*) as n, sum(id) as s from none")[1:] == [["0", None]]


@pytest.mark.parametrize("format_", ["JSON", "TEXTFILE", "PARQUET"])
def test_formats_come_back(athena: AthenaLake, format_: str) -> None:
    """What was written in a format is read back the same, exact to the last digit."""
    athena.rows(
        f"create table copy with (format = '{format_}', external_location = 's3://lake/copy/') as "
        "select id, name, cost, at, date(at) as d, id > 1 as late from items"
    )
    query = "select id, name, cost, at, date(at) as d, id > 1 as late from {} order by id"
    expected = athena.rows(query.format("items"))
    assert athena.rows("select id, name, cost, at, d, late from copy order by id") == expected
    athena.rows("insert into copy select * from copy where id = 2")
    assert athena.rows("select count(*) as n from copy where id = 2")[1] == ["2"]


def test_inserted_rows_are_of_the_table_s_types(athena: AthenaLake) -> None:
    """INSERT widens numbers, fills what is left out with NULL, and registers partitions."""
    athena.rows(
        "create external table t (a bigint, b decimal(10,2), c string) partitioned by (d date) "
        "stored as parquet location 's3://lake/t/'"
    )
    id_ = athena.start("insert into t (a, d) values (1, date '2026-01-31'), (2, null)")
    assert athena.execution(id_)["SubstatementType"] == "INSERT"
    assert [file.split("/")[4] for file in manifest(athena, id_)] == [
        "d=2026-01-31",
        "d=__HIVE_DEFAULT_PARTITION__",
    ]
    athena.rows("insert into t select 3, 1.5, 'x', date '2026-01-31'")
    assert athena.rows("select a, b, c, d from t order by a")[1:] == [
        ["1", None, None, "2026-01-31"],
        ["2", None, None, None],
        ["3", "1.50", "x", "2026-01-31"],
    ]
    assert athena.rows("select a from t where d = date '2026-01-31' order by 1")[1:] == [
        ["1"],
        ["3"],
    ]
    reason = athena.failure("insert into t select 'x', 1, 'x', date '2026-01-31'")
    assert reason.startswith(
        "TYPE_MISMATCH: Insert query has mismatched column types: Table: [bigint, decimal(10,2), "
        "varchar, date], Query: [varchar, integer, varchar, date]"
    )
    assert "nope" in athena.failure("insert into t (nope) values (1)")


def test_projected_tables_take_rows_and_no_partitions(athena: AthenaLake) -> None:
    """INSERT into a table with projection needs no registered partition to be seen."""
    athena.rows(
        "insert into items (id, cost, period, day) "
        "values (9, cast(1.5 as decimal(38,12)), '2026-02', '2026-02-01')"
    )
    assert athena.rows("select cost from items where day = '2026-02-01' and id = 9")[1:] == [
        ["1.500000000000"]
    ]
    assert athena.rows('select count(*) as n from "items$partitions"')[1] == ["0"]


def test_unload_writes_files_only(athena: AthenaLake) -> None:
    """UNLOAD writes Parquet, JSON and text, by partition, with the query's columns told."""
    id_ = athena.start(
        "unload (select id, cost, day from items) to 's3://lake/un/parquet/' "
        "with (format = 'PARQUET', partitioned_by = ARRAY['day'])"
    )
    files = manifest(athena, id_)
    assert [file.split("/")[5] for file in files] == ["day=2026-01-31", "day=2026-02-01"]
    assert sum(pq.read_metadata(path).num_rows for path in paths(athena, files)) == 3
    answer = athena.athena.get_query_results(QueryExecutionId=id_)["ResultSet"]
    assert answer["Rows"] == []
    columns = answer["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"]) for c in columns] == [
        ("id", "bigint"),
        ("cost", "decimal"),
        ("day", "varchar"),
    ]
    [text] = manifest(
        athena,
        athena.start(
            "unload (select id, name from items where id < ? order by id) to 's3://lake/un/csv/' "
            "with (format = 'TEXTFILE', field_delimiter = ';', compression = 'NONE')",
            "3",
        ),
    )
    assert paths(athena, [text])[0].read_text() == "1;one,uno\n2;\\N\n"
    [document] = manifest(
        athena,
        athena.start(
            "unload (select cost, tags from items where id = 1) to 's3://lake/un/json/' "
            "with (format = 'JSON')"
        ),
    )
    assert document.endswith(".gz")
    line = gzip.decompress(paths(athena, [document])[0].read_bytes()).decode()
    assert '"cost":98765432109876.123456789012' in line
    assert json.loads(line)["tags"] == {"team": "x", "Env": "prod"}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("create table t with (format='ORC', external_location='s3://lake/n/') as select 1 as a",
         "NOT_SUPPORTED: files of format ORC"),
        ("create table t with (table_type='ICEBERG', location='s3://lake/n/', is_external=false) "
         "as select 1 as a", "INVALID_PARAMETER_USAGE: table property 'location'"),
        ("create table t with (table_type='ICEBERG') as select 1 as a", "NOT_SUPPORTED: Iceberg"),
        ("create table t with (partitioned_by=ARRAY['a'], external_location='s3://lake/n/') as "
         "select 'x' as a, 1 as b", "SYNTAX_ERROR: Partition keys must be the last"),
        ("create table t with (partitioned_by=ARRAY['z'], external_location='s3://lake/n/') as "
         "select 1 as b", "SYNTAX_ERROR: Partition columns ['z'] not present"),
        ("create table t with (external_location='s3://lake/state/') as select 1 as a",
         "HIVE_PATH_ALREADY_EXISTS: Target directory for table 'finops.t' already exists"),
        ("create table t with (external_location='s3://lake/n/') as select now() as a",
         "NOT_SUPPORTED: Unsupported Hive type: "),
        ("unload (select 1 as a) to 's3://nowhere/x/' with (format='JSON')",
         "NOT_SUPPORTED: bucket nowhere does not exist"),
        ("unload (select 1 as a) to 's3://lake/n/' with (format='JSON', speed='9')",
         "INVALID_PARAMETER_USAGE: unload property 'speed'"),
        ("unload (select id from items) to 's3://lake/n/' with (format='JSON', compression='LZO')",
         "NOT_SUPPORTED: compression LZO"),
        ("insert into state select '2026-01-01', 1", "NOT_SUPPORTED: INSERT into table state"),
        ("create table t with (partitioned_by=ARRAY['p'], external_location='s3://lake/n/') as "
         "select 1 as a, x as p from unnest(sequence(1, 101)) as u(x)",
         "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_leaves_nothing(athena: AthenaLake, sql: str, words: str) -> None:
    """Refused writes say why in Athena's words; no table, no file."""
    assert athena.failure(sql).startswith(words)
    assert athena.rows("show tables") == [["items"], ["state"]]
    assert not (athena.lake / "n").exists()


def test_an_enforcing_workgroup_places_tables_itself(athena: AthenaLake) -> None:
    """external_location is refused at once where the workgroup says where everything goes."""
    configuration = {"ResultConfiguration": {"OutputLocation": "s3://lake/enforced/"}}
    athena.athena.create_work_group(Name="strict", Configuration=configuration)
    sql = "create table t with (external_location = 's3://lake/n/') as select 1 as a"
    assert "enforces a centralized output location" in athena.refusal(sql, WorkGroup="strict")
    athena.rows("create table t as select 1 as a", WorkGroup="strict")
    table: dict[str, Any] = athena.glue.get_table(DatabaseName="finops", Name="t")["Table"]
    assert table["StorageDescriptor"]["Location"].startswith("s3://lake/enforced/tables/")
