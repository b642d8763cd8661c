"""Named queries and prepared statements over HTTP, and PREPARE, EXECUTE, DEALLOCATE."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.athena.models import athena_backends

from infra.local.aws.athena_backend import LocalAthenaResponse
from infra.local.aws.iam.requirements import OPERATIONS, needed
from infra.local.iam import Call
from tests.infra.local_aws_backends.athena_lake import START, AthenaLake


def test_named_queries_are_kept(athena: AthenaLake) -> None:
    """Created once per token, got alone and together, listed by page, changed and deleted."""
    client = athena.athena
    given = {"Name": "a", "Database": "finops", "QueryString": "select 1", "Description": "One."}
    token = {"ClientRequestToken": "t" * 32}
    ids = [client.create_named_query(**given, **token)["NamedQueryId"] for _ in range(2)]
    assert ids[0] == ids[1]
    second = client.create_named_query(**{**given, "Name": "b"})["NamedQueryId"]
    query = client.get_named_query(NamedQueryId=ids[0])["NamedQuery"]
    assert query == {**given, "NamedQueryId": ids[0], "WorkGroup": "primary"}
    batch = client.batch_get_named_query(NamedQueryIds=[second, "nope"])
    assert [q["Name"] for q in batch["NamedQueries"]] == ["b"]
    assert [q["NamedQueryId"] for q in batch["UnprocessedNamedQueryIds"]] == ["nope"]
    pages = client.get_paginator("list_named_queries").paginate(PaginationConfig={"PageSize": 1})
    assert [page["NamedQueryIds"] for page in pages] == [[second], [ids[0]]]
    client.update_named_query(NamedQueryId=second, Name="c", QueryString="select 2")
    changed = client.get_named_query(NamedQueryId=second)["NamedQuery"]
    assert (changed["Name"], changed["QueryString"], changed["Description"]) == (
        *("c", "select 2"),
        "One.",
    )
    client.delete_named_query(NamedQueryId=second)
    for call in (client.get_named_query, client.delete_named_query):
        with pytest.raises(ClientError, match="InvalidRequestException"):
            call(NamedQueryId=second)
    with pytest.raises(ClientError, match="WorkGroup nope is not found"):
        client.create_named_query(**given, WorkGroup="nope")


def test_prepared_statements_are_kept(athena: AthenaLake) -> None:
    """One of a name in a workgroup; got, listed, changed and deleted."""
    client = athena.athena
    named = {"StatementName": "one", "WorkGroup": "primary"}
    client.create_prepared_statement(**named, QueryStatement="select 1", Description="One.")
    with pytest.raises(ClientError, match="already exists"):
        client.create_prepared_statement(**named, QueryStatement="select 2")
    client.update_prepared_statement(**named, QueryStatement="select 2")
    statement = client.get_prepared_statement(**named)["PreparedStatement"]
    assert statement == {
        "StatementName": "one",
        "WorkGroupName": "primary",
        "QueryStatement": "select 2",
        "Description": "One.",
        "LastModifiedTime": START,
    }
    batch = client.batch_get_prepared_statement(
        PreparedStatementNames=["one", "nope"], WorkGroup="primary"
    )
    assert [s["StatementName"] for s in batch["PreparedStatements"]] == ["one"]
    assert [s["StatementName"] for s in batch["UnprocessedPreparedStatementNames"]] == ["nope"]
    listed = client.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]
    assert [s["StatementName"] for s in listed] == ["one"]
    client.delete_prepared_statement(**named)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_prepared_statement(**named)
    with pytest.raises(ClientError, match="is not a name"):
        client.create_prepared_statement(
            StatementName="1 x", WorkGroup="primary", QueryStatement="select 1"
        )


def test_what_is_prepared_is_executed(athena: AthenaLake) -> None:
    """EXECUTE takes literals after USING or as parameters, for queries and for what writes."""
    athena.rows("prepare by_id from select name from items where id = ? and name <> ?")
    assert athena.rows("execute by_id using 1, 'it''s'") == [["name"], ["one,uno"]]
    assert athena.rows("execute by_id", "3", "'x'") == [["name"], ["three"]]
    execution = athena.execution(athena.start("execute by_id using 1, 'x'"))
    assert execution["StatementType"] == "DML"
    assert execution["ResultConfiguration"]["OutputLocation"].endswith(".csv")
    assert "expected 2 but found 1" in athena.failure("execute by_id using 1")
    assert "is not a literal" in athena.failure("execute by_id using 1, (select 1)")
    assert "already exists" in athena.failure("prepare by_id from select 1")
    athena.rows(
        "prepare keep from unload (select ? as a) to 's3://lake/kept/' with (format='JSON')"
    )
    athena.rows("execute keep using 5")
    assert len(list((athena.lake / "kept").iterdir())) == 1
    athena.rows("deallocate prepare by_id")
    for sql in ("execute by_id using 1, 'x'", "deallocate prepare by_id"):
        reason = athena.failure(sql)
        assert reason.startswith("NOT_FOUND: PreparedStatement by_id was not found in workGroup")


def test_a_workgroup_goes_with_what_is_in_it_only_on_request(athena: AthenaLake) -> None:
    """A workgroup that holds something is deleted with RecursiveDeleteOption alone."""
    client = athena.athena
    client.create_work_group(Name="team")
    named = {"StatementName": "one", "WorkGroup": "team"}
    client.create_prepared_statement(**named, QueryStatement="select 1")
    with pytest.raises(ClientError, match="WorkGroup team is not empty"):
        client.delete_work_group(WorkGroup="team")
    client.delete_work_group(WorkGroup="team", RecursiveDeleteOption=True)
    client.create_work_group(Name="team")
    assert client.list_prepared_statements(WorkGroup="team")["PreparedStatements"] == []


def test_moto_s_own_methods_keep_them_too(athena: AthenaLake) -> None:
    """What CloudFormation calls on moto's backend ends in the same place."""
    backend: Any = athena_backends["123456789012"]["us-east-1"]
    id_ = backend.create_named_query("a", "A.", "finops", "select 1", "primary")
    backend.create_prepared_statement("one", "primary", "select 2 as b", "B.")
    assert athena.athena.get_named_query(NamedQueryId=id_)["NamedQuery"]["Description"] == "A."
    assert athena.rows("execute one") == [["b"], ["2"]]


def test_every_operation_says_what_it_needs() -> None:
    """With permissions enforced, an operation that nobody described would be refused."""
    ours = {name for name in vars(LocalAthenaResponse) if not name.startswith("_")}
    operations = boto3.client("athena", region_name="us-east-1").meta.method_to_api_mapping
    answered = {operations[name] for name in ours if name in operations}
    described = {operation for service, operation in OPERATIONS if service == "athena"}
    assert answered - described == {"CreateDataCatalog"}  # refused in any case


def test_saved_queries_need_the_rights_of_their_workgroup(athena: AthenaLake) -> None:
    """What a named query needs is asked of the workgroup it is in, and nothing where it is gone."""
    client = athena.athena
    client.create_work_group(Name="team")
    given = {"Name": "a", "Database": "finops", "QueryString": "select 1", "WorkGroup": "team"}
    id_ = client.create_named_query(**given)["NamedQueryId"]
    workgroup = "arn:aws:athena:us-east-1:123456789012:workgroup/team"
    for operation in ("GetNamedQuery", "DeleteNamedQuery", "UpdateNamedQuery"):
        needs = needed("athena", operation, {"NamedQueryId": id_})
        assert needs == [Call(f"athena:{operation}", workgroup)]
        assert needed("athena", operation, {"NamedQueryId": "nope"}) == []
    assert needed("athena", "CreateNamedQuery", given) == [
        Call("athena:CreateNamedQuery", workgroup)
    ]
    table = {"CatalogName": "AwsDataCatalog", "DatabaseName": "finops", "TableName": "items"}
    asked = needed("athena", "GetTableMetadata", table) or []
    assert [call.action for call in asked] == ["athena:GetTableMetadata", *["glue:GetTable"] * 3]
