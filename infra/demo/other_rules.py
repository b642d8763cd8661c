"""Part of the demo: the sample judged again under other rules, compared, shown, taken back."""

from datetime import date

import click

from infra.auditing import tally_columns
from infra.commands.options import counted
from infra.demo.real_sample import show
from infra.difference_report import print_difference
from infra.evaluations.lifecycle import add, switch
from infra.replay.replaying import replay
from infra.replay.selection import Selection
from infra.wiring import Platform
from rules import default_policy_for, rule_set
from transforms.audit import audit
from transforms.differences import Options, difference, side_of
from transforms.evaluations import lookup
from transforms.state import active_evaluation

_LAST = date(2026, 8, 31).isoformat()
"""The sample ends before; the simulated month begins after."""
_SHOWN = """
select evaluation, rules_version as rules, tag_status, billing_currency as currency,
       count(*) as charges, sum(billed_cost) as billed
from charges where charge_date < '2026-09-01' group by 1, 2, 3, 4 order by charges desc, 3
"""


def show_other_rules(platform: Platform, step: int) -> None:
    """Add an evaluation with rules v2, say what differs, replay, activate, and go back."""
    click.echo(f"\n== {step}. Yesterday under today's rules: the sample, judged by rule set v2")
    store, first = platform.store, active_evaluation(platform.store)
    rules = rule_set("v2")
    baselines = lookup(store, first).baselines
    add(platform, rules.name, rules, default_policy_for(rules), baselines)
    click.echo(f" finops evaluations add {rules.name}; finops rules diff {first} {rules.name}")
    sides = side_of(store, first), side_of(store, rules.name)
    options = Options(last=_LAST, examples=1)
    print_difference(difference(platform.query, *sides, first, options))
    report = replay(platform, rules.name, Selection(last=_LAST))
    click.echo(
        f"\n finops replay --evaluation {rules.name} --to {_LAST}: "
        f"{counted(report.written, 'row')} from raw/, "
        + ("verified in number and in money" if report.clean else "NOT verified")
    )
    for name in (rules.name, first):
        switch(platform, name)
        click.echo(f" finops evaluations activate {name}")
        show(platform, _SHOWN)
    for name in (first, rules.name):
        clean = audit(platform.query, platform.store, name, tally=tally_columns).clean
        click.echo(f" finops audit --evaluation {name}: " + ("clean" if clean else "differences"))
