"""Run every benchmark: `make bench`, or `python -m tests.benchmarks NAME` for one."""

import sys

from tests.benchmarks import (
    auditing,
    cold_start,
    compacting,
    local_stack,
    producing,
    put_to_queryable,
    querying,
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
    "put_to_queryable": put_to_queryable.run,
    "local_stack": local_stack.run,
    "replay": replay.run,
    "auditing": auditing.run,
    "compacting": compacting.run,
    "querying": querying.run,
    "scale": scale.run,
}


def main() -> None:
    """Run the named benchmarks, or all."""
    names = [name for name in sys.argv[1:] if not name.isdigit()] or list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()


main()
