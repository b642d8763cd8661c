"""`finops local up|status|down`: the embedded AWS as a server that stays, for any AWS client."""

import os
import signal
import sys
from pathlib import Path

import click

from infra.commands.options import enforce_option, json_option, lake_options, print_json
from infra.wiring import check_data_dir, start


@click.group("local")
def local_group() -> None:
    """Run the embedded AWS as a server on loopback, let it fail, and see its bill."""


@local_group.command("up")
@click.option("--port", default=0, show_default="a free one", help="The port to listen on.")
@click.option(
    "--firehose",
    multiple=True,
    metavar="NAME=VALUE",
    help="A choice where nobody knows what Firehose does; may be repeated.",
)
@enforce_option(False)
@lake_options
def up_command(port: int, firehose: tuple[str, ...], enforce_iam: bool, data_dir: Path) -> None:
    """Start the server, deploy the template into it, and serve until Ctrl-C.

    The stack's schedules and Firehose's buffers go by the machine's clock. Every AWS client can
    use it: export the lines it prints. State is files under the data directory and survives.

    With --enforce-iam a call with a role's keys is held against the role's policies, and so is what
    Firehose, Scheduler, Lambda and Athena do by themselves; what is denied is answered as AWS does.
    Keys that are made up, as those it prints, may do everything.

    \b
    Example:
      finops local up --port 5000
      finops local up --firehose duplicate_id_scope=record
      finops local up --enforce-iam         (your own roles and streams, as strict as on AWS)
      aws firehose list-delivery-streams    (in another terminal, after the export lines)
    """
    check_data_dir(data_dir)
    from infra.local.aws.lifecycle import export_lines, serve, stop_signals

    with (
        stop_signals() as stop,
        start(data_dir, port=port, firehose=firehose, crash=_crash, enforce_iam=enforce_iam) as (
            aws,
            platform,
        ),
    ):
        click.echo(f"serving AWS at {aws.endpoint_url}; Ctrl-C ends it")
        click.echo(f"  lake      {platform.lake}")
        click.echo(f"  stream    {platform.names.stream}")
        click.echo(f"  workgroup {platform.names.workgroup}, database {platform.names.database}")
        for line in export_lines(aws):
            click.echo(line)
        sys.stdout.flush()
        serve(aws, stop, on_problem=lambda error: click.echo(f"finops: {error}", err=True))
        click.echo("delivering what is buffered ...")


def _crash() -> None:
    """End this process as `kill -9` does, for `finops local fault crash`."""
    os.kill(os.getpid(), signal.SIGKILL)


@local_group.command("status")
@json_option
@lake_options
def status_command(as_json: bool, data_dir: Path) -> None:
    """Tell whether a server runs over the data directory; exit code 1 when none does.

    \b
    Example:
      finops local status --json
    """
    from infra.local.aws.lifecycle import status

    server = status(data_dir)
    if as_json:
        found = {"pid": server.pid, "endpoint_url": server.endpoint_url} if server else {}
        print_json({"running": server is not None, **found})
    elif server:
        click.echo(f"running at {server.endpoint_url}, process {server.pid}")
    else:
        click.echo(f"no server over {data_dir}; start one with: finops local up")
    if server is None:
        sys.exit(1)


@local_group.command("down")
@lake_options
def down_command(data_dir: Path) -> None:
    """Tell the server to deliver what is buffered and end; wait for it.

    \b
    Example:
      finops local down
    """
    from infra.local.aws.lifecycle import status, stop
    from infra.local.clock import SystemClock

    if status(data_dir) is None:
        click.echo(f"no server over {data_dir}")
        return
    if not stop(data_dir, SystemClock()):
        click.echo("finops: the server has not ended within a minute; look at its log", err=True)
        sys.exit(1)
    click.echo("ended")
