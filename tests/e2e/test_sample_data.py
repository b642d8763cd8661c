"""`sample-data/output` is what the code makes of `sample-data/focus`, today."""

import json
from decimal import Decimal

import orjson
import pyarrow.parquet as pq

from infra.cli import run
from infra.local.store import DirectoryStore, MemoryStore
from schemas.codec import Batch, Reason, decode
from schemas.lake import ERRORS
from tests import make_samples, samples
from tests.e2e.conftest import Lake
from transforms.context import default_context
from transforms.core import Failed, Ok, transform
from transforms.error_objects import read_error_lines


def test_the_raw_record_is_what_ingest_sends(lake: Lake) -> None:
    """Same file, same bytes."""
    lake.ingest(samples.REAL)
    record = make_samples.record_of(DirectoryStore(lake.folder), make_samples.DAY)
    assert record == make_samples.RECORD.read_bytes()
    batch = decode(record)
    assert isinstance(batch, Batch)
    assert batch.envelope["charge_date"] == make_samples.DAY


def test_the_parquet_file_is_what_the_transform_answers() -> None:
    """The record's rows, judged today, are rows of the stored file, amount for amount."""
    result = transform(make_samples.RECORD.read_bytes(), default_context())
    assert isinstance(result, Ok)
    stored = {
        (r["delivery_id"], r["ordinal"]): r
        for r in pq.ParquetFile(make_samples.PARQUET).read().to_pylist()
    }
    for line in result.data.splitlines():
        row = orjson.loads(line)
        found = stored[(row["delivery_id"], row["ordinal"])]
        for name in ("billed_cost", "list_cost", "pricing_quantity"):
            assert found[name] == samples.stored(Decimal(row[name]))
        for name in ("service_name", "cost_class", "tag_status", "policy_version"):
            assert found[name] == row[name]


def test_the_error_object_is_read_with_its_reason() -> None:
    """Firehose's line, our reason, the original bytes."""
    store = MemoryStore()
    store.put(f"{ERRORS}processing-failed/sample", make_samples.ERROR.read_bytes())
    (line,) = read_error_lines(store)
    assert line.raw == make_samples.RECORD.read_bytes()[:200]
    assert line.reason() == Reason.BAD_GZIP
    assert isinstance(transform(line.raw, default_context()), Failed)


def test_events_cat_reads_the_sample_record(capsys: object) -> None:
    """The raw record is readable with one command."""
    assert run(["events", "cat", str(make_samples.RECORD)]) == 0
    lines = capsys.readouterr().out.splitlines()  # type: ignore[attr-defined]
    assert {json.loads(line)["charge_date"] for line in lines} == {make_samples.DAY}
