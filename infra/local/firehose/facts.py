"""The facts that this emulator is held to, and what it makes of each: `facts.toml`, typed.

Tests name the facts they hold with the marker `fact`; a test compares both lists.
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, get_args

Status = Literal["emulated", "simplified", "absent", "unknown"]

STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes:
        id: short and stable.
        section: of `docs/reference/firehose-behaviour.md`.
        tag: how sure it is, as there.
        status: what the emulator makes of it.
        fact: what the service does, or what is not known of it.
        note: what is different here and why, unless it is emulated.
        setting: of an unknown: the field of `Choices` that chooses; empty where nothing does.
    """

    id: str
    section: str
    tag: str
    status: Status
    fact: str
    note: str = ""
    setting: str = ""

    @property
    def needs_a_test(self) -> bool:
        """Whether some test has to name it: what is emulated, and what a setting chooses."""
        return self.status == "emulated" or bool(self.setting)


def load_facts() -> tuple[Fact, ...]:
    """Return all facts, in the order of their sections."""
    text = files(__package__).joinpath("facts.toml").read_text("utf-8")
    return tuple(Fact(**table) for table in tomllib.loads(text)["fact"])
