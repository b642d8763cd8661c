"""CREATE, ALTER, DROP and MSCK over HTTP: what they make of Glue, and what SHOW says then."""

import pytest
from botocore.exceptions import ClientError

from tests.infra.local_aws_backends.athena_lake import AthenaLake

CREATE = """CREATE EXTERNAL TABLE IF NOT EXISTS `finops`.`events` (
  `id` bigint COMMENT 'Number.', cost decimal(10, 2), tags map<string,string>,
  parts array<struct<a:int,b:string>>)
COMMENT 'Things that happened.'
PARTITIONED BY (`day` string, hour int)
STORED AS PARQUET
LOCATION 's3://lake/events/'
TBLPROPERTIES ('owner'='me', 'projection.enabled'='false')"""


def insert(athena: AthenaLake, *rows: str) -> None:
    """Add rows of (id, day, hour)."""
    athena.rows(f"insert into events (id, day, hour) values {', '.join(rows)}")


def test_a_table_is_created_as_glue_has_it(athena: AthenaLake) -> None:
    """Columns, comments, partitions, storage and properties stand in Glue; twice is once."""
    for _ in range(2):
        assert athena.rows(CREATE) == []
    table = athena.glue.get_table(DatabaseName="finops", Name="events")["Table"]
    assert table["Description"] == "Things that happened."
    assert table["StorageDescriptor"]["Columns"] == [
        {"Name": "id", "Type": "bigint", "Comment": "Number."},
        {"Name": "cost", "Type": "decimal(10,2)"},
        {"Name": "tags", "Type": "map<string,string>"},
        {"Name": "parts", "Type": "array<struct<a:int,b:string>>"},
    ]
    assert [key["Type"] for key in table["PartitionKeys"]] == ["string", "int"]
    assert table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith(
        "ParquetHiveSerDe"
    )
    assert table["Parameters"]["owner"] == "me"
    id_ = athena.start(CREATE)
    execution = athena.execution(id_)
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DDL", "CREATE_TABLE")
    again = CREATE.replace("IF NOT EXISTS ", "")
    assert athena.failure(again).startswith("ALREADY_EXISTS: Table events")


def test_show_create_table_makes_the_table_again(athena: AthenaLake) -> None:
    """What SHOW CREATE TABLE prints is a statement that makes the same table."""
    athena.rows(CREATE)
    text = "\n".join(str(line) for (line,) in athena.rows("show create table events"))
    first = athena.glue.get_table(DatabaseName="finops", Name="events")["Table"]
    athena.rows("drop table events")
    athena.rows(text)
    second = athena.glue.get_table(DatabaseName="finops", Name="events")["Table"]
    for part in ("StorageDescriptor", "PartitionKeys", "Parameters"):
        assert second[part] == first[part]


def test_registered_partitions_are_what_is_read(athena: AthenaLake) -> None:
    """Without projection, Glue's partitions decide: added, dropped, found by MSCK, elsewhere."""
    athena.rows(CREATE)
    insert(athena, "(1, '2026-01-31', 7)", "(2, '2026-02-01', 8)")
    assert athena.rows("show partitions events") == [
        ["day=2026-01-31/hour=7"],
        ["day=2026-02-01/hour=8"],
    ]
    assert athena.rows("select day, hour from \"events$partitions\" where hour = '8'")[1:] == [
        ["2026-02-01", "8"]
    ]
    drop = "alter table events drop partition (day = '2026-01-31', hour = 7)"
    athena.rows(drop)
    assert athena.rows("select id, hour + 1 as next from events") == [["id", "next"], ["2", "9"]]
    assert "Partition not found" in athena.failure(drop)
    athena.rows(drop.replace("drop partition", "drop if exists partition"))
    repaired = athena.rows("msck repair table events")
    assert repaired[0] == ["Partitions not in metastore:\tevents:day=2026-01-31/hour=7"]
    assert athena.rows("select count(*) as n from events")[1] == ["2"]
    assert athena.rows("msck repair table events") == []
    add = (
        "alter table events add partition (day='x', hour=1) "
        "location 's3://lake/events/day=2026-01-31/hour=7/'"
    )
    athena.rows(add)
    assert athena.rows("select id from events where day = 'x'")[1:] == [["1"]]
    assert athena.failure(add).startswith("ALREADY_EXISTS: Partition")
    athena.rows(add.replace("add partition", "add if not exists partition"))
    assert "does not name the partition columns" in athena.failure(
        "alter table events add partition (day='y')"
    )


def test_typed_partitions_are_pruned(athena: AthenaLake) -> None:
    """A number compared with a numeric partition column leaves out the files of the others."""
    athena.rows(CREATE)
    insert(athena, "(1, 'a', 7)", "(2, 'a', 11)", "(3, null, null)")
    scanned = {}
    for where in ("true", "hour = 7", "hour > 7", "hour is null", "hour between 1 and 8"):
        id_ = athena.start(f"select id from events where {where}")
        rows = athena.athena.get_query_results(QueryExecutionId=id_)["ResultSet"]["Rows"][1:]
        size = athena.execution(id_)["Statistics"]["DataScannedInBytes"]
        scanned[where] = sorted(row["Data"][0]["VarCharValue"] for row in rows), size
    every, one = scanned["true"][1], scanned["hour = 7"][1]
    assert scanned["true"][0] == ["1", "2", "3"]
    assert scanned["hour = 7"][0] == scanned["hour between 1 and 8"][0] == ["1"]
    assert scanned["hour > 7"][0] == ["2"]
    assert scanned["hour is null"][0] == ["3"]
    assert 0 < one < every
    assert scanned["hour > 7"][1] < every


def test_columns_and_properties_are_added(athena: AthenaLake) -> None:
    """A new column is NULL in old files; properties are set and shown."""
    athena.rows(CREATE)
    insert(athena, "(1, 'a', 7)")
    athena.rows("alter table events add columns (note string, sums array<decimal(10,2)>)")
    athena.rows("alter table events set tblproperties ('team'='x', 'owner'='you')")
    assert athena.rows("select id, note, sums from events")[1:] == [["1", None, None]]
    assert [line[0].split() for line in athena.rows("show columns in events")] == [  # type: ignore[union-attr]
        [name] for name in ("id", "cost", "tags", "parts", "note", "sums", "day", "hour")
    ]
    shown = athena.rows("show tblproperties events")
    assert ["owner\tyou"] in shown
    assert ["team\tx"] in shown
    assert athena.rows("show tblproperties events('team')") == [["team\tx"]]
    assert "Duplicate column name: note" in athena.failure(
        "alter table events add columns (note string)"
    )


def test_databases_come_and_go(athena: AthenaLake) -> None:
    """A database is made once, is not dropped with tables in it, and is with CASCADE."""
    athena.rows("create database if not exists team comment 'Ours.' location 's3://lake/team/'")
    assert athena.failure("create schema team").startswith("FAILED: Execution Error")
    assert athena.glue.get_database(Name="team")["Database"]["Description"] == "Ours."
    athena.rows("create external table team.t (a int) location 's3://lake/team/t/'")
    assert athena.rows("show databases") == [["finops"], ["team"]]
    assert athena.rows("show databases like 't*'") == [["team"]]
    assert "is not empty" in athena.failure("drop database team")
    athena.rows("drop database team cascade")
    athena.rows("drop database if exists team")
    status = athena.status("drop database team")
    assert status["StateChangeReason"].startswith("SCHEMA_NOT_FOUND")


def test_text_tables_are_read(athena: AthenaLake) -> None:
    """Delimited text: the header is skipped, and what is no number is NULL, as is NULL itself."""
    athena.rows(
        "create external table t (a int, b string, c decimal(10,2)) row format delimited fields "
        "terminated by ',' location 's3://lake/t' tblproperties ('skip.header.line.count'='1')"
    )
    (athena.lake / "t").mkdir()
    (athena.lake / "t" / "x.csv").write_text('a,b,c\n1,"x",1.50\n\\N,\\N,2\nnone,y\n')
    assert athena.rows("select a, b, c from t order by c nulls last")[1:] == [
        ["1", '"x"', "1.50"],
        [None, None, "2.00"],
        [None, "y", None],
    ]


def test_information_schema_tells_of_everything(athena: AthenaLake) -> None:
    """Schemata, tables, columns with Athena's types, and views."""
    athena.rows("create view v as select id from items")
    tables = "select table_name, table_type from information_schema.tables order by 1"
    assert athena.rows(tables)[1:] == [
        ["items", "BASE TABLE"],
        ["state", "BASE TABLE"],
        ["v", "VIEW"],
    ]
    columns = (
        "select column_name, ordinal_position, data_type from information_schema.columns "
        "where table_schema = 'finops' and table_name = 'items' "
        "and ordinal_position in (3, 5, 6, 8) order by 2"
    )
    assert athena.rows(columns)[1:] == [
        ["cost", "3", "decimal(38,12)"],
        ["at", "5", "timestamp(3)"],
        ["tags", "6", "map(varchar, varchar)"],
        ["findings", "8", "array(row(rule varchar, amount decimal(38,12)))"],
    ]
    assert athena.rows("select view_definition from information_schema.views")[1:] == [
        ["select id from items"]
    ]
    assert athena.rows("select schema_name from information_schema.schemata")[1:] == [["finops"]]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("create table t (a int) location 's3://lake/t/' tblproperties ('table_type'='ICEBERG')",
         "NOT_SUPPORTED: Iceberg"),
        ("create table t (a int) location 's3://lake/t/'", "SYNTAX_ERROR: "),
        ("create external table t (a int)", "SYNTAX_ERROR: "),
        ("create external table nope.t (a int) location 's3://lake/t/'", "SCHEMA_NOT_FOUND: "),
        ("drop table nope", "TABLE_NOT_FOUND: "),
        ("alter table nope set tblproperties ('a'='b')", "TABLE_NOT_FOUND: "),
        ("alter table state add partition (a='b')", "FAILED: Execution Error"),
        ("show columns in nope", "TABLE_NOT_FOUND: "),
    ],
)  # fmt: skip
def test_what_cannot_be_defined_is_refused(athena: AthenaLake, sql: str, code: str) -> None:
    """Wrong definitions fail by name and change nothing."""
    assert athena.failure(sql).startswith(code)
    assert athena.rows("show tables") == [["items"], ["state"]]


def test_athena_s_own_catalogue_calls(athena: AthenaLake) -> None:
    """Data catalogues, databases and tables are told by Athena's API too, with paging."""
    client, catalog = athena.athena, {"CatalogName": "AwsDataCatalog"}
    assert client.list_data_catalogs()["DataCatalogsSummary"] == [
        {"CatalogName": "AwsDataCatalog", "Type": "GLUE"}
    ]
    assert client.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"] == "GLUE"
    assert client.list_databases(**catalog)["DatabaseList"] == [{"Name": "finops"}]
    assert client.get_database(**catalog, DatabaseName="finops")["Database"]["Name"] == "finops"
    table = client.get_table_metadata(**catalog, DatabaseName="finops", TableName="items")
    assert table["TableMetadata"]["Columns"][2] == {"Name": "cost", "Type": "decimal(38,12)"}
    assert table["TableMetadata"]["Parameters"]["location"] == "s3://lake/processed/items/"
    page = client.list_table_metadata(**catalog, DatabaseName="finops", MaxResults=1)
    assert ([t["Name"] for t in page["TableMetadataList"]], page["NextToken"]) == (["items"], "1")
    fits = client.list_table_metadata(**catalog, DatabaseName="finops", Expression="st.*")
    assert [t["Name"] for t in fits["TableMetadataList"]] == ["state"]
    with pytest.raises(ClientError, match="MetadataException"):
        client.get_table_metadata(**catalog, DatabaseName="finops", TableName="nope")
    with pytest.raises(ClientError, match="Catalog other is not found"):
        client.list_databases(CatalogName="other")
