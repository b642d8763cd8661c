"""Rule set v2. Released: never edited, only followed by the next.

Keeps of v1: find_low_value. Replaces: classify_cost (two gates), validate_tags (spelling, allowed
values, exemptions). New: first_seen, billed_against_effective.
"""

from rules.model import Rule, RuleSet
from rules.v1.find_low_value import find_low_value
from rules.v2.billed_against_effective import billed_against_effective
from rules.v2.classify_cost import classify_cost
from rules.v2.first_seen import first_seen
from rules.v2.validate_tags import validate_tags

RULES: tuple[Rule, ...] = (
    classify_cost,
    validate_tags,
    find_low_value,
    first_seen,
    billed_against_effective,
)
RULE_SET = RuleSet("v2", RULES, policy_format=2)
