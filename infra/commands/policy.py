"""`finops policy`: the document that an organisation changes without touching code."""

import json
from pathlib import Path

import click

from infra.commands.options import json_option, print_json
from infra.errors import UsageError
from rules import Policy, check_policy, default_policy_for, parse_policy, rule_set


@click.group("policy")
def policy_group() -> None:
    """Thresholds, required tags, allowed values: a JSON document with a closed schema.

    \b
    Example:
      finops policy show --default v2 > mine.json     and change what you like
      finops policy check mine.json --rules v2
      finops rules diff v1 v1 --policy mine.json      what would change
      finops evaluations add mine --rules v2 --policy mine.json
    """


@policy_group.command("show")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--default", "of", help="The policy that ships with this rule set, such as v2.")
@json_option
def show_command(file: Path | None, of: str | None, as_json: bool) -> None:
    """Print a policy as a document, ready to be changed; with --json also its fingerprint.

    \b
    Example:
      finops policy show --default v2
      finops policy show mine.json --json
    """
    if (file is None) == (of is None):
        raise UsageError("name either a FILE or a rule set: finops policy show --default v2")
    policy = read(file) if file is not None else default_policy_for(rule_set(str(of)))
    document = json.loads(policy.to_bytes())
    if as_json:
        print_json({"version": policy.version, "format": policy.format, "policy": document})
    else:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))


@policy_group.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--rules", "name", help="Also: does this rule set find in it what it asks for?")
@json_option
def check_command(file: Path, name: str | None, as_json: bool) -> None:
    """Check a policy document. What is wrong is named by its path; exit code 2.

    \b
    Example:
      finops policy check mine.json --rules v2
    """
    policy = read(file)
    if name is not None:
        check_policy(rule_set(name), policy)
    if as_json:
        print_json({"version": policy.version, "format": policy.format, "rules": name})
        return
    click.echo(
        f"{file}: a policy of format {policy.format}, fingerprint {policy.version}"
        + (f"; rule set {name} can use it" if name else "")
    )


def read(file: Path) -> Policy:
    """Read a policy document.

    Raises:
        UsageError: there is no such file.
        PolicyError: it breaks the schema.
    """
    try:
        return parse_policy(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}; name a policy document") from error
