"""A role's keys at the endpoint: what it may, what it hears where it may not, and who is asked."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.server import LocalAws
from infra.local.clock import ManualClock
from infra.local.firehose import DeliveryError
from tests.infra.firehose.captures import capture, form
from tests.infra.firehose.setups import conversion, plain
from tests.infra.local_aws.conftest import START

BUCKET = "arn:aws:s3:::lake"
READER = f"arn:aws:iam::{ACCOUNT}:role/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/me"
WORKGROUP = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/primary"
GLUE = f"arn:aws:glue:{REGION}:{ACCOUNT}"


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(*services: str, **more: Any) -> str:
    principal = {"Service": [f"{service}.amazonaws.com" for service in services]}
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


class Caller:
    """A role `reader` of which nothing is allowed at first, and clients with its keys."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.iam = aws.client("iam")
        self.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust("lambda"))
        self.keys = aws.client("sts").assume_role(RoleArn=READER, RoleSessionName="me")[
            "Credentials"
        ]
        aws.client("s3").create_bucket(Bucket="lake")
        aws.client("s3").put_object(Bucket="lake", Key="raw/a", Body=b"1")

    def may(self, *statements: dict[str, Any]) -> None:
        """Let the role do this and nothing else."""
        self.iam.put_role_policy(
            RoleName="reader", PolicyName="all", PolicyDocument=document(*statements)
        )

    def client(self, service: str, **keys: str) -> Any:
        """Return a client with the role's keys, or some of them others."""
        return boto3.client(
            service,
            endpoint_url=self.aws.endpoint_url,
            region_name=REGION,
            aws_access_key_id=keys.get("key", self.keys["AccessKeyId"]),
            aws_secret_access_key=self.keys["SecretAccessKey"],
            aws_session_token=keys.get("token", self.keys["SessionToken"]),
            config=Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4" if service == "s3" else None,
                proxies={},
                retries={"total_max_attempts": 1},
            ),
        )


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """Start a server that enforces permissions."""
    folder: Path = tmp_path_factory.mktemp("access")
    clock = ManualClock(START)
    with LocalAws(folder, clock=clock, random=Random(7), enforce_iam=True) as aws:
        yield Caller(aws)


def refused(call: Any, **request: Any) -> tuple[str, str, int]:
    """Make a call that is refused and return the code, the message and the HTTP status."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    answer: Any = caught.value.response
    error = answer["Error"]
    return error["Code"], error["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


def said(action: str, resource: str) -> str:
    quoted = f'"{resource}"' if action.startswith("s3:") else resource
    return (
        f"User: {SESSION} is not authorized to perform: {action} on resource: {quoted} "
        f"because no identity-based policy allows the {action} action"
    )


def test_a_role_may_what_its_policy_allows_and_no_more(caller: Caller) -> None:
    caller.may(allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/raw/*"))
    s3 = caller.client("s3")
    assert s3.get_object(Bucket="lake", Key="raw/a")["Body"].read() == b"1"
    s3.put_object(Bucket="lake", Key="raw/b/c d", Body=b"2")
    for method, key, action in (
        ("put_object", "state/x", "s3:PutObject"),
        ("delete_object", "raw/a", "s3:DeleteObject"),
        ("get_object", "state/x", "s3:GetObject"),
    ):
        found = refused(getattr(s3, method), Bucket="lake", Key=key)
        assert found == ("AccessDenied", said(action, f"{BUCKET}/{key}"), 403)
    kept = caller.aws.client("s3").list_objects_v2(Bucket="lake")["Contents"]
    assert [entry["Key"] for entry in kept] == ["raw/a", "raw/b/c d"]


def test_only_who_may_list_learns_that_an_object_is_missing(caller: Caller) -> None:
    """The condition on the prefix is about the key then, as in S3."""
    get = allow("s3:GetObject", f"{BUCKET}/*")
    listing = allow("s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": "raw/*"}})
    caller.may(get, listing)
    s3 = caller.client("s3")
    assert refused(s3.get_object, Bucket="lake", Key="raw/none")[0] == "NoSuchKey"
    assert refused(s3.head_object, Bucket="lake", Key="raw/none")[2] == 404
    assert refused(s3.get_object, Bucket="lake", Key="state/none") == (
        "AccessDenied",
        said("s3:ListBucket", BUCKET),
        403,
    )
    assert refused(s3.head_object, Bucket="lake", Key="state/none")[2] == 403


def test_a_listing_is_judged_by_its_prefix(caller: Caller) -> None:
    condition = {"StringLike": {"s3:prefix": ["raw/*"]}}
    caller.may(allow("s3:ListBucket", BUCKET, Condition=condition))
    s3 = caller.client("s3")
    found = s3.list_objects_v2(Bucket="lake", Prefix="raw/")["Contents"]
    assert {entry["Key"] for entry in found} >= {"raw/a"}
    for request in ({"Prefix": "state/"}, {"Prefix": ""}, {}):
        code, message, _ = refused(s3.list_objects_v2, Bucket="lake", **request)
        assert (code, message) == ("AccessDenied", said("s3:ListBucket", BUCKET))


def test_a_buckets_policy_can_deny_what_a_roles_allows(caller: Caller) -> None:
    caller.may(allow("s3:GetObject", f"{BUCKET}/*"))
    policy = {"Effect": "Deny", "Principal": {"AWS": READER}, "Action": "s3:*"}
    tls = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{BUCKET}/*"}
    insecure = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    owner, s3 = caller.aws.client("s3"), caller.client("s3")
    owner.put_bucket_policy(Bucket="lake", Policy=document({**tls, **insecure}))
    assert s3.get_object(Bucket="lake", Key="raw/a")["Body"].read() == b"1"
    denies = {**policy, "Resource": f"{BUCKET}/raw/*"}
    owner.put_bucket_policy(Bucket="lake", Policy=document(denies))
    try:
        code, message, _ = refused(s3.get_object, Bucket="lake", Key="raw/a")
    finally:
        owner.delete_bucket_policy(Bucket="lake")
    assert code == "AccessDenied"
    assert message.endswith("with an explicit deny")


@pytest.mark.parametrize(
    ("service", "method", "request_", "action", "resource"),
    [
        (
            "firehose",
            "put_record_batch",
            {"DeliveryStreamName": "s", "Records": [{"Data": b"x"}]},
            "firehose:PutRecordBatch",
            f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/s",
        ),
        (
            "athena",
            "start_query_execution",
            {"QueryString": "select 1"},
            "athena:StartQueryExecution",
            WORKGROUP,
        ),
        (
            "glue",
            "get_table",
            {"DatabaseName": "d", "Name": "t"},
            "glue:GetTable",
            f"{GLUE}:catalog",
        ),
        (
            "lambda",
            "invoke",
            {"FunctionName": "f", "Qualifier": "live"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:live",
        ),
        (
            "sqs",
            "send_message",
            {"QueueUrl": "http://127.0.0.1/1/q", "MessageBody": "x"},
            "sqs:SendMessage",
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
        ),
        (
            "logs",
            "create_log_stream",
            {"logGroupName": "g", "logStreamName": "s"},
            "logs:CreateLogStream",
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:log-stream:s",
        ),
    ],
)
def test_every_service_denies_in_the_words_of_aws(
    caller: Caller,
    service: str,
    method: str,
    request_: dict[str, Any],
    action: str,
    resource: str,
) -> None:
    caller.may(allow(action, resource + "-other"))
    code, message, _ = refused(getattr(caller.client(service), method), **request_)
    assert (code, message) == ("AccessDeniedException", said(action, resource))


def test_a_table_needs_everything_above_it(caller: Caller) -> None:
    """Catalogue, database and table, each."""
    named = [f"{GLUE}:catalog", f"{GLUE}:database/d", f"{GLUE}:table/d/t"]
    request = {"DatabaseName": "d", "Name": "t"}
    for missing in named:
        caller.may(allow("glue:GetTable", [name for name in named if name != missing]))
        _, message, _ = refused(caller.client("glue").get_table, **request)
        assert message == said("glue:GetTable", missing)
    caller.may(allow("glue:GetTable", named))
    code, _, _ = refused(caller.client("glue").get_table, **request)
    assert code == "EntityNotFoundException"


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("list_buckets", {}),
        ("copy_object", {"Bucket": "lake", "Key": "raw/b", "CopySource": "lake/raw/a"}),
        ("put_object", {"Bucket": "lake", "Key": "raw/b", "Tagging": "a=b"}),
        ("put_object", {"Bucket": "lake", "Key": "raw/b", "ACL": "public-read"}),
        ("get_object", {"Bucket": "lake", "Key": "raw/a", "VersionId": "null"}),
        ("put_bucket_policy", {"Bucket": "lake", "Policy": "{}"}),
    ],
)
def test_what_the_local_iam_does_not_know_is_refused(
    caller: Caller, method: str, request_: dict[str, Any]
) -> None:
    """Even to a role that may everything: what AWS would ask for is not known."""
    caller.may(allow("*", "*"))
    code, message, _ = refused(getattr(caller.client("s3"), method), **request_)
    assert code == "AccessDenied"
    assert "does not know what it needs" in message


def test_a_policy_that_is_not_understood_denies_everything(caller: Caller) -> None:
    condition = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
    caller.may(allow("s3:*", "*"), allow("s3:GetObject", "*", Condition=condition))
    _, message, _ = refused(caller.client("s3").get_object, Bucket="lake", Key="raw/a")
    assert "DateLessThan, which the local IAM does not understand" in message


def test_a_boundary_is_not_understood(caller: Caller) -> None:
    caller.may(allow("s3:*", "*"))
    policy = caller.iam.create_policy(PolicyName="b", PolicyDocument=document(allow("*", "*")))
    arn = policy["Policy"]["Arn"]
    caller.iam.put_role_permissions_boundary(RoleName="reader", PermissionsBoundary=arn)
    try:
        _, message, _ = refused(caller.client("s3").get_object, Bucket="lake", Key="raw/a")
    finally:
        caller.iam.delete_role_permissions_boundary(RoleName="reader")
    assert "a permissions boundary, which the local IAM does not understand" in message


def test_everybody_learns_who_he_is(caller: Caller) -> None:
    caller.may({"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert caller.client("sts").get_caller_identity()["Arn"] == SESSION


def test_keys_that_nobody_has_are_refused(caller: Caller) -> None:
    """What looks like a key of AWS's has to be one; the made-up keys are people's."""
    caller.may(allow("*", "*"))
    read = {"Bucket": "lake", "Key": "raw/a"}
    stranger = caller.client("s3", key="ASIAAAAAAAAAAAAAAAAA")
    assert refused(stranger.get_object, **read)[0] == "InvalidAccessKeyId"
    assert refused(caller.client("s3", token="x").get_object, **read)[0] == "InvalidAccessKeyId"
    wrong = caller.client("firehose", token="x")
    assert refused(wrong.list_delivery_streams)[0] == "UnrecognizedClientException"
    assert caller.client("s3", key="anybody").get_object(**read)["Body"].read() == b"1"


def test_calls_that_nobody_signed_are_refused(caller: Caller) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(f"{caller.aws.endpoint_url}/lake/raw/a")
    with caught.value as answer:
        assert answer.code == 403
        assert b"MissingAuthenticationToken" in answer.read()


def test_a_signed_address_is_judged_like_a_signed_call(caller: Caller) -> None:
    caller.may(allow("s3:GetObject", f"{BUCKET}/raw/*"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    s3 = caller.client("s3")
    for key, code in (("raw/a", 200), ("state/x", 403)):
        url = s3.generate_presigned_url("get_object", {"Bucket": "lake", "Key": key})
        if code == 200:
            with opener.open(url) as answer:
                assert answer.read() == b"1"
        else:
            with pytest.raises(urllib.error.HTTPError) as caught:
                opener.open(url)
            with caught.value as answer:
                assert answer.code == code


def test_services_take_only_roles_that_trust_them(caller: Caller) -> None:
    """Each says so where it is given the role."""
    aws = caller.aws
    function = {
        "FunctionName": "f",
        "Runtime": "python3.13",
        "Handler": "a.b",
        "Code": {"ZipFile": b"PK\x05\x06" + bytes(18)},
    }
    caller.iam.create_role(RoleName="none", AssumeRolePolicyDocument=trust("events"))
    untrusting = READER.replace("reader", "none")
    code, message, _ = refused(aws.client("lambda").create_function, **function, Role=untrusting)
    assert (code, message) == (
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )
    target = {"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", "RoleArn": READER}
    schedule = {"FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": "rate(1 hour)"}
    code, message, _ = refused(
        aws.client("scheduler").create_schedule, Name="s", Target=target, **schedule
    )
    assert code == "ValidationException"
    assert "must allow AWS EventBridge Scheduler to assume the role" in message
    destination = {"BucketARN": BUCKET, "RoleARN": READER}
    code, message, _ = refused(
        aws.client("firehose").create_delivery_stream,
        DeliveryStreamName="s",
        ExtendedS3DestinationConfiguration=destination,
    )
    assert (code, message) == (
        "InvalidArgumentException",
        f"Firehose is unable to assume role {READER}. Please check the role provided.",
    )


def external_id(account: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"sts:ExternalId": account}}}


@pytest.mark.fact("role-trust")
def test_firehose_says_its_account_where_it_takes_a_role(caller: Caller) -> None:
    """As the external id; a role that wants another is not taken, at create and at update."""
    for name, account in (("ours", ACCOUNT), ("theirs", "999999999999")):
        policy = trust("firehose", **external_id(account))
        caller.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
    ours, theirs = (READER.replace("reader", name) for name in ("ours", "theirs"))
    firehose = caller.aws.client("firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName="trusted",
        ExtendedS3DestinationConfiguration={"BucketARN": BUCKET, "RoleARN": ours},
    )
    update = {
        "DeliveryStreamName": "trusted",
        "CurrentDeliveryStreamVersionId": "1",
        "DestinationId": "destinationId-000000000001",
        "ExtendedS3DestinationUpdate": {"RoleARN": theirs},
    }
    code, message, _ = refused(firehose.update_destination, **update)
    assert (code, message) == (
        "InvalidArgumentException",
        f"Firehose is unable to assume role {theirs}. Please check the role provided.",
    )
    description = firehose.describe_delivery_stream(DeliveryStreamName="trusted")
    assert description["DeliveryStreamDescription"]["VersionId"] == "1"


@pytest.mark.fact("conversion-role-check")
def test_the_role_of_a_schema_is_checked_last(caller: Caller) -> None:
    """After the table: where there is none, nobody asks for the role."""
    glue = caller.aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "db"})
    caller.iam.create_role(RoleName="blind", AssumeRolePolicyDocument=trust("firehose"))
    blind = READER.replace("reader", "blind")
    settings = plain(
        RoleARN=blind,
        ProcessingConfiguration=None,
        S3BackupMode=None,
        S3BackupConfiguration=None,
        DataFormatConversionConfiguration={
            **conversion(),
            "SchemaConfiguration": {"RoleARN": blind, "DatabaseName": "db", "TableName": "rows"},
        },
    )
    request = {"DeliveryStreamName": "blind", "ExtendedS3DestinationConfiguration": settings}
    create = caller.aws.client("firehose").create_delivery_stream
    code, message, _ = refused(create, **request)
    assert code == "InvalidArgumentException"
    assert "Error Code: EntityNotFoundException" in message
    glue.create_table(
        DatabaseName="db",
        TableInput={
            "Name": "rows",
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}]},
        },
    )
    code, message, _ = refused(create, **request)
    assert code == "InvalidArgumentException"
    assert "Access was denied when calling Glue." in message
    assert "Error Code: AccessDeniedException" in message


@pytest.mark.fact("destination-denied")
def test_firehose_logs_its_errors_with_the_role_of_the_destination(caller: Caller) -> None:
    """What may not be stored is in the error log, if the role may write that."""
    logs, firehose = caller.aws.client("logs"), caller.aws.client("firehose")
    logs.create_log_group(logGroupName="errors")
    logs.create_log_stream(logGroupName="errors", logStreamName="s3")
    caller.iam.create_role(RoleName="poor", AssumeRolePolicyDocument=trust("firehose"))
    firehose.create_delivery_stream(
        DeliveryStreamName="poor",
        ExtendedS3DestinationConfiguration={
            "BucketARN": BUCKET,
            "RoleARN": READER.replace("reader", "poor"),
            "Prefix": "poor/",
            "CloudWatchLoggingOptions": {
                "Enabled": True,
                "LogGroupName": "errors",
                "LogStreamName": "s3",
            },
        },
    )
    firehose.put_record(DeliveryStreamName="poor", Record={"Data": b"x"})
    write = allow("logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:errors:*")
    store = allow("s3:PutObject", f"{BUCKET}/poor/*")
    events: list[list[dict[str, str]]] = []
    for statements in ([], [write], [write, store]):
        if statements:
            caller.iam.put_role_policy(
                RoleName="poor", PolicyName="all", PolicyDocument=document(*statements)
            )
        with suppress(DeliveryError):
            caller.aws.flush()
        found = logs.get_log_events(logGroupName="errors", logStreamName="s3")["events"]
        events.append([json.loads(event["message"]) for event in found])
    assert [len(found) for found in events] == [0, 1, 1]
    destination = capture("log_event")["destination"]
    assert form(events[1]) == form([destination])
    assert events[1][0]["errorCode"] == destination["errorCode"]
    assert events[1][0]["message"] == destination["message"]
    stored = caller.aws.client("s3").list_objects_v2(Bucket="lake", Prefix="poor/")
    assert stored["KeyCount"] == 1
