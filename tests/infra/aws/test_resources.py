"""What the stack's buckets, functions, schedules and workgroup promise."""

import importlib
from typing import Any

import pytest

from tests.infra.aws.stack import ACCOUNT, LAKE, REGION, RESULTS, Stack
from transforms.jobs_handler import metrics

STACK = Stack.of()
HANDLERS = {
    "finops-transform": "transforms.firehose_handler.handler",
    "finops-ingest": "producers.scheduled_handler.handler",
    "finops-settle": "transforms.jobs_handler.settle_handler",
    "finops-baseline": "transforms.jobs_handler.baseline_handler",
    "finops-summaries": "transforms.jobs_handler.summaries_handler",
    "finops-anomalies": "transforms.jobs_handler.anomalies_handler",
    "finops-audit": "transforms.jobs_handler.audit_handler",
}


def functions() -> dict[str, dict[str, Any]]:
    """Return the stack's functions by name."""
    return {f["FunctionName"]: f for f in STACK.all("AWS::Lambda::Function").values()}


@pytest.mark.parametrize("bucket", ["Lake", "Results"])
def test_buckets_are_private_encrypted_and_tls_only(bucket: str) -> None:
    """No public access, no ACLs, encryption by default, and a policy that refuses plain HTTP."""
    properties = STACK.properties(bucket)
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    [rule] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    arn = {"Lake": LAKE, "Results": RESULTS}[bucket]
    policies = STACK.all("AWS::S3::BucketPolicy").values()
    [policy] = [p for p in policies if p["Bucket"] == properties["BucketName"]]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_raw_events_outlive_the_stack() -> None:
    """Every bucket that the stream writes to is retained, versioned, and expires nothing of raw."""
    stream = STACK.properties("Stream")["ExtendedS3DestinationConfiguration"]
    arns = {stream["BucketARN"], stream["S3BackupConfiguration"]["BucketARN"]}
    buckets = {
        i
        for i, p in STACK.all("AWS::S3::Bucket").items()
        if LAKE in arns and LAKE.endswith(p["BucketName"])
    }
    assert (arns, buckets) == ({LAKE}, {"Lake"})
    for bucket in buckets:
        resource, properties = STACK.resource(bucket), STACK.properties(bucket)
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        for rule in properties["LifecycleConfiguration"]["Rules"]:
            expires = {k for k in rule if "Expiration" in k or "Transition" in k}
            allowed = {"state/", "processed/", "audits/", "spool/ingest/",
                       "summaries/daily_costs/", "summaries/monthly_costs/"}  # fmt: skip
            assert not expires or rule["Prefix"] in allowed
            # What an abandoned ingest had read lies in its source still.
            current = {"ExpirationInDays"} if rule.get("Prefix") == "spool/ingest/" else set()
            assert expires <= {"NoncurrentVersionExpiration"} | current


def test_answers_expire_and_unfinished_uploads_are_aborted() -> None:
    """Athena's results go after seven days; no bucket pays for uploads that never ended."""
    [rule] = STACK.properties("Results")["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 7
    for bucket in STACK.all("AWS::S3::Bucket").values():
        rules = bucket["LifecycleConfiguration"]["Rules"]
        assert any("AbortIncompleteMultipartUpload" in r and "Prefix" not in r for r in rules)


def test_functions_are_the_seven_we_know() -> None:
    """Each runs on arm64 with python3.13, from one of the three bundles."""
    found = functions()
    assert {name: f["Handler"] for name, f in found.items()} == HANDLERS
    for name, function in found.items():
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        own = {"finops-transform": "transform", "finops-ingest": "ingest"}
        bundle = own.get(name, "jobs")
        assert function["Code"]["S3Key"] == f"../../build/{bundle}"
    assert found["finops-transform"]["Timeout"] == 300  # Firehose's own limit


@pytest.mark.parametrize("handler", HANDLERS.values())
def test_every_handler_exists(handler: str) -> None:
    """The template names nothing that the bundle could not call."""
    module, _, name = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def test_functions_know_where_everything_is() -> None:
    """The environment is made of the stack's own names, so that another stack has its own."""
    stack = Stack.of(Name="other", Database="costs", Evaluations="v2,v1")
    for function in stack.all("AWS::Lambda::Function").values():
        topic = {"FINOPS_ANOMALY_TOPIC": f"arn:aws:sns:{REGION}:{ACCOUNT}:other-anomalies"}
        own = topic if function["FunctionName"] == "other-anomalies" else {}
        assert function["Environment"]["Variables"] == own | {
            "FINOPS_BUCKET": f"other-lake-{ACCOUNT}-{REGION}",
            "FINOPS_DATABASE": "costs",
            "FINOPS_EXPORT": "s3://no-export/",
            "FINOPS_EVALUATION": "v2",
            "FINOPS_POLICY": "",
            "FINOPS_RULES": "v1",
            "FINOPS_SIMULATOR_DAYS": "31",
            "FINOPS_SIMULATOR_SEED": "1",
            "FINOPS_SIMULATOR_START": "2026-09-01",
            "FINOPS_SOURCE": "simulator",
            "FINOPS_STREAM": "other",
            "FINOPS_WORKGROUP": "other",
        }
    assert stack.properties("Stream")["DeliveryStreamName"] == "other"


def test_every_log_is_kept_for_a_time() -> None:
    """Each function and the stream has a log group of its own, and none keeps logs for ever."""
    stack = Stack.of(LogRetentionDays="90")
    groups = stack.all("AWS::Logs::LogGroup").values()
    assert {str(g["RetentionInDays"]) for g in groups} == {"90"}
    used = {f["LoggingConfig"]["LogGroup"] for f in stack.all("AWS::Lambda::Function").values()}
    assert used == {f"/aws/lambda/{name}" for name in HANDLERS}
    assert {g["LogGroupName"] for g in groups} == used | {"/aws/kinesisfirehose/finops"}


def test_asynchronous_failures_are_kept() -> None:
    """What a scheduled function gives up on lands in an encrypted queue, for two weeks."""
    queue = STACK.properties("FailedInvocations")
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    configs = STACK.all("AWS::Lambda::EventInvokeConfig").values()
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:finops-failed-invocations"
    assert all(c["DestinationConfig"] == {"OnFailure": {"Destination": arn}} for c in configs)
    assert {c["FunctionName"] for c in configs} == set(HANDLERS) - {"finops-transform"}


def test_schedules_say_when_they_were_due() -> None:
    """Each passes the moment it was scheduled for, and keeps what could not be delivered."""
    stack = Stack.of(ScheduleState="DISABLED")
    schedules = {s["Name"]: s for s in stack.all("AWS::Scheduler::Schedule").values()}
    assert {name: s["ScheduleExpression"] for name, s in schedules.items()} == {
        "finops-ingest": "cron(0 * * * ? *)",
        "finops-settle": "cron(10/15 * * * ? *)",
        "finops-summaries": "cron(25 * * * ? *)",
        "finops-baseline": "cron(30 3 * * ? *)",
        "finops-anomalies": "cron(0 4 * * ? *)",
        "finops-audit": "cron(40 * * * ? *)",
    }
    for name, schedule in schedules.items():
        target = schedule["Target"]
        assert schedule["State"] == "DISABLED"
        assert target["Arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        assert target["Input"] == '{"scheduled_time": "<aws.scheduler.scheduled-time>"}'
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
        queue = target["DeadLetterConfig"]["Arn"]
        assert queue == f"arn:aws:sqs:{REGION}:{ACCOUNT}:finops-undelivered-schedules"
    assert stack.properties("UndeliveredSchedules")["SqsManagedSseEnabled"] is True


def test_a_gap_of_an_audit_raises_an_alarm() -> None:
    """The alarm looks at the metric that the audit's function writes, of its own stack."""
    alarm = Stack.of(Name="other").properties("AuditGapsAlarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == (metrics.namespace, "AuditGaps")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "other-audit"}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert "finops audit" in alarm["AlarmDescription"]


def test_the_workgroup_enforces_its_settings() -> None:
    """Nobody's client chooses another place for results or scans without a limit."""
    workgroup = Stack.of(QueryBytesLimit="20000000").properties("WorkGroup")
    settings = workgroup["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["PublishCloudWatchMetricsEnabled"] is True
    assert settings["BytesScannedCutoffPerQuery"] == "20000000"
    assert settings["ResultConfiguration"] == {
        "OutputLocation": f"s3://finops-results-{ACCOUNT}-{REGION}/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    }


def test_outputs_name_what_a_client_needs() -> None:
    """Bucket, stream, database, workgroup and functions."""
    assert STACK.outputs() == {
        "LakeBucket": f"finops-lake-{ACCOUNT}-{REGION}",
        "ResultsBucket": f"finops-results-{ACCOUNT}-{REGION}",
        "StreamName": "finops",
        "StreamArn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/finops",
        "DatabaseName": "finops",
        "WorkGroupName": "finops",
        "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:finops-alarms",
        "AnomalyTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:finops-anomalies",
        **{f"{n.split('-')[1].capitalize()}FunctionName": n for n in HANDLERS},
    }


def test_parameters_explain_themselves() -> None:
    """Each has a description, a default and something that keeps nonsense out."""
    for name, parameter in STACK.template["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        assert "Default" in parameter, name
        assert {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter), name
