"""Apply a rule set to one charge: the loop, and nothing else."""

from collections.abc import Iterable

from rules.errors import BaselineError
from rules.model import Charge, Evaluation, Facts, Finding, Rule, RuleSet, Verdict, rule_name

RULE_ERROR = "rule-error"
UNKNOWN = "unknown"
_LONGEST_ERROR = 200
"""Characters of an exception's text that a finding keeps; it travels on the row."""
NEXT = "; the other rules judged it; mend the rule in the next rule set, then replay"
"""What a person does about a rule that raised."""


def evaluate(charge: Charge, rule_set: RuleSet, facts: Facts) -> Evaluation:
    """Judge one charge by every rule of a set, in order.

    A rule that raises becomes the finding `rule-error`: the row is delivered, the other rules
    run, and the columns it would have decided stay `unknown`. Where two rules decide the same
    column, the later one wins.

    Raises:
        BaselineError: the facts are not whole. That is a set-up to correct, never a finding.
    """
    return merge([answer(rule, charge, facts) for rule in rule_set.rules])


def answer(rule: Rule, charge: Charge, facts: Facts) -> Verdict:
    """Return one rule's verdict; of a rule that raises, the finding `rule-error`.

    Raises:
        BaselineError: the facts are not whole. That is a set-up to correct, never a finding.
    """
    try:
        return rule(charge, facts)
    except BaselineError:
        raise
    except Exception as error:
        return Verdict(finding=_rule_error(rule, error, charge))


def merge(verdicts: Iterable[Verdict]) -> Evaluation:
    """Join the verdicts of a set's rules, given in its order, to what they say together."""
    cost_class = tag_status = UNKNOWN
    missing_tags: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    for verdict in verdicts:
        if verdict.cost_class is not None:
            cost_class = verdict.cost_class
        if verdict.tag_status is not None:
            tag_status = verdict.tag_status
            missing_tags = verdict.missing_tags
        if verdict.finding is not None:
            findings += (verdict.finding,)
    return Evaluation(cost_class, tag_status, missing_tags, findings)


def _rule_error(rule: Rule, error: Exception, charge: Charge) -> Finding:
    name = rule_name(rule)
    text = " ".join(str(error).split())[:_LONGEST_ERROR]
    message = f"{name} raised {type(error).__name__}: {text}{NEXT}"
    return Finding(RULE_ERROR, "high", message, charge.cost, None)
