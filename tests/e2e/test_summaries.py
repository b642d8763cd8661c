"""Summaries on the whole stack: whatever happens to charges, they are what is added up here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.evaluations.lifecycle import add, switch
from infra.local.clock import SystemClock
from infra.replay.replaying import replay
from infra.replay.selection import Selection as Replayed
from infra.wiring import Platform
from producers.decision import OnConflict
from rules import default_policy_for, rule_set
from tests.e2e.compacting import compact_at
from tests.e2e.conftest import Finops, Lake
from tests.exports import charge, csv_bytes
from transforms.compaction.job import Selection
from transforms.compaction.planning import KEEP
from transforms.summaries import gaps, refresh

SMALL = "0.000000000001"
Charge = dict[str, str]
Sums = dict[tuple[Any, ...], tuple[Any, ...]]


def charges(cost: str) -> list[Charge]:
    """Return a month's rows: two days, services, owners and currencies; one is only billed."""
    return [
        charge("2026-09-14", cost, ServiceName="EC2", Tags='{"owner":"ana"}'),
        charge("2026-09-14", SMALL, ServiceName="EC2", Tags='{"owner":"ana"}'),
        charge("2026-09-14", "7", ServiceName="EC2", Tags='{"owner":" ","application":"shop"}'),
        charge("2026-09-14", cost, ServiceName="EC2", BillingCurrency="EUR"),
        charge("2026-09-15", "12.5", ServiceName="S3", EffectiveCost="", ListCost="", RegionId="x"),
        charge("2026-09-15", "-3", ServiceName="S3", ChargeCategory="Credit"),
    ]


def correction() -> Charge:
    """Return one of September that is billed in October."""
    return charge(
        "2026-09-14",
        "-0.5",
        ServiceName="EC2",
        ChargeClass="Correction",
        BillingPeriodStart="2026-10-01T00:00:00Z",
        BillingPeriodEnd="2026-11-01T00:00:00Z",
    )


def write(folder: Path, name: str, rows: Iterable[Charge]) -> Path:
    """Write rows as a FOCUS file."""
    path = folder / name
    found = list(rows)
    header = list(dict.fromkeys(name for row in found for name in row))
    path.write_bytes(csv_bytes(found, header))
    return path


def added_up(rows: Iterable[Mapping[str, str]], *, by_month: bool) -> Sums:
    """Add up source rows, without anything of ours: count, billed, effective and list cost."""
    sums: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0, 0, None])
    for row in rows:
        day = row["ChargePeriodStart"][:10]
        owner = "ana" if '"ana"' in row.get("Tags", "") else "shop" if "shop" in row.get(
            "Tags", "") else None  # fmt: skip
        key = (
            *(() if by_month else (day,)),
            row["BillingPeriodStart"][:7],
            row["ServiceName"],
            row.get("RegionId") or None,
            row["ChargeCategory"],
            row.get("ChargeClass") or None,
            owner,
            row["BillingCurrency"],
        )
        found = sums[key]
        found[0] += 1
        found[1] += Decimal(row["BilledCost"])
        found[2] += Decimal(row["EffectiveCost"] or row["BilledCost"])
        if row["ListCost"]:
            found[3] = (found[3] or 0) + Decimal(row["ListCost"])
    return {key: tuple(found) for key, found in sums.items()}


def shown(platform: Platform, view: str) -> Sums:
    """Return what a view of summaries says, as `added_up` says it."""
    names = ["billing_period", "service_name", "region_id", "charge_category", "charge_class",
             "owner", "billing_currency"]  # fmt: skip
    names = names if view == "monthly_costs" else ["charge_date", *names]
    measures = ("events", "billed_cost", "effective_cost", "list_cost")
    rows = platform.query.rows(f"select * from {view}")
    sums = {tuple(r[n] for n in names): tuple(r[m] for m in measures) for r in rows}
    assert len(sums) == len(rows)
    return sums


JUDGED = """
select charge_date, billing_currency, {untagged} as untagged, {findings} as findings
from {table} group by charge_date, billing_currency order by charge_date, billing_currency
"""
OF_CHARGES = {
    "untagged": "sum(case when tag_status in ('missing', 'incomplete') "
    "then coalesce(effective_cost, billed_cost) else cast(0 as decimal(38,12)) end)",
    "findings": "sum(cardinality(findings))",
    "table": "charges",
}
OF_SUMMARIES = {
    "untagged": "sum(untagged_cost)", "findings": "sum(findings)", "table": "daily_costs"
}  # fmt: skip


def agree(platform: Platform, rows: list[Charge], *, days: int) -> None:
    """Bring them up to date: so many days are summed up, and all is what the sources add up to."""
    assert bool(gaps(platform.store)) == bool(days)
    done = refresh(platform.query, platform.store, platform.clock.now())
    assert len(done.days) == days
    assert gaps(platform.store) == []
    for view in ("daily_costs", "monthly_costs"):
        assert shown(platform, view) == added_up(rows, by_month=view == "monthly_costs")
    ours = platform.query.rows(JUDGED.format(**OF_SUMMARIES))
    assert ours == platform.query.rows(JUDGED.format(**OF_CHARGES))


def test_they_equal_the_sources_whatever_happens(lake: Lake, tmp_path: Path) -> None:
    """Duplicates, a restatement, a correction, another evaluation, a compaction, a way back."""
    platform = lake.started()[1]
    first = charges("1.5")
    file = write(tmp_path, "first.csv", first)
    lake.ingest(file)
    agree(platform, first, days=2)
    agree(platform, first, days=0)
    # Every row a second time: other files, the same sums.
    lake.ingest(file, resend=True)
    agree(platform, first, days=2)
    # One day is restated, and only that one is sent, settled and summed up.
    second = charges("2.25")
    second[0]["BilledCost"] = "1000000000000.000000000001"
    lake.ingest(write(tmp_path, "second.csv", second), on_conflict=OnConflict.REPLACE)
    agree(platform, second, days=2)
    both = [*second, correction()]
    lake.ingest(write(tmp_path, "correction.csv", [correction()]), on_conflict=OnConflict.ADD)
    agree(platform, both, days=1)
    before = platform.query.rows(JUDGED.format(**OF_SUMMARIES))
    # Another evaluation judges otherwise; the money is the same.
    add(platform, "v2", rule_set("v2"), default_policy_for(rule_set("v2")), "v1")
    replay(platform, "v2", Replayed())
    agree(platform, both, days=0)
    switch(platform, "v2")
    agree(platform, both, days=2)
    switch(platform, "v1")
    agree(platform, both, days=2)
    assert platform.query.rows(JUDGED.format(**OF_SUMMARIES)) == before
    # Compaction changes files and no sum: no build gets another name.
    versions = platform.query.rows("select period, version from summaries order by period")
    tomorrow = SystemClock().now() + timedelta(days=1, minutes=1)
    compact_at(platform, tomorrow, Selection("v1"))
    compact_at(platform, tomorrow + KEEP, Selection("v1"))
    agree(platform, both, days=2)
    assert versions == platform.query.rows("select period, version from summaries order by period")


def test_the_command_says_what_it_did_and_what_to_do(
    lake: Lake, finops: Finops, tmp_path: Path
) -> None:
    """In a lake with one day."""
    lake.ingest(write(tmp_path, "first.csv", charges("1")[:2]))
    for arguments, said in (
        (["--check", "--rebuild", "2026-09-14"],
         "--check and --rebuild exclude each other; say one of them"),
        (["--rebuild", "2026-13-14"],
         "'2026-13-14' is no charge date of the lake; write YYYY-MM-DD"),
        (["--rebuild", "2026-09-30"], "no charges of 2026-09-30; see: finops summaries --check"),
    ):  # fmt: skip
        told = finops("summaries", *arguments)
        assert (told.code, told.out, told.err) == (2, "", f"finops: {said}\n")
    told = finops("summaries", "--check")
    assert told.code == 1
    assert "2026-09-14  never built" in told.out
    assert told.out.endswith("next: finops summaries\n")
    done = finops("summaries", "--json").json
    assert done == {"days": ["2026-09-14"], "changed": ["2026-09-14", "2026-09"], "removed": []}
    told = finops("summaries", "--check", "--json")
    assert (told.code, told.json) == (0, {"complete": True, "gaps": []})
    again = finops("summaries", "--rebuild", "2026-09-14")
    assert (again.code, again.out) == (0, "1 day summed up; 0 periods changed, 0 removed\n")
