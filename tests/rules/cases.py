"""The golden cases of this tree, and values made from their defaults."""

from pathlib import Path

from rules.golden import Goldens, as_json, policy_with

GOLDEN = Path(__file__).parent / "golden"
_GOLDENS = Goldens(GOLDEN)
DEFAULTS = _GOLDENS.defaults
policy = policy_with
charge = _GOLDENS.charge
stats = _GOLDENS.stats
baseline = _GOLDENS.baseline
folder = _GOLDENS.folder
load = _GOLDENS.load

__all__ = [
    "DEFAULTS", "GOLDEN", "as_json", "baseline", "charge", "folder", "load", "policy", "stats",
]  # fmt: skip
