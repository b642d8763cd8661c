"""The fingerprint of a rule set's code as it was released, for those who write it down."""

import json
from functools import cache
from importlib import resources

from rules.model import RuleSet

UNRELEASED = "unreleased"
"""In place of a fingerprint, for a rule set that is still being written."""


def rules_fingerprint(rule_set: RuleSet) -> str:
    """Return the first 12 hex digits of the ledger's hash of a rule set, or `UNRELEASED`."""
    return _ledger().get(rule_set.name, UNRELEASED)[:12]


@cache
def _ledger() -> dict[str, str]:
    found: dict[str, str] = json.loads(
        resources.files("rules").joinpath("ledger.json").read_bytes()
    )
    return found
