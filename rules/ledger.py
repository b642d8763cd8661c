"""The ledger of released rule sets and policies: what is in it never changes again.

A maintenance tool of the source tree (`python -m rules.ledger`); nothing imports it at run time.
"""

import hashlib
import json
import sys
from pathlib import Path

from rules.errors import LedgerError
from rules.registry import RULE_SETS

ROOT = Path(__file__).parent
FILE = "ledger.json"


def released(root: Path = ROOT) -> dict[str, str]:
    """Return the ledger: path below `rules/` to content hash, in order of release."""
    entries: dict[str, str] = json.loads((root / FILE).read_text())
    return entries


def content_hash(path: Path) -> str:
    """Return the SHA-256 over the sorted (path, bytes) of a folder's files, or of one file."""
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    digest = hashlib.sha256()
    for name, file in sorted((f.relative_to(path.parent).as_posix(), f) for f in files):
        if "__pycache__" not in name:
            body = file.read_bytes()
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()


def problems(root: Path = ROOT) -> list[str]:
    """Return one sentence for each release that is not in the ledger, or not as it says."""
    ledger = released(root)
    found = []
    for name, recorded in ledger.items():
        if not (root / name).exists():
            found.append(f"rules/{name} was released and is gone; restore it")
        elif content_hash(root / name) != recorded:
            found.append(str(LedgerError(name)))
    present = [*RULE_SETS, *(f"policies/{p.name}" for p in sorted((root / "policies").glob("*")))]
    found += [
        f"rules/{name} is not in the ledger; run: python -m rules.ledger add {name}"
        for name in present
        if name not in ledger
    ]
    return found


def add(name: str, root: Path = ROOT) -> None:
    """Record a rule set (`v2`) or a policy (`policies/2.json`) as released.

    Raises:
        LedgerError: it is recorded already, with other content.
    """
    ledger = released(root)
    current = content_hash(root / name)
    if ledger.setdefault(name, current) != current:
        raise LedgerError(name)
    (root / FILE).write_text(json.dumps(ledger, indent=2) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["check"]:
            found = problems()
            print("\n".join(found) or "the ledger agrees")
            sys.exit(1 if found else 0)
        case ["add", name] if (ROOT / name).exists():
            try:
                add(name)
            except LedgerError as error:
                sys.exit(str(error))
        case _:
            sys.exit("usage: python -m rules.ledger check | add v2 | add policies/2.json")
