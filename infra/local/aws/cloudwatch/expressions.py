"""The part of CloudWatch's metric math that alarms here may use: arithmetic, FILL, PERIOD, DIFF.

Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics". An expression is
read as Python reads it, which for these is the same.
"""

import ast
import operator
from collections.abc import Callable, Collection, Mapping, Sequence

Points = Sequence[float | None]
"""One value a period, the oldest first; None where there is none."""
Value = float | Points

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_SUPPORTED = "arithmetic, FILL(metric, number), PERIOD(metric) and DIFF(value)"


class UnsupportedMathError(Exception):
    """An expression needs more than is known here."""


class Expression:
    """An expression over metrics.

    Args:
        text: as the alarm has it.
        names: the metrics it may name.

    Raises:
        UnsupportedMathError: it is not one of those that can be evaluated.
    """

    def __init__(self, text: str, names: Collection[str]) -> None:
        self._text = text
        self._names = names
        try:
            self._root = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            raise self._refusal("it cannot be read") from None
        self._check(self._root)

    def points(self, metrics: Mapping[str, Points], period: int) -> list[float | None]:
        """Return its value in each period of `period` seconds."""
        length = len(next(iter(metrics.values())))
        value = self._value(self._root, metrics, period)
        return [value] * length if isinstance(value, float) else list(value)

    def _check(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                return
            case ast.Name(id=name):
                if name not in self._names:
                    raise self._refusal(f"{name} is not one of its metrics")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                self._check(left)
                self._check(right)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self._check(operand)
            case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name() as of, with_], keywords=[]):
                self._check(of)
                if not isinstance(with_, ast.Constant):
                    raise self._refusal("FILL takes a number")
                self._check(with_)
            case ast.Call(func=ast.Name(id="PERIOD"), args=[ast.Name() as of], keywords=[]):
                self._check(of)
            case ast.Call(func=ast.Name(id="DIFF"), args=[of], keywords=[]):
                self._check(of)
            case _:
                raise self._refusal(f"{ast.unparse(node)} is more than {_SUPPORTED}")

    def _value(self, node: ast.expr, metrics: Mapping[str, Points], period: int) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return metrics[name]
            case ast.UnaryOp(operand=operand):
                return _combine(operator.mul, -1.0, self._value(operand, metrics, period))
            case ast.BinOp(left=left, op=op, right=right):
                return _combine(
                    _OPERATORS[type(op)],
                    self._value(left, metrics, period),
                    self._value(right, metrics, period),
                )
            case ast.Call(func=ast.Name(id="PERIOD")):
                return float(period)
            case ast.Call(func=ast.Name(id="DIFF"), args=[of]):
                return _diff(self._value(of, metrics, period))
            case ast.Call(args=[ast.Name(id=name), ast.Constant(value=filling)]):
                return _fill(metrics[name], float(str(filling)))
        raise AssertionError(f"{self._text} was checked")

    def _refusal(self, why: str) -> UnsupportedMathError:
        return UnsupportedMathError(f"the expression {self._text!r}: {why}")


def _combine(op: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        found = _apply(op, left, right)
        return 0.0 if found is None else found
    length = len(left) if not isinstance(left, float) else len(right)  # type: ignore[arg-type]
    lefts = [left] * length if isinstance(left, float) else left
    rights = [right] * length if isinstance(right, float) else right
    return [_apply(op, a, b) for a, b in zip(lefts, rights, strict=True)]


def _apply(
    op: Callable[[float, float], float], left: float | None, right: float | None
) -> float | None:
    """Return nothing where a value is missing, or it would be a division by zero."""
    if left is None or right is None:
        return None
    try:
        return op(left, right)
    except ZeroDivisionError:
        return None


def _fill(points: Points, value: float) -> Points:
    """Fill gaps; what has no point at all has nothing to be filled."""
    if all(point is None for point in points):
        return points
    return [value if point is None else point for point in points]


def _diff(points: Value) -> Value:
    """Return each point less the one before it that is there; a number does not change."""
    if isinstance(points, float):
        return 0.0
    found: list[float | None] = []
    before: float | None = None
    for point in points:
        found.append(None if point is None or before is None else point - before)
        before = before if point is None else point
    return found
