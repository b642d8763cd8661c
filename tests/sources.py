"""Sources for tests: a file as an ingest sees it, and its rows one by one."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from infra.ingesting import Request, open_sources
from infra.wiring import Platform
from producers.delivery import Delivery
from producers.identity import ingest_id
from producers.ingest import DEFAULTS, Ingest, Options
from producers.ingest_report import IngestReport
from producers.sources import ChargeRow, RejectedRow, Source
from producers.spool import StoreSpool


def no_s3() -> object:
    """Stand in for an S3 client where only local files are read."""
    raise AssertionError("a local file needs no S3")


def file_source(
    path: Path, kind: str | None = "focus", settings: Mapping[str, str] | None = None
) -> Source:
    """Return one file as a source."""
    (source,) = open_sources(Request(str(path), kind, settings), no_s3)
    return source


def rows_of(source: Source) -> Iterator[ChargeRow | RejectedRow]:
    """Yield what became of every row of a source, in order."""
    ordinal = 0
    for part in source.parts:
        for mapped in part.rows(ordinal):
            ordinal += 1
            yield from mapped


def deliver(
    platform: Platform,
    source: Source,
    delivery: Delivery,
    options: Options = DEFAULTS,
    reached: Callable[[str], None] = lambda step: None,
) -> IngestReport:
    """Ingest a source over a delivery of the test's own, without settling."""
    platform.activate_first_evaluation()
    store = platform.store
    spool = StoreSpool(store, ingest_id(source))
    ingest = Ingest(
        source, delivery, store, spool, platform.now_micros, options=options, reached=reached
    )
    report = ingest.run()
    assert report is not None
    return report
