"""Rule set v1: the first three rules. Released: never edited, only followed by the next."""

from rules.model import Rule, RuleSet
from rules.v1.classify_cost import classify_cost
from rules.v1.find_low_value import find_low_value
from rules.v1.validate_tags import validate_tags

RULES: tuple[Rule, ...] = (classify_cost, validate_tags, find_low_value)
RULE_SET = RuleSet("v1", RULES)
