"""Run every benchmark: `make bench`.

One, as large as you say: `python -m tests.benchmarks auditing 5000000`. `make bench-large` runs
those whose cost grows with the lake over five million events.
"""

import sys
from collections.abc import Callable

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


SIZED: dict[str, Callable[[int], None]] = {
    "put_to_queryable": put_to_queryable.run,
    "auditing": auditing.run,
    "compacting": compacting.run,
    "querying": querying.run,
    "scale": scale.run,
}
"""Those that take a number of events."""


def main() -> None:
    """Run the named benchmarks, or all; a number is the size of those that are named."""
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()]
    names = [word for word in sys.argv[1:] if not word.isdigit()]
    if sizes and (len(sizes) > 1 or not names):
        sys.exit(f"one size, and the benchmarks that it is for: {', '.join(SIZED)}")
    known = SIZED if sizes else BENCHMARKS
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"no such benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
    for name in names or BENCHMARKS:
        if sizes:
            SIZED[name](sizes[0])
        else:
            BENCHMARKS[name]()


main()
