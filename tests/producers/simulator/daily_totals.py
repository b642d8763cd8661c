"""Prints a simulated month's daily cost by series, for eyes: `python -m` this module [seed]."""

import sys

from producers.sources.simulator import Simulator
from producers.sources.simulator.ground_truth import ground_truth
from tests.producers.simulator.september import START, SeriesName, month


def main() -> None:
    """Print one line a series: its usage each day in dollars, spiked days in brackets."""
    world = Simulator(int(sys.argv[1]) if len(sys.argv) > 1 else 1, START)
    spiked = {
        (SeriesName(t.service_name, t.sub_account_id, t.region_id), f"{t.start:%Y-%m-%d}")
        for t in ground_truth(world)
        if t.is_anomaly
    }
    usage = month(world).usage
    for series in sorted({series for series, _ in usage}, key=str):
        days = sorted(day for name, day in usage if name == series)
        cells = [
            f"[{usage[series, day] / 10**12:.1f}]"
            if (series, day) in spiked
            else f"{usage[series, day] / 10**12:.1f}"
            for day in days
        ]
        print(f"{' '.join(map(str, series)):<70} {' '.join(f'{cell:>7}' for cell in cells)}")


if __name__ == "__main__":
    main()
