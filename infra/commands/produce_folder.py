"""`finops produce FOLDER`: exports are ingested as they drop in."""

from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any

import click

from infra.commands.options import counted, print_json
from infra.ingesting import Request, open_sources
from infra.producing.folder import FolderWatch
from infra.producing.setup import deliver_and_settle, note
from infra.wiring import Platform
from producers.decision import OnConflict
from producers.identity import ingest_id
from producers.ingest import Ingest, Options
from producers.ingest_report import IngestReport
from producers.sources import Source
from producers.spool import StoreSpool

_POLL_SECONDS = 5.0
_POLL_ONCE_SECONDS = 0.5


def produce_folder(
    platform: Platform,
    folder: Path,
    settings: dict[str, str],
    stop: Event,
    given: dict[str, Any],
    target: str,
    as_json: bool,
) -> int:
    """Watch a folder until told to stop; return the exit code.

    Raises:
        SourceError: the folder cannot be read.
    """
    conflict = (OnConflict.REPLACE if given["replace"]
                else OnConflict.ADD if given["add"] else OnConflict.REFUSE)  # fmt: skip
    options = Options(on_conflict=conflict)
    documents: list[dict[str, Any]] = []

    def ingest(source: Source) -> IngestReport:
        spool = StoreSpool(platform.store, ingest_id(source))
        work = Ingest(source, platform.delivery(), platform.store, spool, platform.now_micros,
                      options=options)  # fmt: skip
        report = work.run()
        assert report is not None, "without limits an ingest ends"
        if target == "local":
            deliver_and_settle(platform)
        return report

    def sources(path: Path) -> list[Source]:
        request = Request(str(path), settings=settings or None)
        return open_sources(request, lambda: platform.client("s3"))

    def said(path: Path, what: IngestReport | str) -> None:
        if isinstance(what, str):
            documents.append({"path": str(path), "error": what})
            click.echo(f"finops: {what}", err=True)
            return
        documents.append({"path": str(path), **_document(what)})
        if not as_json:
            click.echo(f"{path.name}: {_outcome(what)}")

    note(f"watching {folder} for exports; Ctrl-C ends it")
    watch = FolderWatch(folder, sources, ingest, said)
    watch.run(stop, _POLL_ONCE_SECONDS if given["once"] else _POLL_SECONDS,
              once=given["once"])  # fmt: skip
    if as_json:
        print_json(documents)
    else:
        click.echo(f"{counted(watch.delivered, 'export')} taken, {len(watch.failed):,} refused")
    return 1 if watch.failed else 0


def _outcome(report: IngestReport) -> str:
    if report.nothing_new:
        return f"{counted(report.rows, 'row')}, nothing new"
    rejected = sum(group["rows"] for scope in report.scopes for group in scope.rejected)
    aside = f", {rejected:,} in quarantine" if rejected else ""
    return f"{counted(report.rows, 'row')}, {counted(report.sent.events, 'event')} sent{aside}"


def _document(report: IngestReport) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "nothing_new": report.nothing_new,
        "deliveries": [scope.delivery_id for scope in report.scopes],
        "rejected": sum(group["rows"] for scope in report.scopes for group in scope.rejected),
        "sent": asdict(report.sent),
    }
