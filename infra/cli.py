"""The `finops` command: groups its verbs, and turns errors into one line and an exit code.

Exit codes: 0 fine, 1 the answer is "no", 2 usage or set-up.
"""

import gc
import sys
from collections.abc import Sequence

import click

from infra.commands import rules_diff  # noqa: F401 - registers itself
from infra.commands.anomalies import anomalies_group
from infra.commands.audit import audit_command
from infra.commands.baseline import baseline_group
from infra.commands.compact import compact_command
from infra.commands.deliveries import deliveries_command
from infra.commands.demo import demo_command
from infra.commands.evaluations import evaluations_group
from infra.commands.events import events_group
from infra.commands.fault import fault_group
from infra.commands.ingest import ingest_command, settle_command
from infra.commands.local import local_group
from infra.commands.meter import meter_command
from infra.commands.monitor import monitor_command
from infra.commands.policy import policy_group
from infra.commands.produce import produce_command
from infra.commands.quarantine import quarantine_group
from infra.commands.query import query_command
from infra.commands.redrive import redrive_command
from infra.commands.replay import replay_command
from infra.commands.report import report_command
from infra.commands.rules import rules_group
from infra.commands.rules_explain import explain_command
from infra.commands.simulate import simulate_command
from infra.commands.summaries import summaries_command
from schemas.errors import FinopsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="finops-firehose", prog_name="finops")
def finops() -> None:
    """Cost events through Amazon Data Firehose into a lake that Athena queries.

    \b
    Start here:
      finops demo                                the real sample, end to end
      finops ingest FILE --source focus          your own FOCUS export
      finops query --sql "select * from charges limit 5"
    """


rules_group.add_command(explain_command)
local_group.add_command(fault_group)
local_group.add_command(meter_command)

for command in (
    demo_command,
    ingest_command,
    produce_command,
    settle_command,
    query_command,
    report_command,
    summaries_command,
    anomalies_group,
    rules_group,
    deliveries_command,
    quarantine_group,
    audit_command,
    redrive_command,
    monitor_command,
    compact_command,
    baseline_group,
    evaluations_group,
    replay_command,
    policy_group,
    events_group,
    simulate_command,
    local_group,
):
    finops.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the process's entry point."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    # Millions of short-lived rows, hardly a cycle: collecting rarely saves a tenth of the time.
    gc.set_threshold(200_000, 50, 50)
    sys.exit(run(arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; errors are one line on standard error."""
    debug = "--debug" in arguments
    try:
        finops.main(args=list(arguments), prog_name="finops", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 2
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        return _fail(_usage(error))
    except (FinopsError, OSError) as error:
        if debug:
            raise
        return _fail(str(error))
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _fail("interrupted; run the same command again, nothing is counted twice", 130)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    except Exception as error:
        if debug:
            raise
        kind = type(error).__name__
        return _fail(f"unexpected {kind}: {error}; run it again with --debug and report it")
    return 0


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "finops"
    return f"{error.format_message().rstrip('.')}; see: {path} --help"


def _fail(message: str, code: int = 2) -> int:
    click.echo("finops: " + " ".join(message.split()), err=True)
    return code


if __name__ == "__main__":
    main()
