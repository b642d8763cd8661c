"""`finops local fault …`: let things go wrong in the running server, list it, end it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from infra.commands.options import (
    counted,
    json_option,
    lake_options,
    percent,
    print_json,
    print_table,
)
from infra.commands.quantities import duration
from infra.errors import UsageError
from infra.local.firehose.fault import BATCHES, DELAY_SECONDS, DROP, ERROR, OBJECTS, Kind

F = TypeVar("F", bound=Callable[..., Any])


@click.group("fault")
def fault_group() -> None:
    """Rehearse failures: throttles, lost replies, S3 down, a crash.

    Faults act on the Firehose of the server that runs over the data directory, until their duration
    is over, they are cleared or the server ends; a restart has none. The same seed strikes the same
    chances again. Nothing that was accepted is lost by any of them.

    \b
    Example:
      finops local up                                       (in another terminal)
      finops local fault throttle --rate 30% --duration 5m
      finops local fault list
      finops local fault clear --all
    """


def _fault_options(command: F) -> F:
    """Add what every fault has."""
    options = (
        click.option(
            "--rate", type=percent, default="100%", show_default=True, help="The share that fails."
        ),
        click.option("--duration", type=duration, help="How long, such as 90s, 5m or 2h."),
        click.option("--after", type=duration, help="When it begins from now, such as 30s."),
        click.option("--seed", type=int, help="Decides which; the same seed fails the same."),
        click.option("--stream", help="Only this stream; all of them by default."),
        json_option,
        lake_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


@fault_group.command("throttle")
@_fault_options
def throttle_command(**given: Any) -> None:
    """Refuse a share of the records put.

    Each one is answered `ServiceUnavailableException` at its place, in a call that succeeds.

    \b
    Example:
      finops local fault throttle --rate 30% --duration 5m --seed 7
    """
    _add(Kind.THROTTLE, given)


@fault_group.command("fail-call")
@_fault_options
def fail_call_command(**given: Any) -> None:
    """Refuse whole calls: ServiceUnavailableException, and nothing accepted.

    The status is a server's fault (500), so SDKs try again by themselves.

    \b
    Example:
      finops local fault fail-call --rate 50% --duration 2m
    """
    _add(Kind.FAIL_CALL, given)


@fault_group.command("fail-after-accept")
@click.option(
    "--reply",
    "variant",
    type=click.Choice([ERROR, DROP]),
    help="Answer an error or drop the connection; by default now one, now the other.",
)
@_fault_options
def fail_after_accept_command(**given: Any) -> None:
    """Accept the records, and then answer an error or nothing at all.

    The producer cannot know that they were accepted, sends them again and so makes duplicates.

    \b
    Example:
      finops local fault fail-after-accept --reply drop --rate 10%
    """
    _add(Kind.FAIL_AFTER_ACCEPT, given)


@fault_group.command("slow")
@click.option(
    "--delay",
    type=duration,
    default=f"{DELAY_SECONDS:g}s",
    show_default=True,
    help="How long the answer waits.",
)
@_fault_options
def slow_command(**given: Any) -> None:
    """Answer puts late; the records are accepted before the wait.

    \b
    Example:
      finops local fault slow --delay 30s --duration 5m
    """
    _add(Kind.SLOW, given)


@fault_group.command("drop-connection")
@_fault_options
def drop_connection_command(**given: Any) -> None:
    """Close the connection of a put before anything is accepted.

    \b
    Example:
      finops local fault drop-connection --rate 20% --duration 1m
    """
    _add(Kind.DROP_CONNECTION, given)


@fault_group.command("lambda-error")
@_fault_options
def lambda_error_command(**given: Any) -> None:
    """Let invocations of the transformation fail.

    Firehose tries again as often as its configuration says; then the batch goes to the error
    output.

    \b
    Example:
      finops local fault lambda-error --rate 50% --duration 5m
    """
    _add(Kind.LAMBDA_ERROR, given)


@fault_group.command("lambda-timeout")
@_fault_options
def lambda_timeout_command(**given: Any) -> None:
    """Let invocations of the transformation time out; nobody waits for it.

    \b
    Example:
      finops local fault lambda-timeout --duration 5m
    """
    _add(Kind.LAMBDA_TIMEOUT, given)


@fault_group.command("lambda-throttled")
@_fault_options
def lambda_throttled_command(**given: Any) -> None:
    """Let Lambda refuse invocations: its concurrency is used up.

    \b
    Example:
      finops local fault lambda-throttled --rate 80% --duration 5m
    """
    _add(Kind.LAMBDA_THROTTLED, given)


@fault_group.command("oversized-reply")
@_fault_options
def oversized_reply_command(**given: Any) -> None:
    """Let the transformation answer more than 6 MB, which counts as an error of it.

    \b
    Example:
      finops local fault oversized-reply --rate 10%
    """
    _add(Kind.OVERSIZED_REPLY, given)


@fault_group.command("missing-ids")
@_fault_options
def missing_ids_command(**given: Any) -> None:
    """Leave a share of the records out of the transformation's answers.

    They go to the error output at once: an answer that came back is not asked for again.

    \b
    Example:
      finops local fault missing-ids --rate 1% --seed 3
    """
    _add(Kind.MISSING_IDS, given)


@fault_group.command("s3-down")
@_fault_options
def s3_down_command(**given: Any) -> None:
    """Let Firehose's puts to its destinations fail, the backup included.

    What waits is tried again until it is stored. Other users of S3 notice nothing.

    \b
    Example:
      finops local fault s3-down --duration 10m
    """
    _add(Kind.S3_DOWN, given)


@fault_group.command("duplicate")
@click.option(
    "--what",
    "variant",
    type=click.Choice([BATCHES, OBJECTS]),
    help="Process Lambda batches twice, or store objects twice; both by default.",
)
@_fault_options
def duplicate_command(**given: Any) -> None:
    """Deliver twice, as a service that delivers at least once may.

    \b
    Example:
      finops local fault duplicate --what objects --rate 25%
    """
    _add(Kind.DUPLICATE, given)


@fault_group.command("reorder")
@_fault_options
def reorder_command(**given: Any) -> None:
    """Shuffle the records of batches and the rows of objects.

    \b
    Example:
      finops local fault reorder --duration 1h
    """
    _add(Kind.REORDER, given)


@fault_group.command("crash")
@_fault_options
def crash_command(**given: Any) -> None:
    """Kill the server after a put was accepted and before it is answered.

    The next `finops local up` over the data directory goes on with what was accepted.

    \b
    Example:
      finops local fault crash              (at the next put)
      finops local fault crash --rate 1%
    """
    _add(Kind.CRASH, given)


@fault_group.command("list")
@json_option
@lake_options
def list_command(as_json: bool, data_dir: Path) -> None:
    """Show the faults that are on, and how often each has struck.

    \b
    Example:
      finops local fault list --json
    """
    faults = _ask(data_dir, "GET")["faults"]
    if as_json:
        print_json(faults)
    elif faults:
        _print(faults)
    else:
        click.echo("no fault is on")


@fault_group.command("clear")
@click.argument("fault_id", metavar="[ID]", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="End all of them.")
@json_option
@lake_options
def clear_command(fault_id: int | None, everything: bool, as_json: bool, data_dir: Path) -> None:
    """End one fault by its number, or all.

    \b
    Example:
      finops local fault clear 3
      finops local fault clear --all
    """
    if (fault_id is None) != everything:
        raise UsageError("give the number of one fault or --all; see: finops local fault list")
    query = None if fault_id is None else {"id": str(fault_id)}
    cleared = _ask(data_dir, "DELETE", query=query)["cleared"]
    if as_json:
        print_json(cleared)
        return
    click.echo(f"ended {counted(len(cleared), 'fault')}")
    if cleared:
        _print(cleared)


def _add(kind: Kind, given: dict[str, Any]) -> None:
    as_json, data_dir = given.pop("as_json"), given.pop("data_dir")
    options = {name: value for name, value in given.items() if value is not None}
    added = _ask(data_dir, "POST", document={"kind": kind.value, **options})
    if as_json:
        print_json(added)
        return
    _print([added])
    click.echo(f"  end it with: finops local fault clear {added['id']}")


def _ask(
    data_dir: Path,
    method: str,
    *,
    query: Mapping[str, str] | None = None,
    document: Mapping[str, object] | None = None,
) -> Any:
    from infra.local.aws.control_client import ask
    from infra.local.aws.fault_control import FAULTS_PATH
    from infra.local.aws.lifecycle import status

    server = status(data_dir)
    if server is None:
        raise UsageError(f"no server over {data_dir}; start one with: finops local up")
    return ask(server.endpoint_url, method, FAULTS_PATH, query=query, document=document)


def _print(faults: list[dict[str, Any]]) -> None:
    rows = [
        (
            fault["id"],
            fault["kind"] + (f" ({fault['variant']})" if fault["variant"] else ""),
            fault["stream"] or "all",
            f"{100 * fault['rate']:g}%",
            fault["seed"],
            _left(fault["remaining_seconds"]),
            f"{fault['strikes']:,} of {fault['chances']:,}",
        )
        for fault in faults
    ]
    print_table(("id", "fault", "stream", "rate", "seed", "left", "struck"), rows, right=("id",))


def _left(seconds: float | None) -> str:
    return "until cleared" if seconds is None else f"{max(seconds, 0):,.0f} s"
