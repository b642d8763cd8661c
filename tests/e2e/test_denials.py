"""A statement taken from a role while the pipeline runs: it shows where AWS would show it."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.local.aws.server import LocalAws
from infra.local.firehose import DeliveryError
from infra.wiring import Platform, start

Running = tuple[LocalAws, Platform]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run our stack with permissions enforced, its schedules standing still."""
    folder = tmp_path_factory.mktemp("denials")
    parameters = {"ScheduleState": "DISABLED"}
    with start(folder, parameters=parameters, enforce_iam=True) as (aws, platform):
        assert error_of(platform, "finops-ingest") == ""
        aws.flush()
        assert error_of(platform, "finops-settle") == ""
        yield aws, platform


@contextmanager
def without(platform: Platform, role: str, sid: str) -> Iterator[None]:
    """Take a statement from a role's own policy meanwhile."""
    iam = platform.client("iam")
    name = role_name(platform, role)
    [policy] = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    left = [s for s in document["Statement"] if s["Sid"] != sid]
    assert len(left) == len(document["Statement"]) - 1

    def put(wanted: dict[str, Any]) -> None:
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(wanted))

    put({**document, "Statement": left})
    try:
        yield
    finally:
        put(document)


@contextmanager
def without_query(platform: Platform, role: str, sid: str) -> Iterator[None]:
    """Take a statement of the jobs' common policy from one role meanwhile."""
    iam, name = platform.client("iam"), role_name(platform, role)
    [attached] = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    arn = attached["PolicyArn"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    left = [s for s in document["Statement"] if s["Sid"] != sid]
    assert len(left) == len(document["Statement"]) - 1
    less = json.dumps({**document, "Statement": left})
    iam.put_role_policy(RoleName=name, PolicyName="less", PolicyDocument=less)
    iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    try:
        yield
    finally:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        iam.delete_role_policy(RoleName=name, PolicyName="less")


def role_name(platform: Platform, role: str) -> str:
    """Return what the deploy has called a role of the template."""
    names = [r["RoleName"] for r in platform.client("iam").list_roles()["Roles"]]
    [name] = [n for n in names if n.split("-")[1] == role.lower()]
    return str(name)


def error_of(platform: Platform, function: str, hour: str = "2026-09-01T05:00:00Z") -> str:
    """Invoke a function and return the error it ends with; empty when it ends well."""
    answer = platform.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps({"scheduled_time": hour}).encode()
    )
    payload = json.loads(answer["Payload"].read())
    return str(payload["errorMessage"]) if "FunctionError" in answer else ""


def put(platform: Platform, data: bytes) -> None:
    """Send a record that no transform of ours takes: its bytes come back in errors/."""
    platform.client("firehose").put_record(
        DeliveryStreamName=platform.names.stream, Record={"Data": data}
    )


def error_codes(platform: Platform, data: bytes) -> list[str]:
    """Return the codes of the error lines that a record came to."""
    wanted = base64.b64encode(data).decode()
    lines = [
        json.loads(line)
        for entry in platform.store.list("errors/")
        for line in platform.store.get(entry.key).splitlines()
    ]
    return [line["errorCode"] for line in lines if line["rawData"] == wanted]


def logged(platform: Platform) -> list[str]:
    """Return the codes in the stream's error log, which Firehose's role has to be able to write."""
    found = platform.client("logs").get_log_events(
        logGroupName="/aws/kinesisfirehose/finops", logStreamName="DestinationDelivery"
    )
    return [json.loads(event["message"])["errorCode"] for event in found["events"]]


def test_firehose_that_may_not_invoke_says_so_of_each_record(running: Running) -> None:
    """Once it may, later records go through (`firehose.md` §2.3)."""
    aws, platform = running
    with without(platform, "FirehoseRole", "InvokeTheTransform"):
        put(platform, b"not invoked")
        aws.flush()
    put(platform, b"invoked")
    aws.flush()
    assert error_codes(platform, b"not invoked") == ["Lambda.InvokeAccessDenied"]
    assert error_codes(platform, b"invoked") == ["Lambda.ProcessingFailedStatus"]
    assert logged(platform) == ["Lambda.InvokeAccessDenied"]


def test_firehose_that_may_not_store_keeps_the_data_until_it_may(running: Running) -> None:
    aws, platform = running
    name = role_name(platform, "FirehoseRole")
    with without(platform, "FirehoseRole", "WriteRawProcessedAndErrors"):
        put(platform, b"kept")
        with pytest.raises(DeliveryError) as caught:
            aws.flush()
    assert "S3.AccessDenied: User: arn:aws:sts::" in str(caught.value)
    assert f":assumed-role/{name}/finops is not authorized to perform: s3:PutObject" in str(
        caught.value
    )
    assert error_codes(platform, b"kept") == []
    aws.flush()
    assert error_codes(platform, b"kept") == ["Lambda.ProcessingFailedStatus"]


def test_a_transform_that_may_not_read_fails_the_batch(running: Running) -> None:
    """It gives no rows by rules that it could not look up."""
    aws, platform = running
    with without(platform, "TransformRole", "ReadEvaluationsAndBaselines"):
        put(platform, b"unread")
        aws.flush()
    assert error_codes(platform, b"unread") == ["Lambda.FunctionError"]


def test_a_missing_object_is_an_error_to_who_may_not_list(running: Running) -> None:
    """There is no baseline yet: the transform must be able to learn that."""
    aws, platform = running
    with without(platform, "TransformRole", "ListEvaluationsAndBaselines"):
        put(platform, b"unlisted")
        aws.flush()
    assert error_codes(platform, b"unlisted") == ["Lambda.FunctionError"]


def test_what_a_function_prints_is_lost_where_it_may_not_log(running: Running) -> None:
    aws, platform = running
    logs = platform.client("logs")

    def lines() -> int:
        found = logs.filter_log_events(logGroupName="/aws/lambda/finops-transform")
        return len(found["events"])

    put(platform, b"logged")
    aws.flush()
    before = lines()
    assert before
    with without(platform, "TransformRole", "WriteLogs"):
        put(platform, b"not logged")
        aws.flush()
    assert lines() == before


def test_an_ingest_that_may_not_put_fails_with_the_services_words(running: Running) -> None:
    _, platform = running
    later = "2026-09-01T06:00:00Z"  # an hour that nobody has ingested
    with without(platform, "IngestRole", "PutRecords"):
        said = error_of(platform, "finops-ingest", later)
    assert "AccessDeniedException" in said
    assert "is not authorized to perform: firehose:PutRecordBatch on resource: " in said
    assert error_of(platform, "finops-ingest", later) == ""


@pytest.mark.parametrize(
    ("sid", "words"),
    [
        ("RunQueries", "is not authorized to perform: athena:StartQueryExecution on resource: "),
        ("ReadTheCatalog", "is not authorized to perform: glue:GetDatabase on resource: "),
        ("ReadRowsAndState", "Permission denied on S3 path: s3://finops-lake-"),
        ("KeepAnswers", "Access denied when writing output to url: s3://finops-results-"),
        ("ListBuckets", "Unable to verify/create output bucket finops-results-"),
    ],
)
def test_a_job_that_may_not_query_fails_with_the_services_words(
    running: Running, sid: str, words: str
) -> None:
    _, platform = running
    with without_query(platform, "BaselineRole", sid):
        assert words in error_of(platform, "finops-baseline")
    assert error_of(platform, "finops-baseline") == ""


def test_a_failure_that_may_not_be_reported_is_not(running: Running) -> None:
    _, platform = running
    sqs = platform.client("sqs")
    queue = sqs.get_queue_url(QueueName="finops-failed-invocations")["QueueUrl"]

    def fail() -> None:
        platform.client("lambda").invoke(
            FunctionName="finops-baseline", InvocationType="Event", Payload=b"{}"
        )

    with without(platform, "BaselineRole", "ReportFailures"):
        fail()
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    fail()
    assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
