"""Run every benchmark: `make bench`, or `python -m tests.benchmarks NAME` for one."""

import sys

from tests.benchmarks import (
    cold_start,
    compacting,
    local_stack,
    producing,
    replay,
    scale,
    transform,
    wire_form,
)

BENCHMARKS = {
    "wire_form": wire_form.run,
    "transform": transform.run,
    "cold_start": cold_start.run,
    "producing": producing.run,
    "local_stack": local_stack.run,
    "replay": replay.run,
    "compacting": compacting.run,
    "scale": scale.run,
}


def main() -> None:
    """Run the named benchmarks, or all."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()


main()
