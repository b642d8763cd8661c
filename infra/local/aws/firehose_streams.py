"""What one local delivery stream is made of, apart from any HTTP: its service and its wiring."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from infra.local.aws.function_process import TIMED_OUT
from infra.local.aws.functions import FunctionError
from infra.local.aws.glue_tables import GlueCatalogue, GlueNotFoundError, rows_table
from infra.local.aws.iam.access import OPEN, Access
from infra.local.aws.iam.firehose import StreamRoles
from infra.local.clock import Clock
from infra.local.firehose import (
    DEFAULT_CHOICES,
    Choices,
    FaultBoard,
    FunctionTimedOutError,
    Journals,
    LocalFirehose,
    no_journal,
)
from infra.local.firehose.errors import InvalidArgumentError
from infra.local.firehose.telemetry import Telemetry
from schemas.lake import ObjectStore
from schemas.tables import Table

K = TypeVar("K")
V = TypeVar("V")

_KEY_TYPES = ("AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK")


@dataclass(slots=True)
class FirehoseWiring:
    """What streams are connected to; faults come and go while they run."""

    bucket_store: Callable[[str], ObjectStore]
    invoke: Callable[[str], Callable[[str], str]]
    clock: Clock
    random: Random
    faults: FaultBoard
    telemetry: Telemetry
    journals: Journals = no_journal
    choices: Choices = DEFAULT_CHOICES
    access: Access = OPEN


@dataclass(slots=True)
class HostedStream:
    """One stream: what it was asked to be, and the service that does it."""

    configuration: dict[str, Any]
    service: LocalFirehose
    created: datetime
    source: dict[str, Any] | None
    encryption: dict[str, Any]
    """`DeliveryStreamEncryptionConfiguration` as described."""
    updated: datetime | None = None
    plain: bool = False
    """Whether it was created with the older S3 destination, which is described alone."""

    @property
    def encrypted(self) -> bool:
        """Whether answers to puts say that they are encrypted."""
        return bool(self.encryption["Status"] == "ENABLED")


class OnDemand(Mapping[K, V]):
    """A mapping that is looked up and never listed; `find` raises `KeyError` for what is not."""

    def __init__(self, find: Callable[[K], V]) -> None:
        self._find = find

    def __getitem__(self, key: K) -> V:
        return self._find(key)

    def __iter__(self) -> Iterator[K]:
        raise TypeError("this mapping is looked up by name and cannot be listed")

    def __len__(self) -> int:
        raise TypeError("this mapping is looked up by name and has no size")


def stream_service(
    name: str,
    configuration: Mapping[str, Any],
    wiring: FirehoseWiring,
    catalogue: GlueCatalogue,
    journals: Journals,
) -> LocalFirehose:
    """Return a Firehose with this one stream.

    Raises:
        FirehoseError: the service refuses the configuration, or it is not supported here.
        JournalError: the stream's journal cannot be opened.
    """

    def table(key: tuple[str, str]) -> Table:
        try:
            return rows_table(catalogue.table(*key))
        except GlueNotFoundError as error:
            raise InvalidArgumentError(
                f"{error.message} (Service: AWSGlue; Status Code: 400; "
                "Error Code: EntityNotFoundException)"
            ) from None

    roles = StreamRoles(wiring.access, name)
    service = LocalFirehose(
        stores=OnDemand(wiring.bucket_store),
        functions=OnDemand(lambda arn: _telling_timeouts(wiring.invoke(arn))),
        tables=OnDemand(table),
        clock=wiring.clock.now,
        random=wiring.random,
        region=catalogue.region,
        account=catalogue.account,
        faults=wiring.faults,
        journals=journals,
        choices=wiring.choices,
        telemetry=wiring.telemetry,
        denied=roles.denied,
    )
    service.check(configuration)
    roles.check(configuration)  # last, as the service does (§3.1)
    service.create_delivery_stream(name, configuration)
    return service


def _telling_timeouts(function: Callable[[str], str]) -> Callable[[str], str]:
    """Return the function; where its own timeout ended it, that is told from its errors."""

    def invoke(request: str) -> str:
        try:
            return function(request)
        except FunctionError as error:
            if json.loads(error.payload).get("errorType") == TIMED_OUT:
                raise FunctionTimedOutError from error
            raise

    return invoke


def encryption_status(configuration: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return `DeliveryStreamEncryptionConfiguration` for what was asked for, None for nothing.

    Raises:
        InvalidArgumentError: an unknown key type, or a key that does not go with it.
    """
    if configuration is None:
        return {"Status": "DISABLED"}
    key_type, key = configuration.get("KeyType"), configuration.get("KeyARN")
    if key_type not in _KEY_TYPES:
        raise InvalidArgumentError(f"KeyType must be one of {', '.join(_KEY_TYPES)}")
    if (key_type == "CUSTOMER_MANAGED_CMK") != (key is not None):
        raise InvalidArgumentError(
            "KeyARN must be given with KeyType CUSTOMER_MANAGED_CMK, and only with it"
        )
    named = {} if key is None else {"KeyARN": key}
    return {"KeyType": key_type, **named, "Status": "ENABLED"}
