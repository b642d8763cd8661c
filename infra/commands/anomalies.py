"""`finops anomalies`: what cost abnormally much, what became of it, and what people say of it."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from infra.anomalies import chosen, judge_now
from infra.commands.anomaly_output import as_document, line, print_one, waits, where
from infra.commands.options import (
    counted,
    json_option,
    lake_options,
    print_json,
    print_table,
)
from infra.errors import UsageError
from infra.wiring import Platform, open_platform
from schemas.lake import is_date
from transforms.anomalies.acks import Ack, acknowledge, read_acks
from transforms.anomalies.book import read_anomalies
from transforms.anomalies.model import WITHDRAWN
from transforms.anomalies.suppressions import Suppression, read_suppressions, suppress
from transforms.anomalies.suppressions import lift as take_back


@click.group("anomalies")
def anomalies_group() -> None:
    """Times when an account's use of a service in a region cost abnormally much.

    Judged each night from the daily summaries; the two newest days never are. An anomaly has a
    beginning and an end, is told of once, and is never deleted: one that a restatement takes back
    is shown as withdrawn, one that was planned as suppressed.

    \b
    Example:
      finops anomalies list
      finops anomalies show 3f0c2a
      finops anomalies ack 3f0c2a --by ana --reason "load test" --false
    """


@anomalies_group.command("list")
@click.option(
    "--status",
    type=click.Choice(["open", "ended", "withdrawn"]),
    multiple=True,
    help="Only these; by default those that are not withdrawn.",
)
@click.option("--check", is_flag=True, help="Exit code 1 where an open one waits for somebody.")
@json_option
@lake_options
def list_command(status: tuple[str, ...], check: bool, as_json: bool, data_dir: Path) -> None:
    """List anomalies, the newest last, each with what it cost too much.

    \b
    Example:
      finops anomalies list --status open --json
      finops anomalies list --check || echo "somebody has to look"
    """
    with open_platform(data_dir, needs_data=True) as platform:
        found = read_anomalies(platform.store)
        acks = read_acks(platform.store)
    shown = [a for a in found if (a.status in status if status else a.status != WITHDRAWN)]
    if as_json:
        print_json([as_document(anomaly, acks.get(anomaly.anomaly_id, [])) for anomaly in shown])
    elif shown:
        print_table(
            ("anomaly", "first day", "last day", "account", "service", "region", "actual",
             "expected", "impact", "", "status"),
            [line(anomaly, acks.get(anomaly.anomaly_id, [])) for anomaly in shown],
            right=("actual", "expected", "impact"),
        )  # fmt: skip
    else:
        click.echo("no anomalies; to judge now: finops anomalies judge")
    if check and any(waits(anomaly, acks.get(anomaly.anomaly_id, [])) for anomaly in found):
        sys.exit(1)


@anomalies_group.command("show")
@click.argument("anomaly")
@json_option
@lake_options
def show_command(anomaly: str, as_json: bool, data_dir: Path) -> None:
    """Show an anomaly: its days, what they were compared with, who is behind it, what was said.

    ANOMALY is its name or the beginning of it.

    \b
    Example:
      finops anomalies show 3f0c2a --json
    """
    with open_platform(data_dir, needs_data=True) as platform:
        found = chosen(read_anomalies(platform.store), anomaly)
        acks = read_acks(platform.store).get(found.anomaly_id, [])
    if as_json:
        print_json(as_document(found, acks))
    else:
        print_one(found, acks)


@anomalies_group.command("ack")
@click.argument("anomaly")
@click.option("--by", required=True, help="Who says so.")
@click.option("--reason", required=True, help="Why it cost more, or why it does not matter.")
@click.option("--true", "feedback", flag_value="true", help="It was one.")
@click.option("--false", "feedback", flag_value="false", help="It was none: a false alarm.")
@json_option
@lake_options
def ack_command(
    anomaly: str, by: str, reason: str, feedback: str | None, as_json: bool, data_dir: Path
) -> None:
    """Say that somebody has seen an anomaly, and what it was. Said again, the newest counts.

    \b
    Example:
      finops anomalies ack 3f0c2a --by ana --reason "backfill of June, ends on Friday" --true
    """
    with open_platform(data_dir, needs_data=True) as platform:
        found = chosen(read_anomalies(platform.store), anomaly)
        ack = Ack(found.anomaly_id, _now(platform), _said(by, "--by"), _said(reason, "--reason"),
                  feedback)  # fmt: skip
        acknowledge(platform.store, ack)
    if as_json:
        print_json(asdict(ack))
    else:
        click.echo(f"{found.anomaly_id} is acknowledged by {ack.acknowledged_by}")


@anomalies_group.command("judge")
@json_option
@lake_options
def judge_command(as_json: bool, data_dir: Path) -> None:
    """Judge now what the nightly job would: summaries first, then every day that has changed.

    New anomalies are told of to the stack's topic, once. Run again, it changes nothing.

    \b
    Example:
      finops anomalies judge
    """
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        platform.activate_first_evaluation()
        outcome = judge_now(platform)
    if as_json:
        print_json(
            {
                "newest_day": outcome.newest,
                "judged": outcome.judged,
                "changes": [
                    {"change": change, "anomaly_id": anomaly.anomaly_id}
                    for change, anomaly in outcome.changes
                ],
            }
        )
        return
    days = f" up to {outcome.newest}" if outcome.newest else ""
    click.echo(f"{counted(len(outcome.judged), 'day')} judged{days}")
    for change, anomaly in outcome.changes:
        click.echo(f"{anomaly.anomaly_id} {change}: {where(anomaly)}, from {anomaly.first_day}")


@anomalies_group.command("suppress")
@click.option("--from", "first", help="The first day of the planned event, YYYY-MM-DD.")
@click.option("--to", "last", help="Its last day, included.")
@click.option("--reason", help="What is planned.")
@click.option("--by", required=True, help="Who says so.")
@click.option("--payer", help="Only this payer account.")
@click.option("--account", help="Only this account.")
@click.option("--service", help="Only this service, as the charges name it.")
@click.option("--region", help="Only this region.")
@click.option("--lift", metavar="PLAN", help="Take a planned event back, by its name.")
@json_option
@lake_options
def suppress_command(
    first: str | None,
    last: str | None,
    reason: str | None,
    by: str,
    payer: str | None,
    account: str | None,
    service: str | None,
    region: str | None,
    lift: str | None,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Say that more cost is planned: nobody is told of anomalies that lie within it.

    They are kept and shown as suppressed. One that goes on after the last day is told of. The next
    run of the job goes by it, for anomalies that are known already, too.

    \b
    Example:
      finops anomalies suppress --service "Amazon EC2" --from 2026-11-23 --to 2026-11-30 \\
          --by ana --reason "load test for Black Friday"
      finops anomalies suppress --lift 0c9d2e --by ana
    """
    for option, only in (("--payer", payer), ("--account", account), ("--service", service),
                         ("--region", region)):  # fmt: skip
        if only is not None and not only.strip():
            raise UsageError(f"{option} is empty; leave it out for each of them")
    with open_platform(data_dir) as platform:
        if lift is not None:
            said = _lifted(platform, lift, _said(by, "--by"))
        else:
            said = suppress(
                platform.store,
                Suppression(
                    billing_account_id=payer,
                    sub_account_id=account,
                    service_name=service,
                    region_id=region,
                    **_span(first, last),
                    reason=_said(reason or "", "--reason"),
                    created_by=_said(by, "--by"),
                    created_at=_now(platform),
                ),
            )
    if as_json:
        print_json(asdict(said))
    elif lift is not None:
        click.echo(f"{said.suppression_id} is lifted: {said.reason}")
    else:
        click.echo(f"{said.suppression_id} from {said.first_day} to {said.last_day}: {said.reason}")
        click.echo(f"to take it back: finops anomalies suppress --lift {said.suppression_id} "
                   "--by NAME")  # fmt: skip


@anomalies_group.command("plans")
@json_option
@lake_options
def plans_command(as_json: bool, data_dir: Path) -> None:
    """List planned events, also those taken back.

    \b
    Example:
      finops anomalies plans
    """
    with open_platform(data_dir, needs_data=True) as platform:
        found = read_suppressions(platform.store)
    if as_json:
        print_json([asdict(plan) for plan in found])
    else:
        print_table(
            ("plan", "first day", "last day", "account", "service", "region", "by", "reason", ""),
            [
                (
                    p.suppression_id,
                    p.first_day,
                    p.last_day,
                    p.sub_account_id or p.billing_account_id or "every",
                    p.service_name or "every",
                    p.region_id or "every",
                    p.created_by,
                    p.reason,
                    f"lifted by {p.lifted_by}" if p.lifted_at else "",
                )
                for p in found
            ],
        )


def _lifted(platform: Platform, name: str, by: str) -> Suppression:
    known = read_suppressions(platform.store)
    plans = [plan for plan in known if name and plan.suppression_id.startswith(name)]
    if len(plans) != 1:
        problem = "no planned event" if not plans else f"{len(plans)} planned events"
        raise UsageError(
            f"{problem} with a name that begins with {name!r}; list: finops anomalies plans"
        )
    return (
        plans[0] if plans[0].lifted_at else take_back(platform.store, plans[0], by, _now(platform))
    )


def _span(first: str | None, last: str | None) -> dict[str, str]:
    for option, day in (("--from", first), ("--to", last)):
        if day is None or not is_date(day):
            raise UsageError(f"{option} {day or ''} is no day; write {option} YYYY-MM-DD")
    assert first is not None and last is not None
    if first > last:
        raise UsageError(f"--from {first} is after --to {last}; exchange them")
    return {"first_day": first, "last_day": last}


def _said(given: str, option: str) -> str:
    if not given.strip():
        raise UsageError(f"{option} is empty; say it in a few words")
    return given.strip()


def _now(platform: Platform) -> str:
    return platform.clock.now().isoformat(timespec="seconds")
