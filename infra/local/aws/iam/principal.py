"""Who calls, where it is not a person."""

from dataclasses import dataclass

from infra.local.aws.account import ACCOUNT


@dataclass(frozen=True, slots=True)
class Principal:
    """A role that somebody acts as."""

    role: str
    """Its ARN."""
    session: str
    """What the one who acts calls himself."""

    @property
    def name(self) -> str:
        """The role's name."""
        return self.role.rpartition("/")[2]

    @property
    def arn(self) -> str:
        """The ARN that AWS calls the session by."""
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.name}/{self.session}"

    def forms(self) -> frozenset[str]:
        """Return every form that a policy of a resource may name it by."""
        return frozenset({f"AWS:{self.role}", f"AWS:{self.arn}"})
