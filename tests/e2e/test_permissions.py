"""Three hours of the pipeline with permissions enforced, by the template's own roles and no more.

Everything that was asked for is kept: each statement, each action and each resource of the template
is held against it, and is needed or has a written reason.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.aws.unseen_permissions import UNSEEN
from infra.local.aws.iam.principal import Principal
from infra.local.aws.server import LocalAws
from infra.local.clock import ManualClock
from infra.local.iam import Call, Statement, Verdict, judge, parse_policy
from infra.wiring import Platform, start
from tests.exports import LegacyReport, charge
from transforms.audit import audit

BEGIN = datetime(2026, 9, 20, 2, 50, tzinfo=UTC)
BUCKET, MONTH = "our-exports", "2026-09"
FUNCTIONS = ("ingest", "settle", "summaries", "baseline", "anomalies")
PARAMETERS = {
    "Source": "focus",
    "ExportBucket": BUCKET,
    "ExportPrefix": "costs",
    "SettleExpression": "cron(20 * * * ? *)",
}
Statements = tuple[Statement, ...]


@dataclass
class Run:
    """What came of the run.

    Attributes:
        allowed: what was asked for and allowed, by the role's name in the template.
        denied: who was denied what.
        policies: the statements of each role and of each managed policy.
        roles: the managed policies of each role.
    """

    allowed: dict[str, set[Call]]
    denied: set[tuple[str, Call]]
    policies: dict[str, Statements]
    roles: dict[str, list[str]]
    answers: list[dict[str, Any]]
    clean: bool
    failed: list[dict[str, Any]]
    undelivered: list[dict[str, Any]]

    def statements(self, role: str) -> Statements:
        """Return all statements of a role."""
        return sum((self.policies[name] for name in (role, *self.roles[role])), ())


def role_of(principal: Principal) -> str:
    """Return the role's name in the template: its own was made of it."""
    return principal.name.split("-")[1]


def upload(platform: Platform, folder: Path) -> None:
    """Put an export where the stack looks for it."""
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        key = f"costs/{file.relative_to(folder).as_posix()}"
        platform.client("s3").put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())


def messages(platform: Platform, name: str) -> list[dict[str, Any]]:
    """Return what lies in a queue."""
    sqs = platform.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return list(answer.get("Messages", []))


def policies(platform: Platform) -> tuple[dict[str, Statements], dict[str, list[str]]]:
    """Return the statements of every role and managed policy, and which role has which."""
    iam = platform.client("iam")
    found: dict[str, Statements] = {}
    managed: dict[str, list[str]] = {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        documents = [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        key = name.split("-")[1]
        found[key] = sum((parse_policy(json.dumps(d)) for d in documents), ())
        managed[key] = []
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)
            own = policy["PolicyName"].split("-")[1]
            found[own] = parse_policy(json.dumps(document["PolicyVersion"]["Document"]))
            managed[key].append(own)
    return found, managed


def go(aws: LocalAws, platform: Platform, folder: Path) -> None:
    """Let the schedules run, with everything that asks for something in particular."""
    report = LegacyReport(folder)
    # Two parts are two invocations, the second sent by the first; one row is no event.
    parts = [
        [charge(f"{MONTH}-{n % 7 + 1:02}", cost, ResourceId=f"r-{n}") for n in range(20)]
        for cost in ("0.125", "2")
    ]
    parts[0][3] = {**parts[0][3], "BilledCost": "much"}
    report.assemble(MONTH, "a-1", parts, 1_789_000_000)
    platform.client("s3").create_bucket(Bucket=BUCKET)
    upload(platform, folder)
    platform.client("firehose").put_record(
        DeliveryStreamName=platform.names.stream, Record={"Data": b"no record of ours"}
    )
    aws.run_until(BEGIN + timedelta(minutes=50))  # ingest, settle, baseline
    parts[1][0] = {**parts[1][0], "BilledCost": "3"}
    report.assemble(MONTH, "a-2", parts, 1_789_900_000)
    upload(platform, folder)
    schedule_a_stranger(platform)
    aws.run_until(BEGIN + timedelta(minutes=80))  # ingest again, anomalies
    # Rows that went missing make settle look among the errors.
    newest = max(platform.store.list("processed/charges/"), key=lambda o: o.key.split("/")[-1]).key
    kept = platform.store.get(newest)
    platform.store.delete(newest)
    aws.run_until(BEGIN + timedelta(minutes=95))  # settle
    platform.store.put(newest, kept)
    aws.run_until(BEGIN + timedelta(minutes=155))  # settle counts again
    for name in FUNCTIONS:
        platform.client("lambda").invoke(
            FunctionName=f"finops-{name}", InvocationType="Event", Payload=b"[]"
        )


def schedule_a_stranger(platform: Platform) -> None:
    """Let the schedules' role be asked to invoke what it may not."""
    scheduler = platform.client("scheduler")
    target = scheduler.get_schedule(Name="finops-ingest")["Target"]
    scheduler.create_schedule(
        Name="stranger",
        ScheduleExpression="at(2026-09-20T03:45:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": target["Arn"].replace("finops-ingest", "finops-transform"),
            "RoleArn": target["RoleArn"],
            "DeadLetterConfig": target["DeadLetterConfig"],
            "RetryPolicy": {"MaximumRetryAttempts": 0},
        },
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run it once for all tests."""
    folder = tmp_path_factory.mktemp("permissions")
    judged: set[tuple[str, Call, bool]] = set()

    def watch(principal: Principal, call: Call, allowed: bool) -> None:
        judged.add((role_of(principal), call, allowed))

    with start(
        folder / "finops",
        clock=ManualClock(BEGIN),
        parameters=PARAMETERS,
        enforce_iam=True,
        watch=watch,
    ) as (aws, platform):
        go(aws, platform, folder / "export")
        statements, roles = policies(platform)
        return Run(
            allowed={
                role: {call for r, call, allowed in judged if r == role and allowed}
                for role in roles
            },
            denied={(role, call) for role, call, allowed in judged if not allowed},
            policies=statements,
            roles=roles,
            answers=platform.query.rows("select count(*) as n, sum(billed_cost) as b from charges"),
            clean=audit(platform.query, platform.store).clean,
            failed=messages(platform, "finops-failed-invocations"),
            undelivered=messages(platform, "finops-undelivered-schedules"),
        )


def test_the_templates_roles_are_enough(run: Run) -> None:
    """The export arrives to the last digit, though nobody may more than the template says."""
    assert run.answers == [{"n": 39, "b": Decimal("0.125") * 19 + 2 * 19 + 3}]
    assert run.clean
    assert all(run.allowed.values()), "every role was used"


def test_nothing_is_denied_but_what_a_stranger_asks_for(run: Run) -> None:
    [(role, call)] = run.denied
    assert (role, call.action) == ("schedulerrole", "lambda:InvokeFunction")
    [letter] = run.undelivered
    assert letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"].endswith(
        f"/stranger is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{call.resource} because no identity-based policy allows the lambda:InvokeFunction action"
    )


def test_each_function_reports_its_own_failures(run: Run) -> None:
    told = [json.loads(message["Body"])["requestContext"]["functionArn"] for message in run.failed]
    assert sorted(arn.split(":")[6] for arn in told) == sorted(f"finops-{f}" for f in FUNCTIONS)


def test_every_permission_is_needed_or_has_a_reason(run: Run) -> None:
    """Take away a statement, an action or a resource, and something is denied."""
    superfluous = {
        (owner, statement.sid, what)
        for owner in run.policies
        for statement in run.policies[owner]
        for what in unneeded(run, owner, statement)
    }
    listed = {
        (owner.lower(), sid, what) for (owner, sid), reasons in UNSEEN.items() for what in reasons
    }
    found = {(owner, sid, listed_as(what, owner, sid)) for owner, sid, what in superfluous}
    assert found - listed == set(), "allowed and never asked for"
    assert listed - found == set(), "asked for, though listed as never asked for"


def unneeded(run: Run, owner: str, statement: Statement) -> Iterator[str]:
    """Yield the actions and resources of a statement that nobody would miss."""
    roles = [role for role in run.roles if owner == role or owner in run.roles[role]]

    def missed(smaller: Statement) -> bool:
        return any(
            judge([smaller if s is statement else s for s in run.statements(role)], call)
            is not Verdict.ALLOWED
            for role in roles
            for call in run.allowed[role]
        )

    for action in statement.actions:
        if not missed(replace(statement, actions=tuple(set(statement.actions) - {action}))):
            yield action
    if not missed(replace(statement, actions=())):
        return  # the resources of what nobody does are nobody's
    for resource in statement.resources or ():
        left = tuple(set(statement.resources or ()) - {resource})
        if not missed(replace(statement, resources=left)):
            yield resource


def listed_as(what: str, owner: str, sid: str) -> str:
    """Return a resource as the list of reasons names it: by its end."""
    names = [
        name
        for (key, known), reasons in UNSEEN.items()
        if (key.lower(), known) == (owner, sid)
        for name in reasons
    ]
    return next((name for name in names if what.endswith(name)), what)
