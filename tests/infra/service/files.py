"""The service's files as systemd and a container builder read them."""

import json
import shlex
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

from infra.bundle import ROOT

UNIT = ROOT / "infra" / "service" / "finops-produce@.service"
CONTAINERFILE = ROOT / "infra" / "service" / "Containerfile"


def unit() -> ConfigParser:
    """Read the unit; keys as they are written."""
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, "utf-8")
    return parser


def defaults() -> dict[str, str]:
    """Return the unit's own environment."""
    pairs = shlex.split(unit()["Service"]["Environment"])
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def command(instance: str, environment: Mapping[str, str]) -> list[str]:
    """Return the words that systemd would run for an instance.

    `${NAME}` is one word, `$NAME` as many as it has; `%i` and `%S` are the two that are used.
    """
    known = {**defaults(), **environment}
    words: list[str] = []
    for word in shlex.split(unit()["Service"]["ExecStart"]):
        if word.startswith("$") and not word.startswith("${"):
            words += known[word[1:]].split()
            continue
        for name, value in known.items():
            word = word.replace(f"${{{name}}}", value)
        words.append(word.replace("%i", instance).replace("%S", "/var/lib"))
    assert not any("$" in word or "%" in word for word in words)
    return words


def instructions(path: Path = CONTAINERFILE) -> list[tuple[str, str]]:
    """Return a Containerfile's instructions: name and the rest, without comments."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    split = (line.partition(" ") for line in text.splitlines() if line.strip())
    return [(name, " ".join(rest.split())) for name, _, rest in split]


def exec_form(text: str) -> list[str]:
    """Return the words of an instruction's JSON list."""
    words: list[str] = json.loads(text[text.index("[") :])
    return words
