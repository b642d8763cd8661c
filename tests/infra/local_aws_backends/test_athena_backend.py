"""Athena over HTTP: executions and results, by unmodified boto3."""

import csv
import io
import threading
from pathlib import Path
from random import Random

import pytest
from botocore.exceptions import ClientError
from moto.athena.models import AthenaBackend, athena_backends

from infra.local.aws.athena_backend import register_athena
from infra.local.clock import SystemClock
from tests.infra.local_aws_backends.athena_lake import OUTPUT, START, AthenaLake
from tests.infra.local_aws_backends.endpoints import Endpoint, bucket_store


def test_values_have_athena_s_text_and_types(athena: AthenaLake) -> None:
    """Every type of the lake is printed and named as Athena does, NULL as a missing value."""
    id_ = athena.start("select * from items where \"day\" = '2026-01-31'")
    results = athena.athena.get_query_results(QueryExecutionId=id_)["ResultSet"]
    header, first = [[d.get("VarCharValue") for d in row["Data"]] for row in results["Rows"]]
    assert dict(zip(header, first, strict=True)) == {
        "id": "1",
        "name": "one,uno",
        "cost": "98765432109876.123456789012",
        "qty": "3.000000000000",
        "at": "2026-01-31 23:00:00.501",
        "tags": "{team=x, Env=prod}",
        "labels": "[b, a]",
        "findings": "[{rule=spike, amount=1.500000000000}, {rule=tags, amount=0.000000000001}]",
        "period": "2026-01",
        "day": "2026-01-31",
    }
    columns = results["ResultSetMetadata"]["ColumnInfo"]
    assert [column["Type"] for column in columns] == [
        *("bigint", "varchar", "decimal", "decimal", "timestamp"),
        *("map", "array", "array", "varchar", "varchar"),
    ]
    assert (columns[2]["Precision"], columns[2]["Scale"]) == (38, 12)
    assert athena.rows("select name from items where id = 2") == [["name"], [None]]


def test_the_execution_is_described_whole(athena: AthenaLake) -> None:
    """A finished execution says what it was, where its result lies and what it read."""
    id_ = athena.start("select id from items where period = '2026-01'")
    execution = athena.execution(id_)
    assert execution["StatementType"] == "DML"
    assert execution["ResultConfiguration"]["OutputLocation"] == f"{OUTPUT}{id_}.csv"
    assert execution["WorkGroup"] == "primary"
    assert execution["QueryExecutionContext"] == {"Database": "finops"}
    assert execution["Status"]["SubmissionDateTime"] == START
    file = next((athena.lake / "processed/items/period=2026-01").rglob("*.parquet"))
    assert execution["Statistics"]["DataScannedInBytes"] == file.stat().st_size
    batch = athena.athena.batch_get_query_execution(QueryExecutionIds=[id_, "nope"])
    assert [e["QueryExecutionId"] for e in batch["QueryExecutions"]] == [id_]
    assert [e["QueryExecutionId"] for e in batch["UnprocessedQueryExecutionIds"]] == ["nope"]


def test_the_result_file_quotes_everything_but_null(athena: AthenaLake) -> None:
    """The CSV has a header, quotes every value, and leaves NULL empty and unquoted."""
    id_ = athena.start("""select id, name, 'say "hi"' as said from items order by id""")
    body = athena.s3.get_object(Bucket="results", Key=f"answers/{id_}.csv")["Body"].read()
    assert body.decode().splitlines() == [
        '"id","name","said"',
        '"1","one,uno","say ""hi"""',
        '"2",,"say ""hi"""',
        '"3","three","say ""hi"""',
    ]
    assert len(list(csv.reader(io.StringIO(body.decode())))) == 4
    athena.s3.head_object(Bucket="results", Key=f"answers/{id_}.csv.metadata")


def test_results_come_in_pages(athena: AthenaLake) -> None:
    """The header counts as a row of the first page; boto3's paginator reads every page."""
    id_ = athena.start("select id from items order by id")
    first = athena.athena.get_query_results(QueryExecutionId=id_, MaxResults=2)
    assert len(first["ResultSet"]["Rows"]) == 2
    paginator = athena.athena.get_paginator("get_query_results")
    pages = paginator.paginate(QueryExecutionId=id_, PaginationConfig={"PageSize": 3})
    values = [r["Data"][0]["VarCharValue"] for p in pages for r in p["ResultSet"]["Rows"]]
    assert values == ["id", "1", "2", "3"]
    for page in ({"MaxResults": 1001}, {"NextToken": "x"}, {"NextToken": "4"}):
        with pytest.raises(ClientError, match=r"MaxResults|NextToken"):
            athena.athena.get_query_results(QueryExecutionId=id_, **page)


def test_parameters_are_literals(athena: AthenaLake) -> None:
    """Each `?` takes one SQL literal, and nothing else."""
    sql = "select id from items where name = ? and id < ? and '?' = '?'"
    assert athena.rows(sql, "'one,uno'", "5") == [["id"], ["1"]]
    assert athena.rows("select date_trunc('month', ?) as m", "DATE '2026-02-03'")[1] == [
        "2026-02-01"
    ]
    assert athena.rows("select ? as a, 2 as b", "1 -- as a")[1] == ["1", "2"]
    assert athena.rows("select ? as a", "'it''s'")[1] == ["it's"]
    assert "expected 2 but found 1" in athena.failure(sql, "1")
    assert "expected 0 but found 1" in athena.failure("select 1", "1")
    for bad in ("1 or 1=1", "id", "1) or (1=1", "(select 1)", "1, 2", "1 from items", "--"):
        assert "INVALID_PARAMETER_USAGE" in athena.failure("select ? as a", bad)


def test_states_on_the_way(athena: AthenaLake) -> None:
    """An execution is QUEUED until it runs; its results are refused until it has succeeded."""
    athena.queue.held = True
    id_ = athena.start("select 1 as one")
    assert athena.execution(id_)["Status"]["State"] == "QUEUED"
    with pytest.raises(ClientError, match=r"Query has not yet finished\. Current state: QUEUED"):
        athena.athena.get_query_results(QueryExecutionId=id_)
    athena.queue.release()
    assert athena.execution(id_)["Status"]["State"] == "SUCCEEDED"


def test_a_stopped_query_leaves_no_result(athena: AthenaLake) -> None:
    """A cancelled execution stays cancelled, has no result, and stopping twice is no error."""
    athena.queue.held = True
    id_ = athena.start("select 1 as one")
    for _ in range(2):
        athena.athena.stop_query_execution(QueryExecutionId=id_)
    athena.queue.release()
    assert athena.execution(id_)["Status"]["State"] == "CANCELLED"
    assert "Contents" not in athena.s3.list_objects_v2(Bucket="results")
    with pytest.raises(ClientError, match="Final query state: CANCELLED"):
        athena.athena.get_query_results(QueryExecutionId=id_)


def test_a_running_query_is_stopped(served: Endpoint, tmp_path: Path) -> None:
    """Stopping ends the work itself, at once, and not only what is told of it."""
    athena = AthenaLake(served, tmp_path)
    register_athena(
        bucket_store=bucket_store,
        bucket_folder={"lake": tmp_path}.__getitem__,
        clock=SystemClock(),
        random=Random(1),
    )
    ten_billion_rows = (
        "select sum(x * y) from unnest(sequence(1, 10000)) as a(x) "
        "cross join unnest(sequence(1, 10000)) as b(y) "
        "cross join unnest(sequence(1, 100)) as c(z) where (x + y) % 7 = 3"
    )
    id_ = athena.start(ten_billion_rows)
    (thread,) = [t for t in threading.enumerate() if t.name == "athena-query"]
    while athena.execution(id_)["Status"]["State"] == "QUEUED":
        pass
    athena.athena.stop_query_execution(QueryExecutionId=id_)
    thread.join(30)
    assert not thread.is_alive()
    status = athena.execution(id_)["Status"]
    assert (status["State"], status["StateChangeReason"]) == (
        "CANCELLED",
        "Query cancelled by user",
    )
    assert "Contents" not in athena.s3.list_objects_v2(Bucket="results")


def test_results_are_those_of_the_file(athena: AthenaLake) -> None:
    """The result file is the only copy: what it says is the answer; without it there is none."""
    ids = [
        athena.start(f"select '{n}' as a, cast(null as varchar) as b, '' as c") for n in range(4)
    ]
    key = f"answers/{ids[0]}.csv"
    athena.s3.put_object(Bucket="results", Key=key, Body=b'"a","b","c"\n"changed","x",\n')
    assert athena.values(ids[0]) == [["a", "b", "c"], ["changed", "x", None]]
    assert athena.values(ids[1]) == [["a", "b", "c"], ["1", None, ""]]
    athena.s3.delete_object(Bucket="results", Key=f"answers/{ids[3]}.csv")
    with pytest.raises(ClientError, match="Could not find results"):
        athena.values(ids[3])


def test_a_long_session_forgets_its_oldest_executions(served: Endpoint, tmp_path: Path) -> None:
    """Executions do not pile up; a token of a forgotten one is free again."""
    athena = AthenaLake(served, tmp_path)
    register_athena(
        bucket_store=bucket_store,
        bucket_folder={"lake": tmp_path}.__getitem__,
        clock=athena.clock,
        random=Random(1),
        background=athena.queue,
        remember=2,
    )
    token = {"ClientRequestToken": "t" * 32}
    first, *others = athena.start("select 1 as a", **token), *map(athena.start, ["select 2"] * 2)
    assert athena.athena.list_query_executions()["QueryExecutionIds"] == others[::-1]
    with pytest.raises(ClientError, match="was not found"):
        athena.execution(first)
    assert athena.start("select 1 as a", **token) != first


def test_failures_are_told_by_category(athena: AthenaLake) -> None:
    """AthenaError has category, type and whether to try again, beside the reason."""
    error = athena.status("select 1 +")["AthenaError"]
    assert (error["ErrorCategory"], error["ErrorType"], error["Retryable"]) == (2, 1006, False)
    assert error["ErrorMessage"].startswith("SYNTAX_ERROR: ")
    assert athena.status("drop database finops")["AthenaError"]["ErrorType"] == 1003


def test_runtime_statistics(athena: AthenaLake) -> None:
    """What is known of a query's run is told: times, bytes read, rows answered."""
    id_ = athena.start("select id from items")
    told = athena.athena.get_query_runtime_statistics(QueryExecutionId=id_)
    statistics = told["QueryRuntimeStatistics"]
    assert statistics["Rows"]["OutputRows"] == 3
    scanned = athena.execution(id_)["Statistics"]["DataScannedInBytes"]
    assert statistics["Rows"]["InputBytes"] == scanned > 0
    assert statistics["Timeline"]["TotalExecutionTimeInMillis"] == 0


def test_a_query_is_explained(athena: AthenaLake) -> None:
    """EXPLAIN says what would be read, and EXPLAIN (TYPE VALIDATE) whether it is a query."""
    sql = "select id from items where \"day\" = '2026-01-31'"
    assert athena.rows(f"explain (type validate) {sql}") == [["true"]]
    plan = athena.rows(f"explain {sql}")
    assert plan[0] == ["Output[id:bigint]"]
    assert str(plan[1][0]).startswith("    TableScan[items] 1 files, ")
    assert athena.failure("explain select nope from items").startswith("COLUMN_NOT_FOUND")


def test_values_stand_alone(athena: AthenaLake) -> None:
    """VALUES is a query, with Athena's names for its columns."""
    assert athena.rows("values (1, 'a'), (2, null)") == [
        ["_col0", "_col1"],
        ["1", "a"],
        ["2", None],
    ]
    assert athena.rows("values 1, 2") == [["_col0"], ["1"], ["2"]]


def test_the_path_is_the_object_s_address(athena: AthenaLake) -> None:
    """`$path` shows bucket and key."""
    assert athena.rows('select "$path" from items where id = 1')[1] == [
        "s3://lake/processed/items/period=2026-01/day=2026-01-31/0.parquet"
    ]


def test_the_default_background_is_a_thread(served: Endpoint, tmp_path: Path) -> None:
    """With threads a query ends by itself, as a polling client expects."""
    athena = AthenaLake(served, tmp_path)
    register_athena(
        bucket_store=bucket_store,
        bucket_folder={"lake": tmp_path}.__getitem__,
        clock=athena.clock,
        random=Random(1),
    )
    id_ = athena.start("select 1 as one")
    for _ in range(1000):
        if athena.execution(id_)["Status"]["State"] not in ("QUEUED", "RUNNING"):
            break
    assert athena.execution(id_)["Status"]["State"] == "SUCCEEDED"


def test_a_token_starts_one_execution(athena: AthenaLake) -> None:
    """The same token gives the same execution; with another query it is refused."""
    token = {"ClientRequestToken": "t" * 32}
    assert athena.start("select 1 as a", **token) == athena.start("select 1 as a", **token)
    assert athena.refusal("select 2 as a", **token) == "Idempotent parameters do not match"


def test_an_output_location_is_needed(athena: AthenaLake) -> None:
    """Without an output location, or with a bucket that is not there, nothing starts."""
    assert athena.refusal("select 1", ResultConfiguration={}).startswith(
        "No output location provided."
    )
    nowhere = {"OutputLocation": "s3://nowhere/x/"}
    message = "Unable to verify/create output bucket nowhere"
    assert athena.refusal("select 1", ResultConfiguration=nowhere) == message


def test_unknown_executions_are_refused(athena: AthenaLake) -> None:
    """An id that was never given out is an InvalidRequest, not a crash."""
    for call in ("get_query_execution", "get_query_results", "stop_query_execution"):
        with pytest.raises(ClientError, match="QueryExecution nope was not found"):
            getattr(athena.athena, call)(QueryExecutionId="nope")


def test_the_seam_moto_offers_is_still_there(athena: AthenaLake) -> None:
    """Moto builds the backend class it is given and keeps its wiring over a reset."""
    backend = athena_backends["123456789012"]["us-east-1"]
    assert type(backend) is athena_backends.backend
    assert issubclass(athena_backends.backend, AthenaBackend)
    backend.reset()
    assert list(backend.url_paths) == ["/$"]
    assert athena.rows("select 1 as a") == [["a"], ["1"]]
