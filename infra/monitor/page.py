"""A snapshot as one screen of plain text."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from infra.commands.options import counted, text
from infra.monitor.snapshot import (
    ErrorState,
    Gauge,
    Rate,
    Snapshot,
    StreamState,
)

SHOWN_DELIVERIES = 5
_UNITS = ("B", "KiB", "MiB", "GiB")


def page(found: Snapshot) -> str:
    """Return the screen, without its last end of line."""
    return "\n".join(_lines(found))


def _lines(found: Snapshot) -> Iterator[str]:
    yield f"{found.stack}  {found.lake}  at {_time(found.at)}"
    yield from _alarms(found)
    yield from _stream(found.stream)
    yield from _deliveries(found)
    yield from _errors(found)
    spool = found.spool
    if spool.objects:
        age = f", the oldest for {_age(found.at - spool.oldest)}" if spool.oldest else ""
        size = _size(spool.bytes)
        yield f"spool       {counted(spool.objects, 'object')} waiting ({size}){age}"
    else:
        yield "spool       nothing waits"
    audit = found.audit
    if audit is None:
        yield "audit       none written down; run: finops audit"
    else:
        verdict = "clean" if audit.clean else counted(audit.gaps, "difference")
        yield f"audit       {verdict}, {counted(audit.events, 'event')}, at {audit.at}"


def _alarms(found: Snapshot) -> Iterator[str]:
    states = [alarm.state for alarm in found.alarms]
    firing = found.firing
    unknown = states.count("INSUFFICIENT_DATA")
    yield (f"alarms      {len(firing)} in ALARM, {states.count('OK')} OK, {unknown} without data")
    if not found.evaluated:
        yield "            nobody evaluates them: no server runs; start one: finops local up"
    for alarm in firing:
        since = (
            f"since {_time(alarm.since)} ({_age(found.at - alarm.since)})" if alarm.since else ""
        )
        yield f"  ALARM     {alarm.name}  {since}"
        yield f"            {text(alarm.reason)}"
        if alarm.runbook:
            yield f"            {alarm.runbook}"


def _stream(stream: StreamState) -> Iterator[str]:
    yield f"stream      {stream.name} {stream.status}"
    yield "  rates     " + ", ".join(_rate(rate) for rate in stream.rates)
    yield f"  throttled {counted(round(stream.throttled), 'record')} in the last hour"
    yield (
        f"  freshness delivery {_gauge(stream.freshness)}, backup {_gauge(stream.backup_freshness)}"
    )
    yield (
        f"  success   processing {_share(stream.processing_success)}, delivery "
        f"{_share(stream.delivery_success)}, backup {_share(stream.backup_success)}, last hour"
    )
    yield (
        f"  backlog   {counted(round(stream.waiting_for_backup), 'record')} not yet in raw/, "
        f"{round(stream.waiting_for_delivery):,} not yet in processed/ or errors/"
    )


def _deliveries(found: Snapshot) -> Iterator[str]:
    counts = ", ".join(f"{n:,} {status}" for status, n in found.deliveries.by_status.items())
    yield f"deliveries  {counts or 'none settled yet'}"
    waiting = found.deliveries.waiting
    for delivery in waiting[:SHOWN_DELIVERIES]:
        yield f"  {delivery.delivery_id[:12]} {delivery.status}: {text(delivery.detail)}"
    if len(waiting) > SHOWN_DELIVERIES:
        yield f"  and {len(waiting) - SHOWN_DELIVERIES:,} more; see: finops deliveries"


def _errors(found: Snapshot) -> Iterator[str]:
    total = sum(error.objects for error in found.errors)
    yield f"errors      {counted(total, 'object') if total else 'none'}"
    for error in found.errors:
        yield f"  {error.type}: {_error(error)}"
        for reason in error.reasons:
            yield f"    {reason.records:,} x {reason.reason}: {text(reason.message)}"


def _error(error: ErrorState) -> str:
    newest = f", newest from {_time(error.newest)}" if error.newest else ""
    return counted(error.objects, "object") + newest


def _rate(rate: Rate) -> str:
    is_size = rate.name == "bytes"
    value = _size(rate.per_second) if is_size else f"{rate.per_second:,.1f} {rate.name}"
    if not rate.limit:
        return f"{value}/s"
    limit = _size(rate.limit) if is_size else f"{rate.limit:,.0f}"
    return f"{value}/s of {limit} ({rate.per_second / rate.limit:.0%})"


def _gauge(gauge: Gauge) -> str:
    if gauge.value is None or gauge.at is None:
        return "nothing lately"
    return f"{gauge.value:,.0f} s at {gauge.at:%H:%M}"


def _share(share: float | None) -> str:
    # Never rounded up to all of it.
    return "-" if share is None else f"{int(share * 1_000) / 10:g} %"


def _size(size: float) -> str:
    unit = 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:,.0f} {_UNITS[unit]}" if unit == 0 else f"{size:,.1f} {_UNITS[unit]}"


def _since(now: datetime, since: datetime | None) -> str:
    return f"since {_time(since)} ({_age(now - since)})" if since else ""


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _age(age: timedelta) -> str:
    minutes = max(round(age.total_seconds()) // 60, 0)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
