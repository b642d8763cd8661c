"""Interleaved timing: A B C, A B C, …; the ratio is the median of the rounds' ratios."""

import statistics
import time
from collections.abc import Callable, Mapping

ROUNDS = 7


def compare(
    variants: Mapping[str, Callable[[], object]], units: int, unit: str, rounds: int = ROUNDS
) -> None:
    """Run each variant in turn and print rates; the first one is the floor, 1.00 x."""
    spent: dict[str, list[float]] = {name: [] for name in variants}
    for run in variants.values():
        run()
    for _ in range(rounds):
        for name, run in variants.items():
            began = time.perf_counter()
            run()
            spent[name].append(time.perf_counter() - began)
    floor = next(iter(spent.values()))
    for name, seconds in spent.items():
        each = statistics.median(seconds) / units * 1e6
        ratio = statistics.median(f / s for f, s in zip(floor, seconds, strict=True))
        print(f"  {name:58}{each:9.1f} us/{unit}{ratio:8.2f} x")
