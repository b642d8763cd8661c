"""`finops rules diff` over a simulated quarter, against a diff computed from the raw log."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.cli import run
from infra.ingesting import Request, open_sources, run_ingest
from rules import Baseline, Evaluation, Facts, Policy, evaluate, parse_policy, rule_set
from rules.requirements import default_policy_for
from schemas.codec import Batch, read_members
from schemas.events import event_id
from tests.e2e.conftest import Answer, Finops, Lake, command_of
from tests.sources import no_s3
from transforms.baseline_builder import build_baseline
from transforms.baseline_store import publish
from transforms.judge import charge_of, stored_text

MONTHS = ("2026-09", "2026-10", "2026-11")
SERVICE = "Amazon Redshift"
"""A few series by the hour, one of them with a spike of four times its cost."""
BASELINES = (date(2026, 10, 4), date(2026, 11, 4))
Columns = tuple[str, str, tuple[str, ...]]
Judged = dict[str, tuple[dict[str, Any], Evaluation]]
"""Event id to the event and what it was judged."""


class Quarter:
    """The lake of a quarter under v1 and v2, and what the raw log says of it."""

    def __init__(self, lake: Lake, published: list[Baseline], batches: list[Batch]) -> None:
        self.lake = lake
        self.published = published
        self.batches = batches

    def baseline(self, charge_date: str) -> Baseline | None:
        """Return the newest that serves a date, found by looking at each."""
        return max(
            (b for b in self.published if b.effective_from <= charge_date),
            key=lambda b: b.effective_from,
            default=None,
        )

    def rows(self, first: str, last: str) -> int:
        """Count the events of some days."""
        days = [(b.envelope["charge_date"], len(b.events)) for b in self.batches]
        return sum(events for day, events in days if first <= day <= last)

    def verdicts(self, rules: str, policy: Policy) -> Judged:
        """Judge every event of the raw log: event id to the event and its verdict."""
        found = {}
        for batch in self.batches:
            day = batch.envelope["charge_date"]
            facts = Facts(policy, self.baseline(day))
            for event in batch.events:
                verdict = evaluate(charge_of(event, day), rule_set(rules), facts)
                found[event_id(batch.delivery_id, event["ordinal"])] = event, verdict
        return found


def raw(lake: Lake) -> Iterator[Batch]:
    for path in lake.objects("raw/"):
        for batch in read_members(path.read_bytes()):
            assert isinstance(batch, Batch)
            if batch.is_charges:
                yield batch


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quarter]:
    """Three months, baselines between them, and a replay under v2."""
    folder = tmp_path_factory.mktemp("quarter")
    lake = Lake(folder / "finops")
    published: list[Baseline] = []
    for month in MONTHS:
        where = folder / month
        arguments = ["--as", "focus", "--month", month, "--days", "91", "--service", SERVICE]
        assert run(["simulate", "--out", str(where), *arguments]) == 0
        _, platform = lake.started()
        (source,) = open_sources(Request(str(where / "simulated-focus")), no_s3)
        run_ingest(platform, source)
        if len(published) < len(BASELINES):
            baseline = build_baseline(platform.query, BASELINES[len(published)])
            assert baseline is not None
            assert publish(platform.store, "v1", baseline)
            published.append(baseline)
    for arguments in (
        ["evaluations", "add", "v2", "--rules", "v2"],
        ["replay", "--evaluation", "v2"],
    ):
        assert run([*arguments, "--data-dir", str(lake.data_dir)]) == 0
    yield Quarter(lake, published, list(raw(lake)))
    lake.stop()


@pytest.fixture
def finops(quarter: Quarter, capsys: pytest.CaptureFixture[str]) -> Finops:
    """Run `finops …` over the quarter."""
    return command_of(quarter.lake, capsys)


def columns(verdict: Evaluation) -> Columns:
    return verdict.cost_class, verdict.tag_status, tuple(sorted(verdict.missing_tags))


def said(verdict: Evaluation) -> dict[str, tuple[str, Decimal, Decimal | None, str]]:
    """Return findings by rule, amounts as rows hold them; no rule raises in this bill."""
    rounded: dict[str, tuple[str, Decimal, Decimal | None, str]] = {}
    for f in verdict.findings:
        expected = None if f.expected is None else Decimal(stored_text(f.expected))
        rounded[f.rule] = f.severity, Decimal(stored_text(f.amount)), expected, f.message
    assert len(rounded) == len(verdict.findings)
    return rounded


def by_hand(a: Judged, b: Judged) -> dict[str, Any]:
    """Compare two judgements of the same events, event by event, with plain dicts."""
    assert a.keys() == b.keys()
    findings: dict[Any, list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    classes: dict[Any, list[Any]] = defaultdict(lambda: [0, Decimal(0)])
    differing = 0
    for one, (event, before) in a.items():
        after = b[one][1]
        left, right = said(before), said(after)
        service, currency = event["service_name"], event["billing_currency"]
        cost = Decimal(event["effective_cost"] or event["billed_cost"])
        for rule in left.keys() | right.keys():
            was, now = left.get(rule), right.get(rule)
            if was == now:
                continue
            kind = (
                ("new" if was is None else "gone")
                if was is None or now is None
                else ("reworded" if was[:3] == now[:3] else "changed")
            )
            counted = findings[kind, rule, service, currency]
            counted[0] += 1
            counted[1] += was[1] if was else 0
            counted[2] += now[1] if now else 0
        for i, name in enumerate(("cost_class", "tag_status", "missing_tags")):
            was_in, now_in = columns(before)[i], columns(after)[i]
            if was_in != now_in:
                key = (name, *(x if isinstance(x, str) else ", ".join(x) for x in (was_in, now_in)))
                counted = classes[(*key, service, currency)]
                counted[0] += 1
                counted[1] += cost
        differing += left != right or columns(before) != columns(after)
    return {"differing": differing, "findings": dict(findings), "classes": dict(classes)}


def as_told(document: dict[str, Any]) -> dict[str, Any]:
    """Return the same of what the command printed."""
    return {
        "differing": document["differing"],
        "findings": {
            (f["kind"], f["key"]["rule"], f["key"]["service"], f["currency"]): [
                f["number"],
                Decimal(f["before"]),
                Decimal(f["after"]),
            ]
            for f in document["findings"]
        },
        "classes": {
            (c["column"], c["before"], c["after"], c["key"]["service"], c["currency"]): [
                c["rows"],
                Decimal(c["cost"]),
            ]
            for c in document["classes"]
        },
    }


def diff(finops: Finops, *arguments: str) -> dict[str, Any]:
    answer: Answer = finops("rules", "diff", *arguments, "--json", "--by", "rule,service")
    assert answer.code == 0, answer.err
    document: dict[str, Any] = answer.json
    return document


def test_the_difference_is_the_one_computed_from_the_raw_log(
    quarter: Quarter, finops: Finops
) -> None:
    """Judged in memory and compared as stored: both are what plain dicts over raw/ say."""
    policies = [default_policy_for(rule_set(name)) for name in ("v1", "v2")]
    expected = by_hand(*map(quarter.verdicts, ("v1", "v2"), policies))
    assert expected["findings"]
    assert expected["classes"]
    judged, stored = diff(finops, "v1", "v2", "--judge"), diff(finops, "v1", "v2")
    assert (judged["way"], stored["way"]) == ("judged", "stored")
    assert as_told(judged) == as_told(stored) == expected
    ways = ("way", "way_because")
    assert {k: v for k, v in judged.items() if k not in ways} == {
        k: v for k, v in stored.items() if k not in ways
    }
    assert judged["rows"] == sum(len(batch.events) for batch in quarter.batches)
    assert all(reason["ways"] for reason in judged["reasons"])


def test_a_policy_is_compared_with_another_and_its_paths_are_the_reasons(
    quarter: Quarter, finops: Finops, tmp_path: Path
) -> None:
    """Same rules, other thresholds: what differs, and which threshold it was."""
    shipped = default_policy_for(rule_set("v1"))
    document = json.loads(shipped.to_bytes())
    document["cost"]["spike_min_percent"] = 20
    document["tags"]["min_monthly_amount"] = "1000.00"
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(document), "utf-8")
    expected = by_hand(
        quarter.verdicts("v1", shipped), quarter.verdicts("v1", parse_policy(file.read_bytes()))
    )
    found = diff(finops, "v1", "v1", "--policy", str(file))
    assert as_told(found) == expected
    assert {key[0] for key in expected["classes"]} == {"cost_class"}
    assert {p["path"] for p in found["policy"]} == {
        "$.cost.spike_min_percent",
        "$.tags.min_monthly_amount",
    }
    causes = {
        (r["name"], cause["name"]) for r in found["reasons"] for w in r["ways"] for cause in w
    }
    assert causes <= {
        ("classify_cost", "$.cost.spike_min_percent"),
        ("normal → spike", "$.cost.spike_min_percent"),
        ("validate_tags", "$.tags.min_monthly_amount"),
    }
    assert causes


def test_baseline_series_are_compared(quarter: Quarter, finops: Finops) -> None:
    """A series with the first baseline alone; the reason names baselines and levels."""
    _, platform = quarter.lake.started()
    publish(platform.store, "first", quarter.published[0])
    shipped = default_policy_for(rule_set("v1"))
    first_only = Quarter(quarter.lake, quarter.published[:1], quarter.batches)
    expected = by_hand(quarter.verdicts("v1", shipped), first_only.verdicts("v1", shipped))
    found = diff(finops, "v1", "v1", "--baselines", "first")
    assert as_told(found) == expected
    assert expected["differing"]
    assert {c["kind"] for r in found["reasons"] for w in r["ways"] for c in w} == {"baseline"}
    (cause,) = found["examples"][0]["reason"]["ways"][0]
    versions = [b.version for b in quarter.published]
    assert cause["before"].startswith(versions[1])
    assert cause["after"].startswith(versions[0])


def test_a_range_holds_only_its_days_and_nothing_differs_from_itself(
    quarter: Quarter, finops: Finops
) -> None:
    """--from and --to are inclusive; A against A says so."""
    days = ("--from", "2026-10-05", "--to", "2026-10-06")
    rows = quarter.rows("2026-10-05", "2026-10-06")
    two = diff(finops, "v1", "v2", *days)
    assert (two["first"], two["last"], two["rows"]) == ("2026-10-05", "2026-10-06", rows)
    same = finops("rules", "diff", "v1", "v1", *days)
    assert (same.code, "no verdict differs" in same.out) == (0, True)
    empty = finops("rules", "diff", "v1", "v2", "--from", "2030-01-01")
    assert (empty.code, "no charges in this range" in empty.out) == (0, True)


def test_rows_that_were_never_replayed_are_not_called_gone(
    quarter: Quarter, finops: Finops, tmp_path: Path
) -> None:
    """Judged where a side lacks rows; --stored says what it cannot compare, and what to do."""
    assert finops("evaluations", "add", "late", "--rules", "v2").code == 0
    replayed = finops("replay", "--evaluation", "late", "--billing-period", "2026-09")
    assert replayed.code == 0, replayed.out
    days = ("--from", "2026-09-30", "--to", "2026-10-01")
    assert diff(finops, "v1", "late", *days)["way"] == "judged"
    told = diff(finops, "v1", "late", "--stored", *days)
    assert told["rows"] == quarter.rows("2026-09-30", "2026-09-30")
    lacking = quarter.rows("2026-10-01", "2026-10-01")
    assert told["unmatched"] == {"only_a": lacking, "only_b": 0}
    page = tmp_path / "difference.html"
    printed = finops("rules", "diff", "v1", "late", "--stored", *days, "--html", str(page))
    sentence = f"not compared: {lacking} rows only in v1; run: finops replay --evaluation late"
    assert sentence in printed.out
    assert sentence in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("v1", "v9"), "'v9' is no evaluation (late, v1, v2) and no rule set (v1, v2)"),
        (("v1", "v1", "--baselines", "none"), "no baseline series 'none'; there is: first, v1"),
        (("v1", "v2", "--from", "September"), "is not a charge date, such as 2026-09-01"),
        (("v1", "v2", "--from", "2026-10-01", "--to", "2026-09-01"), "exchange them"),
        (("v1", "v2", "--by", "colour"), "is not a list of rule, service, account, owner"),
        (("v1", "v2", "--html", "no/such/folder.html"), "no such folder"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence_with_the_next_step(
    finops: Finops, arguments: tuple[str, ...], sentence: str
) -> None:
    """Exit code 2."""
    answer = finops("rules", "diff", *arguments)
    assert answer.code == 2
    assert sentence in answer.err
    assert answer.err.count("\n") == 1
