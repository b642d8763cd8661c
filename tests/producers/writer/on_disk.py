"""What a spool holds, read from its files by somebody who is not the producer."""

import json
from dataclasses import dataclass
from pathlib import Path

from producers.spool_entry import HEADER, Damaged, read_segment


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A producer's folder at rest: nothing writes there."""

    waiting: tuple[bytes, ...]
    """Records that the mark does not name as accepted, oldest first."""
    torn: int
    """Bytes at the end that are no whole entry."""
    position: int
    """The last row's number that an entry tells of; -1 for none."""


def on_disk(folder: Path) -> OnDisk:
    """Read a producer's spool.

    Raises:
        AssertionError: bytes in it are damaged, not merely torn at the end.
    """
    done, accepted = 1, set()
    mark = folder / "accepted.json"
    if mark.exists():
        said = json.loads(mark.read_text())
        done, accepted = said["done"], {tuple(place) for place in said["accepted"]}
    waiting: list[bytes] = []
    torn, position = 0, -1
    paths = sorted(folder.glob("*.spool"))
    for path in paths:
        data = path.read_bytes()
        torn = max(0, len(HEADER) - len(data))
        for found in read_segment(data):
            if isinstance(found, Damaged):
                assert found.is_tail, f"{path.name}: {found} amid whole entries"
                assert path == paths[-1], f"{path.name}: {found} in a segment that was ended"
                torn = found.size
                continue
            entry = found[1]
            if entry.meta["position"] is not None:
                position = entry.meta["position"]
            for i, record in enumerate(entry.records):
                if entry.number >= done and (entry.number, i) not in accepted:
                    waiting.append(record.data)
    return OnDisk(tuple(waiting), torn, position)
