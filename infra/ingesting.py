"""Ingests as commands run them: find the sources of a location, deliver each, settle."""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from infra.wiring import Platform
from producers.errors import SourceError
from producers.identity import ingest_id
from producers.ingest import DEFAULTS, Ingest, Options
from producers.ingest_report import IngestReport
from producers.progress import Progress
from producers.sources import Place, Source
from producers.sources.discovery import assemblies, single_file
from producers.sources.manifests import is_manifest_name
from producers.sources.places import LocalFile, LocalFolder, OneFile
from producers.sources.s3_place import S3Prefix, parse_s3_address
from producers.sources.table_source import TableSource
from producers.spool import StoreSpool
from transforms.settle import SettleReport, settle

FLUSH_CHUNKS = 4
"""After so many chunks (16 MiB of records, some 100,000 rows) the embedded Firehose delivers what
it has buffered: it keeps it in memory, ten times as large. On AWS a flush does nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks to be ingested.

    Attributes:
        location: a file, a folder, or `s3://bucket/prefix`.
        kind: `focus` or `cur`; None looks at the columns.
        settings: values for FOCUS columns that the files lack.
        billing_period: only this `YYYY-MM` of an export; None takes them all.
    """

    location: str
    kind: str | None = None
    settings: Mapping[str, str] | None = None
    billing_period: str | None = None


def open_sources(request: Request, s3: Callable[[], object]) -> list[Source]:
    """Return the sources at a location: one file, or each current assembly of its exports.

    Args:
        request: what is asked for.
        s3: returns a boto3 S3 client; called only for an S3 address.

    Raises:
        SourceError: nothing readable is there, or it cannot be told what is current.
    """
    place: Place
    if request.location.startswith("s3://"):
        bucket, prefix = parse_s3_address(request.location)
        place = S3Prefix(s3(), bucket, prefix)
    else:
        path = Path(request.location)
        if not path.is_dir():
            if is_manifest_name(path.name):
                raise SourceError(f"{path}: is a manifest; name the folder it lies in")
            found = single_file(LocalFile(path))
            return [TableSource(found, OneFile(path), request.kind, request.settings)]
        place = LocalFolder(path)
    found_here = assemblies(place)
    period = request.billing_period
    wanted = [a for a in found_here if period in (None, a.billing_period)]
    if not wanted:
        months = ", ".join(sorted({a.billing_period for a in found_here} - {""}))
        has = f"it has {months}" if months else "without a manifest its months are not known"
        raise SourceError(f"{place.name}: has no assembly of {period}; {has}")
    return [TableSource(found, place, request.kind, request.settings) for found in wanted]


def run_ingest(
    platform: Platform,
    source: Source,
    options: Options = DEFAULTS,
    *,
    restart: bool = False,
    progress: Callable[[Progress], None] = lambda progress: None,
    reached: Callable[[str], None] = lambda step: None,
) -> tuple[IngestReport, SettleReport]:
    """Deliver a source, let the stream deliver everything, and settle.

    Args:
        platform: where to.
        source: what.
        options: what a person said about it.
        restart: forget what an interrupted ingest of it had read.
        progress: called now and then.
        reached: called at each step (`producers.checkpoint.Step`), and before `settle`.

    Raises:
        FinopsError: the source cannot be read, or the stream refuses it.
    """
    platform.activate_first_evaluation()
    store = platform.store
    spool = StoreSpool(store, ingest_id(source))
    if restart:
        spool.clear()
    chunks = count(1)

    def step(name: str) -> None:
        if name == "sent-chunk" and next(chunks) % FLUSH_CHUNKS == 0:
            platform.flush()
            # The command line collects rarely, for speed; what HTTP leaves behind would add up.
            gc.collect()
        reached(name)

    ingest = Ingest(
        source,
        platform.delivery(),
        store,
        spool,
        platform.now_micros,
        options=options,
        progress=progress,
        reached=step,
    )
    report = ingest.run()
    assert report is not None, "without limits an ingest ends"
    reached("deliver")
    platform.flush()
    reached("settle")
    return report, settle(platform.query, store, platform.clock.now())


def merged(reports: Sequence[IngestReport]) -> IngestReport:
    """Return the reports of several sources as one."""
    first, *others = reports
    for report in others:
        sent = first.sent
        for name in ("records", "events", "wire_bytes", "billed_bytes", "retried"):
            setattr(sent, name, getattr(sent, name) + getattr(report.sent, name))
        first = IngestReport(
            rows=first.rows + report.rows,
            scopes=first.scopes + report.scopes,
            notes=first.notes + report.notes,
            sent=sent,
            json_billed_bytes=first.json_billed_bytes + report.json_billed_bytes,
            resumed=first.resumed or report.resumed,
        )
    return first
