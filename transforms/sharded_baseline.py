"""A large baseline as jobs and functions meet it: the manifest at hand, shards when asked for.

Rules only ever see a part that is loaded: `for_account` reads before they run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn

from rules import Baseline, BaselineError, Charge, SeriesKey, SeriesStats, series_key
from rules.shards import Account, Manifest


@dataclass(frozen=True)
class PartialBaseline(Baseline):
    """The history of some accounts of a large baseline, complete for each of them.

    Raises:
        BaselineError: asked about an account whose history is elsewhere; never a silent `None`.
    """

    manifest: Manifest = field(repr=False)
    shard: int | None
    """The position of its shard; None for accounts that the history did not see."""
    manifest_version: str

    def __post_init__(self) -> None:
        """Take the entries as they are: they were checked when the shard was read."""

    def stats(self, charge: Charge) -> SeriesStats | None:
        """Return the history of the charge's series, or `None` if it has none."""
        found = self.entries.get(series_key(charge))
        if found is None:
            self._must_know(charge)
        return found

    def saw_account(self, charge: Charge) -> bool:
        """Tell whether any series of the whole history is of the charge's account."""
        return (charge.billing_account_id, charge.sub_account_id) in self.manifest.accounts

    def saw_service(self, charge: Charge) -> bool:
        """Tell whether the charge's account used its service in the history."""
        self._must_know(charge)
        return super().saw_service(charge)

    def saw_region(self, charge: Charge) -> bool:
        """Tell whether the charge's account used its region in the history."""
        self._must_know(charge)
        return super().saw_region(charge)

    @property
    def history_days(self) -> int:
        """Days of the whole history, not only of these accounts."""
        return self.manifest.history_days

    @property
    def version(self) -> str:
        """The fingerprint of the manifest."""
        return self.manifest_version

    def _must_know(self, charge: Charge) -> None:
        account = charge.billing_account_id, charge.sub_account_id
        if self.manifest.accounts.get(account, self.shard) != self.shard:
            raise BaselineError(
                f"the history of account {account} is in another shard",
                "load it with for_account before judging",
            )


class ShardedBaseline(Baseline):
    """A large baseline of which nothing but the manifest is loaded.

    Args:
        manifest: what is known of it.
        version: the fingerprint of the manifest's bytes.
        read: returns the shard of a fingerprint; it may raise `BaselineError`.
        keep: returns what it kept under a name, or calls what makes it.
    """

    def __init__(
        self,
        manifest: Manifest,
        version: str,
        read: Callable[[str], Baseline],
        keep: Callable[[str, Callable[[], Baseline]], Baseline],
    ) -> None:
        values = {
            "through": manifest.through,
            "effective_from": manifest.effective_from,
            "manifest": manifest,
            "version": version,
            "history_days": manifest.history_days,
            "_read": read,
            "_keep": keep,
        }
        vars(self).update(values)

    manifest: Manifest
    _read: Callable[[str], Baseline]
    _keep: Callable[[str, Callable[[], Baseline]], Baseline]

    @property
    def entries(self) -> Mapping[SeriesKey, SeriesStats]:
        """All series of all shards: for people who look, not for judging."""
        found: dict[SeriesKey, SeriesStats] = {}
        for version in self.manifest.shards:
            found |= self._read(version).entries
        return MappingProxyType(found)

    def shard_of(self, account: Account) -> int:
        """Return the position of an account's shard; -1 for one the history did not see."""
        return self.manifest.accounts.get(account, -1)

    def for_account(self, account: Account) -> Baseline:
        """Load the shard of an account, unless it is kept from before.

        Raises:
            BaselineError: the shard is missing or damaged.
        """
        at = self.manifest.accounts.get(account)
        if at is None:
            return self._part({}, None)
        shard = self.manifest.shards[at]
        return self._keep(
            f"{self.version}/{shard}", lambda: self._part(self._read(shard).entries, at)
        )

    def stats(self, charge: Charge) -> SeriesStats | None:
        """Refuse: rules load nothing."""
        self._refuse()

    def saw_account(self, charge: Charge) -> bool:
        """Tell whether any series of the history is of the charge's account."""
        return (charge.billing_account_id, charge.sub_account_id) in self.manifest.accounts

    def saw_service(self, charge: Charge) -> bool:
        """Refuse: rules load nothing."""
        self._refuse()

    def saw_region(self, charge: Charge) -> bool:
        """Refuse: rules load nothing."""
        self._refuse()

    def _part(self, entries: Mapping[SeriesKey, SeriesStats], at: int | None) -> PartialBaseline:
        return PartialBaseline(
            self.through, self.effective_from, entries, self.manifest, at, self.version
        )

    def _refuse(self) -> NoReturn:
        raise BaselineError(
            f"baseline {self.version} lies in shards", "load one with for_account before judging"
        )
