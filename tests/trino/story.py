"""What neither sample nor simulated quarter has: a bill on which every shipped question answers."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from tests.exports import charge, csv_bytes

ACCOUNT = "424242424242"
FIRST, DAYS = date(2026, 8, 1), 55
LEARNED = date(2026, 8, 31)
"""The night whose baseline knows August: on 1 September the rules name what is of low value."""
_SPIKES = ("2026-09-14", "2026-09-15")
_COMPUTE = {"ServiceName": "EC2", "RegionId": "eu-west-1", "SkuMeter": "BoxUsage:m4.large"}


def write_story(folder: Path) -> list[Path]:
    """Write one export a month and return them, the oldest first."""
    folder.mkdir(parents=True)
    days = [(FIRST + timedelta(days=n)).isoformat() for n in range(DAYS)]
    paths = []
    for month in sorted({day[:7] for day in days}):
        rows = [row for day in days if day.startswith(month) for row in _day(day)]
        columns = dict.fromkeys(name for row in rows for name in row)
        path = folder / f"story-{month}.csv"
        path.write_bytes(csv_bytes([dict.fromkeys(columns, "") | row for row in rows]))
        paths.append(path)
    return paths


def _day(day: str) -> Iterator[dict[str, str]]:
    spike = "95.75" if day in _SPIKES else "1.25"
    yield _row(day, "20.5", "Shop", ResourceId="i-1", **_COMPUTE)
    yield _row(day, spike, "shop ", ResourceId="i-2", **_COMPUTE)
    yield _row(day, "0.05", "keys", ResourceId="key-1", ServiceName="KMS", SkuId="KEY")
    shared = {"ServiceName": "EKS", "ResourceId": "cluster-1", "AllocatedMethodId": "cpu-hours"}
    for pod, cost in (("pod-1", "2.000000000001"), ("pod-2", "1.5"), ("", "0.5")):
        yield _row(day, cost, "cluster", AllocatedResourceId=pod, **shared)
    if day.endswith("-10"):
        refund = {"ChargeClass": "Correction", "ChargeDescription": "Price corrected"}
        yield _row(day, "-7.25", "Shop", ResourceId="i-1", ServiceName="EC2", **refund)


def _row(day: str, cost: str, application: str, **columns: str) -> dict[str, str]:
    tags = json.dumps({"application": application, "owner": "ana"})
    row = charge(day, cost, SubAccountId=ACCOUNT, Tags=tags, **columns)
    return row | {"BillingAccountId": "999988887777"}
