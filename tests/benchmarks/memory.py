"""The most memory that a process had, as Linux tells it."""

from pathlib import Path


def peak(pid: int | str = "self") -> int:
    """Return it in bytes; 0 where the system does not tell.

    Not `ru_maxrss`: that outlives exec, so a child of a large process shows its parent's.
    """
    status = Path(f"/proc/{pid}/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
