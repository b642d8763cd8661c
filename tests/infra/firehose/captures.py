"""What was captured of the real service, as JSON files beside; each names its source."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "captured"


def capture(name: str) -> dict[str, Any]:
    """Return one capture."""
    document: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return document


def form(value: Any) -> Any:
    """Return a document's keys in their order and the types of its values."""
    if isinstance(value, dict):
        return [(key, form(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [form(item) for item in value]
    return type(value).__name__
