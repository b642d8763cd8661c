"""Who may do what: the permissions of every role, written out a second time on purpose."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.infra.aws.stack import ACCOUNT, LAKE, REGION, RESULTS, Stack

STACK = Stack.of()
Permissions = dict[str, tuple[list[str], list[str]]]


def arn(service: str, resource: str) -> str:
    """Return an ARN in the test's region and account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def logs(function: str) -> Permissions:
    """Return the permission to write a function's own log."""
    group = arn("logs", f"log-group:/aws/lambda/finops-{function}:*")
    return {"WriteLogs": (["logs:CreateLogStream", "logs:PutLogEvents"], [group])}


REPORT: Permissions = {
    "ReportFailures": (["sqs:SendMessage"], [arn("sqs", "finops-failed-invocations")])
}
QUERY: Permissions = {
    "RunQueries": (
        [
            "athena:GetQueryExecution",
            "athena:GetQueryResults",
            "athena:StartQueryExecution",
            "athena:StopQueryExecution",
        ],
        [arn("athena", "workgroup/finops")],
    ),
    "ReadTheCatalog": (
        ["glue:GetDatabase", "glue:GetTable"],
        [
            arn("glue", "catalog"),
            arn("glue", "database/default"),
            arn("glue", "database/finops"),
            arn("glue", "table/finops/*"),
        ],
    ),
    "ReadRowsAndState": (["s3:GetObject"], [f"{LAKE}/processed/*", f"{LAKE}/state/*"]),
    "KeepAnswers": (
        [
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ],
        [f"{RESULTS}/*"],
    ),
    "ListBuckets": (["s3:GetBucketLocation", "s3:ListBucket"], [LAKE, RESULTS]),
}

SUMMARIES: Permissions = {
    "BuildSummaries": (
        ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        [f"{LAKE}/summaries/daily_costs/*", f"{LAKE}/summaries/monthly_costs/*"],
    ),
    "ShowSummaries": (["s3:PutObject"], [f"{LAKE}/state/summaries/*"]),
}

ALLOWED: dict[str, Permissions] = {
    "FirehoseRole": {
        "WriteRawProcessedAndErrors": (
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            [f"{LAKE}/raw/*", f"{LAKE}/processed/*", f"{LAKE}/errors/*"],
        ),
        "ListTheLake": (
            ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            [LAKE],
        ),
        "InvokeTheTransform": (
            ["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"],
            [arn("lambda", "function:finops-transform:live")],
        ),
        "ReadTheConversionSchema": (
            ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
            [
                arn("glue", "catalog"),
                arn("glue", "database/finops"),
                arn("glue", "table/finops/lake_rows"),
            ],
        ),
        "WriteErrorLogs": (
            ["logs:PutLogEvents"],
            [
                arn("logs", f"log-group:/aws/kinesisfirehose/finops:log-stream:{stream}")
                for stream in ("DestinationDelivery", "BackupDelivery")
            ],
        ),
    },
    "TransformRole": {
        **logs("transform"),
        "ReadEvaluationsAndBaselines": (
            ["s3:GetObject"],
            [
                f"{LAKE}/baselines/*",
                *(f"{LAKE}/state/{p}/*" for p in ("active_evaluation", "evaluations", "policies")),
            ],
        ),
        "ListEvaluationsAndBaselines": (["s3:ListBucket"], [LAKE]),
    },
    "IngestRole": {
        **logs("ingest"),
        "PutRecords": (["firehose:PutRecordBatch"], [arn("firehose", "deliverystream/finops")]),
        "KeepQuarantineSpoolAndState": (
            ["s3:GetObject", "s3:PutObject"],
            [f"{LAKE}/quarantine/*", f"{LAKE}/spool/*", f"{LAKE}/state/ingested/*"],
        ),
        "ReadTheCurrentState": (["s3:GetObject"], [f"{LAKE}/state/current/*"]),
        "DrainTheSpoolAndTakeBackClaims": (
            ["s3:DeleteObject"],
            [f"{LAKE}/spool/*", f"{LAKE}/quarantine/*", f"{LAKE}/state/ingested/*"],
        ),
        "ListTheLake": (["s3:ListBucket"], [LAKE]),
        "ReadTheExport": (["s3:GetObject"], ["arn:aws:s3:::no-export/*"]),
        "ListTheExport": (["s3:ListBucket"], ["arn:aws:s3:::no-export"]),
        "ContinueByItself": (["lambda:InvokeFunction"], [arn("lambda", "function:finops-ingest")]),
        **REPORT,
    },
    "SettleRole": {
        **logs("settle"),
        **QUERY,
        "ReadErrors": (["s3:GetObject"], [f"{LAKE}/errors/*"]),
        "ReplaceState": (["s3:PutObject"], [f"{LAKE}/state/*"]),
        **REPORT,
    },
    "BaselineRole": {
        **logs("baseline"),
        **QUERY,
        "PublishBaselines": (["s3:GetObject", "s3:PutObject"], [f"{LAKE}/baselines/*"]),
        **REPORT,
    },
    "SummariesRole": {**logs("summaries"), **QUERY, **SUMMARIES, **REPORT},
    "AnomaliesRole": {
        **logs("anomalies"),
        **QUERY,
        **SUMMARIES,
        "WriteAnomalies": (
            ["s3:GetObject", "s3:PutObject"],
            [f"{LAKE}/summaries/anomaly_events/*", f"{LAKE}/summaries/judged_days.json"],
        ),
        "AddToTheHistory": (["s3:PutObject"], [f"{LAKE}/summaries/anomaly_history/*"]),
        "TellOfAnomalies": (["sns:Publish"], [arn("sns", "finops-anomalies")]),
        **REPORT,
    },
    "AuditRole": {
        **logs("audit"),
        **QUERY,
        "ReadTheRecordAndErrors": (["s3:GetObject"], [f"{LAKE}/raw/*", f"{LAKE}/errors/*"]),
        "KeepAudits": (
            ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            [f"{LAKE}/audits/*"],
        ),
        "ReadTheStreamsSettings": (
            ["firehose:DescribeDeliveryStream"],
            [arn("firehose", "deliverystream/finops")],
        ),
        **REPORT,
    },
    "SchedulerRole": {
        "InvokeIngestAndJobs": (
            ["lambda:InvokeFunction"],
            [
                arn("lambda", f"function:finops-{name}")
                for name in ("ingest", "settle", "baseline", "anomalies", "audit", "summaries")
            ],
        ),
        "KeepWhatCouldNotBeDelivered": (
            ["sqs:SendMessage"],
            [arn("sqs", "finops-undelivered-schedules")],
        ),
    },
}


def statements(role: str) -> list[dict[str, Any]]:
    """Return every statement that a role gets, from wherever it is attached."""
    properties = STACK.properties(role)
    documents = [p["PolicyDocument"] for p in properties.get("Policies", [])]
    managed = STACK.all("AWS::IAM::ManagedPolicy")
    documents += [managed[m]["PolicyDocument"] for m in properties.get("ManagedPolicyArns", [])]
    for policy in STACK.all("AWS::IAM::Policy").values():
        documents += [policy["PolicyDocument"]] if role in policy["Roles"] else []
    return [statement for document in documents for statement in document["Statement"]]


def listed(value: str | list[str]) -> list[str]:
    """Return one or several as a list."""
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_may_do_this_and_nothing_else(role: str) -> None:
    """Named statements, actions and ARNs, as in the table above."""
    found = statements(role)
    assert {s["Effect"] for s in found} == {"Allow"}
    permissions = {s["Sid"]: (listed(s["Action"]), listed(s["Resource"])) for s in found}
    assert len(permissions) == len(found)
    assert permissions == ALLOWED[role]


def test_every_role_is_in_the_table_and_every_function_has_its_own() -> None:
    """No role is shared, none is made by SAM behind our back."""
    assert set(STACK.ids("AWS::IAM::Role")) == set(ALLOWED)
    roles = [f["Role"] for f in STACK.all("AWS::Lambda::Function").values()]
    assert len(set(roles)) == len(roles) == 7


def test_no_statement_allows_everything() -> None:
    """No action is a wildcard, and a resource ends in one only below a prefix of ours."""
    for role in ALLOWED:
        for statement in statements(role):
            assert not [a for a in listed(statement["Action"]) if "*" in a]
            for resource in listed(statement["Resource"]):
                assert "*" not in resource.removesuffix("*"), resource
                ours = "finops" in resource or resource.endswith(("catalog", "database/default"))
                # The export lies in a bucket that the template's user names.
                assert ours or resource in ("arn:aws:s3:::no-export", "arn:aws:s3:::no-export/*")


@pytest.mark.parametrize(
    ("role", "service", "condition"),
    [
        ("FirehoseRole", "firehose", {"StringEquals": {"sts:ExternalId": ACCOUNT}}),
        ("SchedulerRole", "scheduler", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        ("TransformRole", "lambda", None),
        ("IngestRole", "lambda", None),
        ("SettleRole", "lambda", None),
        ("BaselineRole", "lambda", None),
        ("SummariesRole", "lambda", None),
        ("AnomaliesRole", "lambda", None),
        ("AuditRole", "lambda", None),
    ],
)
def test_a_role_is_for_its_service_in_our_account(
    role: str, service: str, condition: dict[str, Any] | None
) -> None:
    """Nobody else may take it; services that act for many accounts must name ours."""
    [trust] = STACK.properties(role)["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert trust["Action"] == "sts:AssumeRole"
    assert trust.get("Condition") == condition


def written(role: str) -> Permissions:
    """Return what the reference page says of a role, managed policies included."""
    page = (Path(__file__).parents[3] / "docs/reference/permissions.md").read_text("utf-8")
    sections = {s.partition("\n")[0]: s for s in page.split("\n## ")[1:]}
    linked = re.findall(r"All of \[(\w+)\]", sections[role])
    rows = [
        line.removeprefix("| ").split(" | ")
        for name in (role, *linked)
        for line in sections[name].splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| statement"))
    ]
    return {sid: (_codes(actions), _codes(resources)) for sid, actions, resources, *_ in rows}


def _codes(cell: str) -> list[str]:
    """Return what a cell lists, without its condition, with the test's account and region."""
    ours = cell.partition(" where ")[0].replace("REGION", REGION).replace("ACCOUNT", ACCOUNT)
    return re.findall("`([^`]+)`", ours)


@pytest.mark.parametrize("role", ALLOWED)
def test_the_page_says_what_a_role_may(role: str) -> None:
    """Every statement with its actions and ARNs, and none besides."""
    assert written(role) == ALLOWED[role]
