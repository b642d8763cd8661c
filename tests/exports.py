"""Exports for tests: FOCUS files in the folders and with the manifests that AWS writes."""

import csv
import gzip
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

Rows = Sequence[Mapping[str, str]]


def csv_bytes(rows: Rows, header: Sequence[str] = ()) -> bytes:
    """Return rows as a CSV file; the same rows give the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header or list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


class LegacyReport:
    """A legacy report in a folder: `<month>/<assembly>/<name>-N.csv.gz` and both manifests.

    Args:
        folder: where it lies.
        name: the report's name.
        account: whose report it is, where the manifest says so.
    """

    def __init__(self, folder: Path, name: str = "bill", account: str = "") -> None:
        self.folder = folder / name
        self._name = name
        self._account = account

    def assemble(
        self,
        month: str,
        assembly: str,
        parts: Sequence[Rows],
        seconds: int,
        header: Sequence[str] = (),
    ) -> None:
        """Write an assembly and let the month's manifest name it, at `seconds` since 1970."""
        first = month.replace("-", "") + "01"
        year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
        folder = self.folder / f"{first}-{year:04}{number + 1:02}01"
        data = folder / assembly
        data.mkdir(parents=True, exist_ok=True)
        keys = []
        for number, rows in enumerate(parts, start=1):
            file = data / f"{self._name}-{number}.csv.gz"
            file.write_bytes(gzip.compress(csv_bytes(rows, header), mtime=0))
            os.utime(file, (seconds, seconds))
            keys.append(file.relative_to(self.folder.parent).as_posix())
        manifest = {
            "assemblyId": assembly,
            **({"account": self._account} if self._account else {}),
            "reportName": self._name,
            "reportKeys": keys,
            "compression": "GZIP",
            "billingPeriod": {"start": f"{first}T000000.000Z"},
        }
        for place in (data, folder):
            file = place / f"{self._name}-Manifest.json"
            file.write_text(json.dumps(manifest), "utf-8")
            os.utime(file, (seconds, seconds))


def charge(day: str, cost: str, **columns: str) -> dict[str, str]:
    """Return a FOCUS row of one day, in the month of that day."""
    year, month = divmod(int(day[:4]) * 12 + int(day[5:7]), 12)
    return {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "BillingAccountId": "111122223333",
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{day[:7]}-01T00:00:00Z",
        "BillingPeriodEnd": f"{year:04}-{month + 1:02}-01T00:00:00Z",
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day}T01:00:00Z",
        "ChargeCategory": "Usage",
        "ServiceName": "Compute",
        "ResourceId": "r-1",
        **columns,
    }


def zipped(content: bytes, level: int = 9) -> bytes:
    """Return gzipped bytes without a time stamp, so that test ids are the same in every process."""
    return gzip.compress(content, level, mtime=0)
