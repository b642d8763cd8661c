"""The stack's alarms and dashboard: what they watch, and that the runbook knows each of them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.aws.errors import TemplateError
from infra.aws.monitoring.alarms import NEAR, alarms
from infra.aws.monitoring.facts import facts_of
from infra.aws.template import TEMPLATE, load_template
from schemas.emf import NAMESPACE
from tests.infra.aws.stack import ACCOUNT, REGION, Stack

RUNBOOK = TEMPLATE.parents[2] / "docs" / "how-to" / "runbook.md"
DEPLOYING = TEMPLATE.parents[2] / "docs" / "how-to" / "deploy-to-aws.md"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:finops-alarms"
STACK = Stack.of()
ALARMS: dict[str, dict[str, Any]] = {
    a["AlarmName"]: a for a in STACK.all("AWS::CloudWatch::Alarm").values()
}
FACTS = facts_of(load_template())
ADVISED = {
    "DeliveryToS3.DataFreshness",
    "BackupToS3.DataFreshness",
    "IncomingBytes",
    "IncomingRecords",
    "IncomingPutRequests",
    "BytesPerSecondLimit",
    "RecordsPerSecondLimit",
    "PutRequestsPerSecondLimit",
    "ThrottledRecords",
    "ExecuteProcessing.Success",
    "FailedConversion.Records",
    "PartitionCount",
    "PartitionCountExceeded",
    "DeliveryToS3.Success",
    "BackupToS3.Success",
}
"""What firehose.md §6 lists; KMSKey* is for streams with a key of the customer's, which ours is
not."""


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics that an alarm is made of: namespace, name, dimensions."""
    if "MetricName" in alarm:
        return [alarm]
    return [q["MetricStat"]["Metric"] for q in alarm["Metrics"] if "MetricStat" in q]


def entry(alarm: dict[str, Any]) -> str:
    """Return the runbook entry that an alarm's description ends with."""
    match = re.search(r" Runbook: docs/how-to/runbook\.md#([a-z-]+)$", alarm["AlarmDescription"])
    assert match, alarm["AlarmDescription"]
    return match[1]


def headings(page: Path) -> list[str]:
    """Return the anchors of a page's second headings."""
    titles = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.M)
    return [re.sub(r"[^a-z0-9 -]", "", t.lower()).replace(" ", "-") for t in titles]


def test_every_metric_that_the_facts_list_is_watched() -> None:
    """None of AWS/Firehose is forgotten, and none is misspelled."""
    watched = {
        m["MetricName"]
        for alarm in ALARMS.values()
        for m in metrics(alarm)
        if m["Namespace"] == "AWS/Firehose"
    }
    assert watched == ADVISED


def test_every_function_and_every_schedule_is_watched() -> None:
    """Errors, throttles and the time of each function; the silence of each schedule."""
    for function in STACK.all("AWS::Lambda::Function").values():
        name = function["FunctionName"]
        own = {"Name": "FunctionName", "Value": name}
        for metric in ("Errors", "Throttles", "Duration"):
            wanted = [(metric, [own])]
            found = [
                a
                for a in ALARMS.values()
                if [(m["MetricName"], m["Dimensions"]) for m in metrics(a)] == wanted
            ]
            assert len(found) == 1, (name, metric)
            if metric == "Duration":
                assert found[0]["Threshold"] == NEAR * function["Timeout"] * 1_000
    for schedule in STACK.all("AWS::Scheduler::Schedule").values():
        assert ALARMS[f"{schedule['Name']}-missed"]["TreatMissingData"] == "ignore"


def test_freshness_goes_by_the_buffers_of_the_template() -> None:
    """At least 900 s, at least twice the interval; main and backup each by its own."""
    template = load_template()
    stream = template["Resources"]["Stream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    stream["BufferingHints"]["IntervalInSeconds"] = 800
    by_name = {a.name: a.threshold for a in alarms(facts_of(template))}
    assert (by_name["delivery-freshness"], by_name["backup-freshness"]) == (1_600, 900)


def test_a_schedule_nobody_has_thought_of_is_refused() -> None:
    """How long it may be silent is a decision."""
    template = load_template()
    template["Resources"]["NewSchedule"] = template["Resources"]["SettleSchedule"]
    with pytest.raises(TemplateError, match="NewSchedule"):
        alarms(facts_of(template))


def test_every_alarm_tells_the_topic_once_and_when_it_is_over() -> None:
    """To ALARM and to OK; each says what a missing datapoint means."""
    for alarm in ALARMS.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
        assert "InsufficientDataActions" not in alarm
        assert alarm["TreatMissingData"] in ("notBreaching", "ignore")
        assert int(alarm["EvaluationPeriods"]) >= int(alarm.get("DatapointsToAlarm", 1))


def test_our_own_metrics_have_the_dimensions_that_functions_give_them() -> None:
    """The first is always the function, which the template names after the stack."""
    names = {f["FunctionName"] for f in STACK.all("AWS::Lambda::Function").values()}
    ours = [m for a in ALARMS.values() for m in metrics(a) if m["Namespace"] == NAMESPACE]
    assert {m["MetricName"] for m in ours} >= {"SettleLag", "ErrorObjects", "SpoolAge", "Findings"}
    for metric in ours:
        first = metric["Dimensions"][0]
        assert (first["Name"], first["Value"] in names) == ("service", True)


def test_alarms_and_runbook_know_each_other() -> None:
    """Each description ends with an entry that exists, and each entry has an alarm."""
    linked = {entry(alarm) for alarm in ALARMS.values()}
    if not FACTS.audits:
        linked.add("audit-gaps")  # of the audit's function
    entries = headings(RUNBOOK)
    assert len(entries) == len(set(entries))
    assert linked == set(entries)


def test_every_entry_says_the_four_things() -> None:
    """Meaning, first look, action, and when it is harmless."""
    text = RUNBOOK.read_text("utf-8")
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, body = section.partition("\n")
        for word in ("Meaning", "First look", "Action", "Harmless"):
            assert f"**{word}.**" in body, (title, word)


def test_the_runbook_s_place_and_the_mail_are_the_user_s() -> None:
    """Another page, and a subscription only where there is an address."""
    stack = Stack.of(RunbookUrl="https://wiki.example/finops", AlarmEmail="ops@example.com")
    for alarm in stack.all("AWS::CloudWatch::Alarm").values():
        assert " Runbook: https://wiki.example/finops#" in alarm["AlarmDescription"]
    assert stack.properties("AlarmMail") == {
        "TopicArn": TOPIC,
        "Protocol": "email",
        "Endpoint": "ops@example.com",
    }
    assert stack.resource("AlarmMail")["Condition"] == "SomebodyGetsMail"


def test_costs_are_told_to_others_than_alarms() -> None:
    """A topic of their own, that no alarm tells, with a subscription where there is an address."""
    stack = Stack.of(AnomalyEmail="finance@example.com")
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:finops-anomalies"
    assert stack.properties("AnomalyMail") == {
        "TopicArn": topic,
        "Protocol": "email",
        "Endpoint": "finance@example.com",
    }
    assert stack.resource("AnomalyMail")["Condition"] == "SomebodyIsToldOfAnomalies"
    assert all(alarm["AlarmActions"] == [TOPIC] for alarm in ALARMS.values())


def test_the_dashboard_shows_every_alarm_and_real_names() -> None:
    """Its body is JSON; nothing in it overlaps, and no variable is left."""
    (dashboard,) = STACK.all("AWS::CloudWatch::Dashboard").values()
    body = json.loads(dashboard["DashboardBody"])
    assert "${" not in dashboard["DashboardBody"]
    first, *graphs = body["widgets"]
    prefix = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:"
    assert {a.removeprefix(prefix) for a in first["properties"]["alarms"]} == set(ALARMS)
    places = {(w["x"], w["y"]) for w in body["widgets"]}
    assert len(places) == len(body["widgets"])
    for graph in graphs:
        assert graph["x"] + graph["width"] <= 24
        assert graph["properties"]["metrics"], graph["properties"]["title"]


def test_the_page_on_deploying_says_what_watching_costs() -> None:
    """The number of alarms and of the metrics they look at: CloudWatch bills those."""
    looked_at = sum(len(metrics(a)) for a in ALARMS.values())
    text = " ".join(DEPLOYING.read_text("utf-8").split())
    assert f"{len(ALARMS)} alarms over {looked_at} metrics" in text
    assert f"{looked_at * 0.10:.2f} USD" in text
