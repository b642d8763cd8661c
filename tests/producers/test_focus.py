"""The FOCUS mapper: normalised or rejected with a reason, never lost and never guessed."""

import gzip
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.errors import SourceError
from producers.sources import ChargeRow, RejectedRow, Scope
from producers.sources.csv_file import CsvRow
from producers.sources.focus import REQUIRED, FocusMapper
from producers.sources.values import time_micros
from tests import samples
from tests.sources import file_source, rows_of

GOOD = {
    "BilledCost": "1.5",
    "BillingAccountId": "payer",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2024-09-01T00:00:00Z",
    "BillingPeriodEnd": "2024-10-01T00:00:00Z",
    "ChargePeriodStart": "2024-09-03 05:00:00",
    "ChargePeriodEnd": "2024-09-03 06:00:00",
    "ChargeCategory": "Usage",
}


def mapped(tmp_path: Path, **changes: str) -> ChargeRow | RejectedRow:
    row = GOOD | changes
    path = tmp_path / "x.csv"
    quoted = ('"' + v.replace('"', '""') + '"' for v in row.values())
    path.write_text(
        ",".join(row) + "\n" + ",".join(quoted) + "\n", "utf-8", errors="surrogateescape"
    )
    (only,) = rows_of(file_source(path))
    return only


def charge(tmp_path: Path, **changes: str) -> ChargeRow:
    row = mapped(tmp_path, **changes)
    assert isinstance(row, ChargeRow), row
    return row


def test_a_minimal_row_is_an_event(tmp_path: Path) -> None:
    """The required columns are enough; all others are null."""
    row = charge(tmp_path)
    assert row.scope == Scope("payer", "2024-09")
    assert row.charge_date == "2024-09-03"
    assert {k for k, v in row.charge.items() if v is not None} == {
        "ordinal", *map(samples.snake, REQUIRED),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "column", "value", "note"),
    [
        ({"ChargeFrequency": "Usage-based"}, "charge_frequency", "Usage-Based", "category-case"),
        ({"ChargeFrequency": "Sometimes"}, "charge_frequency", "Sometimes", None),
        ({"ResourceName": "NULL"}, "resource_name", None, "null-text"),
        ({"ResourceName": "(null)"}, "resource_name", None, "null-text"),
        ({"ResourceName": " spaced "}, "resource_name", " spaced ", None),
        ({"BilledCost": "-4e-07"}, "billed_cost", "-0.0000004", None),
        ({"Tags": '{"Env": "Prod", "n": 1.50, "on": true}'}, "tags",
         {"Env": "Prod", "n": "1.50", "on": "true"}, None),
        ({"Tags": "team=data"}, "tags", None, "unreadable-tags"),
        ({"Tags": '{"a": "\\ud800"}'}, "tags", None, "unreadable-tags"),
        ({"Tags": "[" * 100_000}, "tags", None, "unreadable-tags"),
        ({"Tags": "team=data"}, "x_extensions", {"Tags": "team=data"}, "unreadable-tags"),
        ({"x_CostCenter": "9", "Id": "7"}, "x_extensions", {"x_CostCenter": "9", "Id": "7"}, None),
        ({"ListCost": "0.0000000000001"}, "list_cost", "0", "rounded-to-12-decimals"),
    ],
)  # fmt: skip
def test_normalisation(
    tmp_path: Path, changes: dict[str, str], column: str, value: object, note: str | None
) -> None:
    """What real files write is read as what it means, and the report says so."""
    row = charge(tmp_path, **changes)
    assert row.charge[column] == value
    assert set(row.notes) - {"time-without-zone"} == ({note} if note else set())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"BilledCost": "abc"}, "bad-amount"),
        ({"BilledCost": ""}, "missing-value"),
        ({"BilledCost": "NaN"}, "bad-amount"),
        ({"ListCost": "1,5"}, "bad-amount"),
        ({"BillingAccountId": "NULL"}, "missing-value"),
        ({"BillingPeriodStart": "soon"}, "bad-time"),
        ({"ChargePeriodStart": "2024-13-01T00:00:00Z"}, "bad-time"),
        ({"ChargePeriodStart": "1999-01-01T00:00:00Z"}, "date-out-of-range"),
        ({"ChargePeriodStart": "9999-12-31T23:59:59-23:00"}, "bad-time"),
        ({"ChargeDescription": "\udcff"}, "bad-encoding"),
    ],
)
def test_rejection(tmp_path: Path, changes: dict[str, str], reason: str) -> None:
    """A row whose money, account or time cannot be known is rejected with its text."""
    row = mapped(tmp_path, **changes)
    assert isinstance(row, RejectedRow)
    assert (row.reason, row.line, row.ordinal) == (reason, 2, 0)
    assert all(v.replace('"', '""') in row.text for v in changes.values())


def test_rejected_money_is_told_where_it_can_be_read(tmp_path: Path) -> None:
    """The delivery must be able to say what is missing from it, exactly."""
    row = mapped(tmp_path, ChargePeriodEnd="?", BilledCost="0.00000000000000000001")
    assert isinstance(row, RejectedRow)
    assert (row.currency, row.billed_cost) == ("USD", Decimal("1E-20"))
    assert row.scope == Scope("payer", "2024-09")


@pytest.mark.parametrize(
    ("text", "zoned"),
    [
        ("2024-09-01T00:00:00Z", True), ("2024-09-01 02:00:00+02:00", True),
        ("2024-09-01 00:00:00 UTC", True), ("2024-09-01 00:00:00", False),
        ("2024-09-01", False), ("2024-09-01T00:00:00.000000", False),
    ],
)  # fmt: skip
def test_times(text: str, zoned: bool) -> None:
    """Six spellings of one moment."""
    assert time_micros(text) == (1_725_148_800_000_000, zoned)


@given(
    st.permutations(list(GOOD)),
    st.lists(st.sampled_from(["x_a", "x_b", "Id"]), unique=True),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_column_order_and_case_do_not_matter(
    order: list[str], extra: list[str], upper: bool
) -> None:
    """The same values under a shuffled header give the same event."""
    values = GOOD | dict.fromkeys(extra, "v")
    names = order + extra
    header = [n.upper() if upper and n in GOOD else n for n in names]
    mapper = FocusMapper("x.csv", header)
    (row,) = mapper.map(3, CsvRow(2, [values[n] for n in names], "text"))
    assert isinstance(row, ChargeRow)
    assert row.charge["billed_cost"] == "1.5"
    assert (row.charge["x_extensions"] or {}) == dict.fromkeys(extra, "v")


def test_gzip_is_read_like_plain(tmp_path: Path) -> None:
    """Same rows; a different file, so a different fingerprint."""
    packed = tmp_path / "real.csv.gz"
    packed.write_bytes(gzip.compress(samples.REAL.read_bytes()))
    plain, zipped = file_source(samples.REAL), file_source(packed)
    assert list(rows_of(plain)) == list(rows_of(zipped))
    assert plain.fingerprint != zipped.fingerprint


def test_damaged_gzip_is_an_error_not_a_short_file(tmp_path: Path) -> None:
    """Half a file is never delivered as a whole one."""
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(samples.REAL.read_bytes())[:-2_000])
    with pytest.raises(SourceError, match="damaged"):
        list(rows_of(file_source(cut)))


def test_identity_is_content_and_time_is_the_files(tmp_path: Path) -> None:
    """Touching a file changes when it was said, not what."""
    a = samples.copied(samples.REAL, tmp_path)
    os.utime(a, (1_700_000_000, 1_700_000_000))
    assert file_source(a).asserted_at == 1_700_000_000_000_000
    assert file_source(a).fingerprint == file_source(samples.REAL).fingerprint
