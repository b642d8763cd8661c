"""Run every benchmark: `make bench`, or `python -m tests.benchmarks NAME` for one."""

import sys

from tests.benchmarks import transform, wire_form

BENCHMARKS = {"wire_form": wire_form.run, "transform": transform.run}


def main() -> None:
    """Run the named benchmarks, or all."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()


main()
