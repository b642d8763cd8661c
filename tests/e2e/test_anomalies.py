"""Anomalies on the whole stack, with permissions enforced: from an export to a mail, and back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.cli import run
from infra.ingesting import run_ingest
from infra.local.clock import ManualClock
from infra.wiring import Platform, start
from producers.decision import OnConflict
from producers.ingest import Options
from tests.e2e.conftest import Answer
from tests.exports import charge, csv_bytes
from tests.sources import file_source

FIRST = date(2026, 9, 1)
NIGHT = datetime(2026, 9, 24, 4, tzinfo=UTC)
"""Two days after the 22nd, which is the newest that it judges."""
SPIKES = ("2026-09-21", "2026-09-22")


def bill(folder: Path, name: str, spike: str) -> Path:
    """Write 24 days of two resources of one service; one costs more on two days."""
    rows = [
        charge(day, cost, ServiceName="EC2", SubAccountId="42", RegionId="eu-west-1",
               ResourceId=resource, Tags='{"owner":"ana"}')
        for n in range(24)
        for day in [(FIRST + timedelta(days=n)).isoformat()]
        for resource, cost in (("i-1", "20.5"), ("i-2", spike if day in SPIKES else "1.25"))
    ]  # fmt: skip
    path = folder / name
    path.write_bytes(csv_bytes(rows))
    return path


@dataclass
class Story:
    """A stack in which the job is invoked by hand, and a subscriber of its topic."""

    platform: Platform
    data_dir: Path
    folder: Path
    clock: ManualClock
    queue: str

    def ingest(self, name: str, spike: str) -> None:
        """Deliver the bill; the newest one holds."""
        options = Options(on_conflict=OnConflict.REPLACE)
        run_ingest(self.platform, file_source(bill(self.folder, name, spike)), options)

    def night(self, moment: datetime) -> dict[str, Any]:
        """Let the function do a night's job, as its schedule would; return its answer."""
        if moment > self.clock.now():
            self.clock.advance(to=moment)
        event = {"scheduled_time": moment.isoformat()}
        answer = self.platform.client("lambda").invoke(
            FunctionName="finops-anomalies", Payload=json.dumps(event).encode()
        )
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, said
        return said

    def mail(self) -> list[dict[str, Any]]:
        """Take what the topic was told."""
        sqs = self.platform.client("sqs")
        got = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in got:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in got]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Start it once; the tests below are its chapters, in order."""
    folder = tmp_path_factory.mktemp("anomalies")
    clock = ManualClock(NIGHT)
    parameters = {"ScheduleState": "DISABLED"}
    with start(folder / "finops", clock=clock, parameters=parameters, enforce_iam=True) as (
        _,
        platform,
    ):
        sqs, sns = platform.client("sqs"), platform.client("sns")
        queue = sqs.create_queue(QueueName="mail")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        topics = [t["TopicArn"] for t in sns.list_topics()["Topics"]]
        (topic,) = [t for t in topics if t.endswith(":finops-anomalies")]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        yield Story(platform, folder / "finops", folder, clock, queue)


@pytest.fixture
def finops(story: Story, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `finops anomalies …` over the story's stack."""

    def command(*arguments: str) -> Answer:
        code = run(["anomalies", *arguments, "--data-dir", str(story.data_dir)])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return command


def test_the_story_of_one_anomaly(story: Story, finops: Any) -> None:
    """Found, told of once, acknowledged, withdrawn by a restatement; nothing is ever lost."""
    assert finops("list").err.startswith("finops: no data yet in")
    story.ingest("first.csv", "300.75")
    found = story.night(NIGHT)
    (name,) = found["told"]
    assert found["newest_day"] == SPIKES[1]
    assert found["changes"] == [["found", name], ["notified", name]]
    (mail,) = story.mail()
    assert mail["Subject"] == "1 new cost anomaly: 599.00 USD above what was expected"
    assert "EC2, 42, eu-west-1: 599.00 USD" in mail["Message"]
    assert "2026-09-21 to 2026-09-22: 642.50 USD instead of 43.50 USD" in mail["Message"]
    assert "  i-2: 601.50 USD instead of 2.50 USD" in mail["Message"]
    # The same night again, and the next one: no mail, no change.
    assert story.night(NIGHT)["changes"] == []
    assert story.night(NIGHT + timedelta(days=1))["changes"] == []
    assert story.mail() == []
    # The row in the lake, exact.
    (row,) = story.platform.query.rows(
        "select anomaly_id, status, charge_date, end_date, sub_account_id, actual, expected, "
        "impact, cardinality(days) as days, owner, first_seen, suppressed_by from anomalies"
    )
    assert row == {
        "anomaly_id": name,
        "status": "open",
        "charge_date": SPIKES[0],
        "end_date": SPIKES[1],
        "sub_account_id": "42",
        "actual": Decimal("642.5"),
        "expected": Decimal("43.5"),
        "impact": Decimal(599),
        "days": 2,
        "owner": "ana",
        "first_seen": "2026-09-24T04:00:00+00:00",
        "suppressed_by": None,
    }
    # A person looks at it and says what it was.
    assert finops("list", "--check").code == 1
    shown = finops("show", name[:6]).out
    assert "i-2" in shown
    assert f"next: finops anomalies ack {name}" in shown
    said = finops("ack", name[:6], "--by", "ana", "--reason", "load test", "--false")
    assert (said.code, said.out) == (0, f"{name} is acknowledged by ana\n")
    listed = finops("list", "--check")
    assert listed.code == 0
    assert "open, seen by ana, a false alarm" in listed.out
    # The days are restated: it is withdrawn and kept, with what was said.
    story.ingest("second.csv", "1.25")
    assert story.night(NIGHT + timedelta(days=2))["changes"] == [["withdrawn", name]]
    assert finops("list", "--json").json == []
    (withdrawn,) = finops("list", "--status", "withdrawn", "--json").json
    assert Decimal(withdrawn["impact"]) == 599
    assert [ack["reason"] for ack in withdrawn["acks"]] == ["load test"]
    assert story.mail() == []
    history = story.platform.query.rows(
        "select h.change, a.feedback from anomaly_history h "
        "left join anomaly_acks a on a.anomaly_id = h.anomaly_id order by h.changed_at, h.change"
    )
    assert [(h["change"], h["feedback"]) for h in history] == [
        ("found", "false"), ("notified", "false"), ("withdrawn", "false")
    ]  # fmt: skip
    # It is planned, comes back by another restatement, and nobody is told.
    plan = finops("suppress", "--service", "EC2", "--from", "2026-09-20", "--to", "2026-09-22",
                  "--by", "ben", "--reason", "test again", "--json").json  # fmt: skip
    story.ingest("third.csv", "301")
    judged = finops("judge", "--json").json
    assert [c["change"] for c in judged["changes"]] == ["reopened", "changed", "suppressed"]
    assert "suppressed: test again" in finops("list").out
    (row,) = story.platform.query.rows("select suppression_id, lifted_at from suppressions")
    assert row == {"suppression_id": plan["suppression_id"], "lifted_at": None}
    lifted = finops("suppress", "--lift", plan["suppression_id"][:5], "--by", "ana")
    assert lifted.out == f"{plan['suppression_id']} is lifted: test again\n"
    assert "lifted by ana" in finops("plans").out
    assert finops("judge").out.endswith(f"{name} unsuppressed: EC2, 42, eu-west-1, from "
                                        f"{SPIKES[0]}\n")  # fmt: skip
    assert story.mail() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "zzz"],
         "no anomaly with a name that begins with 'zzz'; list: finops anomalies list"),
        (["ack", "zzz", "--by", "ana", "--reason", "x"],
         "no anomaly with a name that begins with 'zzz'; list: finops anomalies list"),
        (["suppress", "--by", "ana", "--reason", "x", "--to", "2026-09-01"],
         "--from is no day; write --from YYYY-MM-DD"),
        (["suppress", "--by", "ana", "--reason", "x", "--from", "2026-09-02", "--to", "2026-09-01"],
         "--from 2026-09-02 is after --to 2026-09-01; exchange them"),
        (["suppress", "--by", "ana", "--reason", " ", "--from", "2026-09-01", "--to", "2026-09-01"],
         "--reason is empty; say it in a few words"),
        (["suppress", "--by", "ana", "--lift", "zzz"],
         "no planned event with a name that begins with 'zzz'; list: finops anomalies plans"),
        (["suppress", "--by", "ana", "--lift", ""],
         "no planned event with a name that begins with ''; list: finops anomalies plans"),
        (["show", ""], "no anomaly with a name that begins with ''; list: finops anomalies list"),
        (["suppress", "--by", "ana", "--reason", "x", "--from", "2026-09-01", "--to", "2026-09-01",
          "--region", " "], "--region is empty; leave it out for each of them"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_calls_say_what_to_do(
    story: Story, finops: Any, arguments: list[str], said: str
) -> None:
    """Exit code 2, one line, and nothing is written."""
    before = len(list(story.platform.store.list("state/suppressions/")))
    told = finops(*arguments)
    assert (told.code, told.out, told.err) == (2, "", f"finops: {said}\n")
    assert len(list(story.platform.store.list("state/suppressions/"))) == before
