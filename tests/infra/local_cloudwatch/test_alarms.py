"""Alarms over AWS's own API, on a clock that moves when told."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.aws.server import LocalAws
from infra.local.clock import ManualClock
from tests.infra.local_aws.conftest import START
from tests.infra.local_aws.stacks import pipeline

PLAIN: dict[str, Any] = {
    "AlarmName": "lag",
    "AlarmDescription": "It lags. Runbook: r#lag",
    "Namespace": "Ours",
    "MetricName": "Lag",
    "Statistic": "Maximum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 60.0,
    "TreatMissingData": "notBreaching",
}


class Watched:
    """A server, its clock, and a topic whose messages come into a queue."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = ManualClock(START)
        self.aws = LocalAws(data_dir, clock=self.clock, random=Random(7))
        self.cloudwatch = self.aws.client("cloudwatch")
        self.sqs = self.aws.client("sqs")
        sns = self.aws.client("sns")
        self.topic = sns.create_topic(Name="ops")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="mail")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:mail"
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def put_alarm(self, **changes: Any) -> None:
        """Put an alarm that tells the topic."""
        told = {"AlarmActions": [self.topic], "OKActions": [self.topic]}
        self.cloudwatch.put_metric_alarm(**{**PLAIN, **told, **changes})

    def put(self, value: float, name: str = "Lag") -> None:
        """Measure a value now."""
        datum = {"MetricName": name, "Value": value}
        self.cloudwatch.put_metric_data(Namespace="Ours", MetricData=[datum])

    def wait(self, minutes: int) -> None:
        """Let time pass, a minute at a time."""
        for _ in range(minutes):
            self.clock.advance(by=timedelta(minutes=1))
            self.aws.tick()

    def alarm(self, name: str = "lag") -> dict[str, Any]:
        """Return an alarm as it stands."""
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return dict(alarm)

    @property
    def state(self) -> str:
        """The alarm's state."""
        return str(self.alarm()["StateValue"])

    def mail(self) -> list[dict[str, Any]]:
        """Take what the topic was told."""
        got = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for message in got.get("Messages", ()):
            handle = message["ReceiptHandle"]
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=handle)
        bodies = [json.loads(message["Body"]) for message in got.get("Messages", ())]
        return [json.loads(body["Message"]) for body in bodies]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """Start a server."""
    running = Watched(tmp_path)
    yield running
    running.aws.close()


def test_an_alarm_fires_once_and_is_over_once(watched: Watched) -> None:
    """A new one knows nothing; each change has its reason, its time and one message."""
    watched.put_alarm()
    assert watched.state == "INSUFFICIENT_DATA"
    watched.wait(1)
    assert watched.state == "OK"
    assert [m["NewStateValue"] for m in watched.mail()] == ["OK"]
    watched.put(90)
    watched.wait(1)
    alarm = watched.alarm()
    fired = START + timedelta(minutes=2)
    assert (alarm["StateValue"], alarm["StateUpdatedTimestamp"]) == ("ALARM", fired)
    assert "[90] was greater than the threshold (60)" in alarm["StateReason"]
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [90.0]
    watched.put(95)
    watched.wait(3)
    (message,) = watched.mail()
    assert (message["OldStateValue"], message["NewStateValue"]) == ("OK", "ALARM")
    assert message["AlarmDescription"].endswith("Runbook: r#lag")
    assert message["StateChangeTime"] == "2026-11-23T08:02:00.000+0000"
    watched.wait(20)
    assert watched.state == "OK"
    assert [m["NewStateValue"] for m in watched.mail()] == ["OK"]


def test_a_value_is_seen_when_its_minute_is_over(watched: Watched) -> None:
    """Periods slide with the clock and end before the running minute."""
    watched.put_alarm()
    watched.wait(1)
    watched.put(90)
    watched.aws.tick()
    assert watched.state == "OK"
    watched.wait(1)
    assert watched.state == "ALARM"


def test_silence_after_a_breach_lasts_as_long_as_the_range(watched: Watched) -> None:
    """One period more than asked for, twice: then nothing is left to look at."""
    watched.put_alarm()
    watched.wait(1)
    watched.put(90)
    watched.wait(15)
    assert watched.state == "ALARM"
    watched.wait(1)
    assert watched.state == "OK"


def test_missing_that_is_ignored_keeps_the_state(watched: Watched) -> None:
    """However long it is silent."""
    watched.put_alarm(TreatMissingData="ignore")
    watched.wait(30)
    assert watched.state == "INSUFFICIENT_DATA"
    watched.put(90)
    watched.wait(60)
    assert watched.state == "ALARM"
    watched.put(1)
    watched.wait(6)
    assert watched.state == "OK"


def math(expression: str, *names: str, period: int = 300) -> dict[str, Any]:
    """Return what makes an alarm one over an expression."""
    single = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    queries: list[dict[str, Any]] = [{"Id": "value", "Expression": expression}]
    for name in names:
        metric = {"Namespace": "Ours", "MetricName": name}
        stat = {"Metric": metric, "Period": period, "Stat": "Sum"}
        queries.append({"Id": name.lower(), "MetricStat": stat, "ReturnData": False})
    return {**single, "Metrics": queries}


def put_math(watched: Watched, expression: str, *names: str, **changes: Any) -> None:
    """Put an alarm over an expression."""
    period = changes.pop("Period", 300)
    given = {**PLAIN, **math(expression, *names, period=period), **changes}
    watched.cloudwatch.put_metric_alarm(**{k: v for k, v in given.items() if v is not None})


def test_an_expression_over_two_metrics(watched: Watched) -> None:
    """A share of a limit, as the template's alarms take it."""
    put_math(watched, "used / PERIOD(used) / limit", "Used", "Limit", Threshold=0.8)
    watched.wait(1)
    watched.put(270, "Used")
    watched.wait(1)
    assert watched.state == "OK"  # nobody knows the limit
    watched.put(1, "Limit")
    watched.wait(1)
    assert watched.state == "ALARM"
    assert "[0.9]" in watched.alarm()["StateReason"]


def test_what_is_filled_is_over_when_its_periods_are(watched: Watched) -> None:
    """As the template's alarms are: nobody looks back behind a silence."""
    put_math(watched, "FILL(lag, 0)", "Lag")
    watched.wait(1)
    watched.put(90)
    watched.wait(1)
    watched.put(0)
    states = []
    for _ in range(20):
        watched.wait(1)
        states.append(watched.state)
    assert states == ["ALARM"] * 4 + ["OK"] * 16


def test_a_schedule_that_falls_silent_is_missed_and_stays_so(watched: Watched) -> None:
    """Before the first run nothing is known; two silent hours are zeros; then a run ends it."""
    asked = {
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 1.0,
        "EvaluationPeriods": 2,
        "TreatMissingData": "ignore",
    }
    put_math(watched, "FILL(runs, 0) - FILL(errors, 0)", "Runs", "Errors", Period=3600, **asked)
    watched.wait(200)
    assert watched.state == "INSUFFICIENT_DATA"
    for _ in range(3):
        watched.put(1, "Runs")
        watched.put(0, "Errors")
        watched.wait(60)
    assert watched.state == "OK"
    watched.wait(59)
    assert watched.state == "OK"
    watched.wait(2)
    assert watched.state == "ALARM"
    watched.wait(400)
    assert watched.state == "ALARM"
    watched.put(1, "Runs")
    watched.put(0, "Errors")
    watched.wait(1)
    assert watched.state == "OK"


def test_a_state_that_is_set_by_hand_lasts_until_the_next_look(watched: Watched) -> None:
    """As `aws cloudwatch set-alarm-state` is used to try a subscription."""
    watched.put_alarm()
    watched.wait(2)
    watched.mail()
    watched.cloudwatch.set_alarm_state(
        AlarmName="lag", StateValue="ALARM", StateReason="a rehearsal"
    )
    assert watched.alarm()["StateUpdatedTimestamp"] == watched.clock.now()
    watched.wait(1)
    assert watched.state == "OK"


def test_an_alarm_that_is_put_again_keeps_its_state(watched: Watched) -> None:
    """And goes by its new threshold from then on; without actions it tells nobody."""
    watched.put_alarm(TreatMissingData="ignore")
    watched.put(90)
    watched.wait(1)
    assert watched.state == "ALARM"
    watched.mail()
    watched.put_alarm(TreatMissingData="ignore", Threshold=100.0, ActionsEnabled=False)
    assert watched.state == "ALARM"
    watched.wait(1)
    assert watched.state == "OK"
    assert watched.mail() == []


REFUSED = [
    ({"Statistic": None, "ExtendedStatistic": "p99"}, "percentiles"),
    ({"Unit": "Seconds"}, "Unit"),
    ({"Period": 10}, "period of 10 s"),
    ({"Period": 86400, "EvaluationPeriods": 8}, "8 periods of 86400 s"),
    ({"EvaluationPeriods": 300}, "300 periods"),
    ({"DatapointsToAlarm": 2}, "2 datapoints to alarm of 1"),
    ({"ComparisonOperator": "LessThanLowerThreshold"}, "comparison"),
    ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "action"),
    (math("IF(lag > 1, lag, 0)", "Lag"), "expression"),
    (math("lag + other", "Lag"), "other is not one of its metrics"),
]


@pytest.mark.parametrize(("changes", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_cannot_be_evaluated_is_refused(
    watched: Watched, changes: dict[str, Any], why: str
) -> None:
    """Nothing is kept of it; the message says what it was."""
    given = {k: v for k, v in {**PLAIN, **changes}.items() if v is not None}
    with pytest.raises(ClientError, match="Not supported locally") as refusal:
        watched.cloudwatch.put_metric_alarm(**given)
    assert why in str(refusal.value)
    assert watched.cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_functions_and_queues_tell_of_themselves(watched: Watched) -> None:
    """An invocation that fails counts as one, and its message waits in a queue."""
    stack = watched.aws.deploy(pipeline())
    function = stack.resources["Transform"].ref
    invoke = watched.aws.client("lambda").invoke
    invoke(FunctionName=function, Payload=b'{"records": []}')
    invoke(FunctionName=function, Payload=b'"no records"')
    watched.sqs.send_message(QueueUrl=watched.queue, MessageBody="it failed")
    watched.wait(1)

    def total(namespace: str, name: str, dimension: str, value: str) -> float:
        (point,) = watched.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": dimension, "Value": value}],
            StartTime=START,
            EndTime=datetime.max.replace(year=2027, tzinfo=START.tzinfo),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(point["Sum"])

    assert total("AWS/Lambda", "Invocations", "FunctionName", function) == 2
    assert total("AWS/Lambda", "Errors", "FunctionName", function) == 1
    assert total("AWS/Lambda", "Throttles", "FunctionName", function) == 0
    depth = "ApproximateNumberOfMessagesVisible"
    assert total("AWS/SQS", depth, "QueueName", "mail") == 1
    watched.sqs.purge_queue(QueueUrl=watched.queue)
    watched.wait(3)
    assert total("AWS/SQS", depth, "QueueName", "mail") == 1  # and one zero, no more
