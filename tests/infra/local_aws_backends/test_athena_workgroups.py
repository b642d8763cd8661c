"""Workgroups over HTTP: output locations, settings and limits."""

import pytest
from botocore.exceptions import ClientError

from tests.infra.local_aws_backends.athena_lake import OUTPUT, START, AthenaLake
from transforms.athena_query import AthenaQuery
from transforms.errors import QueryError


def test_workgroups_rule_over_requests(athena: AthenaLake) -> None:
    """An enforcing workgroup's output location wins; one that does not is only the default."""
    for name, enforced in (("strict", True), ("loose", False)):
        athena.athena.create_work_group(
            Name=name,
            Configuration={
                "EnforceWorkGroupConfiguration": enforced,
                "ResultConfiguration": {"OutputLocation": f"s3://results/{name}"},
            },
        )
    outputs = {}
    for name in ("strict", "loose"):
        execution = athena.execution(athena.start("select 1 as a", WorkGroup=name))
        outputs[name] = execution["ResultConfiguration"]["OutputLocation"].rpartition("/")[0]
    assert outputs == {"strict": "s3://results/strict", "loose": "s3://results/answers"}
    id_ = athena.start("select 1 as a", WorkGroup="strict", ResultConfiguration={})
    listed = athena.athena.list_query_executions(WorkGroup="strict")["QueryExecutionIds"]
    assert listed[0] == id_
    assert len(listed) == 2


def test_workgroups_are_kept(athena: AthenaLake) -> None:
    """Workgroups are created once, described, changed and deleted; `primary` stays."""
    client = athena.athena
    client.create_work_group(Name="team", Description="x", Tags=[{"Key": "a", "Value": "b"}])
    with pytest.raises(ClientError, match="already created"):
        client.create_work_group(Name="team")
    client.update_work_group(
        WorkGroup="team",
        State="DISABLED",
        ConfigurationUpdates={
            "BytesScannedCutoffPerQuery": 10_000_000,
            "ResultConfigurationUpdates": {"OutputLocation": OUTPUT},
        },
    )
    group = client.get_work_group(WorkGroup="team")["WorkGroup"]
    assert (group["State"], group["Description"], group["CreationTime"]) == ("DISABLED", "x", START)
    assert group["Configuration"]["ResultConfiguration"] == {"OutputLocation": OUTPUT}
    assert [g["Name"] for g in client.list_work_groups()["WorkGroups"]] == ["primary", "team"]
    assert athena.refusal("select 1", WorkGroup="team") == "WorkGroup team is disabled."
    client.delete_work_group(WorkGroup="team")
    for name, words in (("team", "not found"), ("primary", "cannot be deleted")):
        with pytest.raises(ClientError, match=words):
            client.delete_work_group(WorkGroup=name)


def test_a_scan_limit_cancels(athena: AthenaLake) -> None:
    """A query that scans more than its workgroup allows is cancelled and leaves no result."""
    large = athena.lake / "state" / "large.json"
    large.write_text('{"day":"2026-02-02","events":2}\n' * 330_000)
    limit = {"BytesScannedCutoffPerQuery": 10_000_000}
    athena.athena.create_work_group(Name="small", Configuration=limit)
    athena.rows("select count(*) as n from items", WorkGroup="small")
    athena.rows("select count(*) as n from state")
    before = athena.s3.list_objects_v2(Bucket="results")["KeyCount"]
    id_ = athena.start("select count(*) as n from state", WorkGroup="small")
    status = athena.execution(id_)["Status"]
    assert (status["State"], status["StateChangeReason"]) == (
        "CANCELLED",
        "Bytes scanned limit was exceeded",
    )
    assert athena.s3.list_objects_v2(Bucket="results")["KeyCount"] == before


def test_what_has_no_answer_is_an_error_of_ours(athena: AthenaLake) -> None:
    """Our own client says why: the limit was exceeded, somebody cancelled it, nobody could."""
    (athena.lake / "state" / "large.json").write_text('{"day":"2026-02-02","events":2}\n' * 330_000)
    limit = {"BytesScannedCutoffPerQuery": 10_000_000}
    output = {"ResultConfiguration": {"OutputLocation": OUTPUT}}
    athena.athena.create_work_group(Name="small", Configuration={**limit, **output})

    def cancel(seconds: float) -> None:
        (id_, *_) = athena.athena.list_query_executions(WorkGroup="small")["QueryExecutionIds"]
        athena.athena.stop_query_execution(QueryExecutionId=id_)

    query = AthenaQuery(athena.athena, athena.s3, "finops", "small", cancel)
    with pytest.raises(QueryError, match="Bytes scanned limit was exceeded"):
        query.table("select count(*) as n from state")
    with pytest.raises(QueryError, match="TABLE_NOT_FOUND"):
        query.table("select 1 from nope")
    athena.queue.held = True
    with pytest.raises(QueryError, match="Query cancelled by user"):
        query.table("select 1 as a")
