"""How two evaluations differ: which findings and classes, about how much money, and why.

`difference(query, a, b, options)` is all of it. The comparison, the counting and the reasons are
pure; only `rows` asks the lake.
"""

from transforms.differences.changes import ClassChange, FindingChange, changes
from transforms.differences.compute import difference
from transforms.differences.model import Difference, Options
from transforms.differences.sides import Side, side_of

__all__ = [
    "ClassChange",
    "Difference",
    "FindingChange",
    "Options",
    "Side",
    "changes",
    "difference",
    "side_of",
]
