"""`finops rules diff`: what other rules, another policy or other baselines would have said."""

from pathlib import Path

import click

from infra.commands.options import counted, json_option, lake_options, print_json
from infra.commands.rules import rules_group
from infra.errors import UsageError
from infra.wiring import open_platform, say
from rules import parse_policy
from schemas.lake import is_date
from transforms.differences import Options, difference, side_of
from transforms.differences.model import DIMENSIONS, JUDGED, OWNER_TAGS, STORED, Way
from transforms.differences.sides import with_baselines, with_policy
from transforms.state import active_evaluation


class _Names(click.ParamType[tuple[str, ...]]):
    """Names separated by commas, each once."""

    name = "names"

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        self._allowed = allowed

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(","))
        unknown = [n for n in names if not n or (self._allowed and n not in self._allowed)]
        if unknown or len(set(names)) != len(names):
            allowed = ", ".join(self._allowed) or "names"
            self.fail(f"{value!r} is not a list of {allowed}, each once", param, ctx)
        return names


@rules_group.command("diff")
@click.argument("a")
@click.argument("b")
@click.option("--from", "first", metavar="YYYY-MM-DD", help="The first charge date.")
@click.option("--to", "last", metavar="YYYY-MM-DD", help="The last charge date, included.")
@click.option(
    "--by",
    type=_Names(DIMENSIONS),
    default=("rule",),
    metavar="NAMES",
    help=f"Break down by any of {', '.join(DIMENSIONS)}, separated by commas.  [default: rule]",
)
@click.option(
    "--owner-tag",
    "owner_tags",
    type=_Names(),
    default=OWNER_TAGS,
    metavar="KEYS",
    help="Tag keys; the first that a charge has names its owner.  "
    f"[default: {','.join(OWNER_TAGS)}]",
)
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Judge B by this policy document instead of its own.",
)
@click.option("--baselines", metavar="SERIES", help="Judge B by this baseline series instead.")
@click.option(
    "--examples",
    type=click.IntRange(min=0, max=100),
    default=3,
    show_default=True,
    help="Examples of each kind of change, those about most money.",
)
@click.option(
    "--judge", "way", flag_value=JUDGED, help="Judge the charges again, here and now, by both."
)
@click.option(
    "--stored", "way", flag_value=STORED, help="Compare the stored rows of two evaluations."
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a self-contained page as well.",
)
@json_option
@lake_options
def diff_command(
    a: str,
    b: str,
    first: str | None,
    last: str | None,
    by: tuple[str, ...],
    owner_tags: tuple[str, ...],
    policy_file: Path | None,
    baselines: str | None,
    examples: int,
    way: Way | None,
    html: Path | None,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Say how the verdicts of A and B differ: in number, in money, with examples and reasons.

    A and B are evaluations, or rule sets: those are taken with the active evaluation's policy and
    baselines. Findings are new (only B has them), gone (only A) or changed. A reason is found by
    judging the event again with A's values but one of B's; it is never guessed.

    Where both evaluations have all rows of the range, the rows are compared; otherwise up to
    200,000 charges are judged in memory by both, and nothing is written.

    \b
    Example:
      finops rules diff v1 v2 --from 2026-09-01 --to 2026-09-30
      finops rules diff v1 v1 --policy mine.json --by rule,service
      finops rules diff v1 v2 --html difference.html
    """
    # Loaded by this command alone.
    from infra.difference_report import as_document, print_difference, render

    _check_range(first, last)
    if html is not None and not html.parent.is_dir():
        raise UsageError(f"{html.parent}: no such folder; create it or choose another --html")
    policy = None if policy_file is None else parse_policy(policy_file.read_bytes())
    with open_platform(data_dir, needs_data=True) as platform:
        platform.activate_first_evaluation()
        store = platform.store
        left, right = side_of(store, a), side_of(store, b)
        if policy is not None:
            right = with_policy(right, policy)
        if baselines is not None:
            right = with_baselines(store, right, baselines)
        options = Options(first, last, by, owner_tags, examples, way)
        found = difference(
            platform.query, left, right, active_evaluation(store), options, _progress
        )
    say("\r\x1b[K")
    if html is not None:
        page = render(found).encode()
        html.write_bytes(page)
    if as_json:
        print_json(as_document(found))
        return
    print_difference(found)
    if html is not None:
        click.echo(f"\n{html}: {counted(len(page), 'byte')}")


def _check_range(first: str | None, last: str | None) -> None:
    for name, text in (("--from", first), ("--to", last)):
        if text is not None and not is_date(text):
            raise UsageError(f"{name} {text!r} is not a charge date, such as 2026-09-01")
    if first and last and first > last:
        raise UsageError(f"--from {first} is after --to {last}; exchange them")


def _progress(done: int, of: int) -> None:
    say(f"\r\x1b[K  {done:,} of {of:,} events")
