"""An in-process Amazon Data Firehose: the API calls, and the clock's ticks that deliver."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from random import Random
from typing import Any

from infra.local.firehose import limits
from infra.local.firehose.choices import DEFAULT_CHOICES, Choices
from infra.local.firehose.configuration import parse_configuration
from infra.local.firehose.environment import Denied, Environment, nothing_denied
from infra.local.firehose.errors import (
    DeliveryError,
    InvalidArgumentError,
    JournalError,
    ResourceInUseError,
    ResourceNotFoundError,
    ServiceUnavailableError,
    UnsupportedLocallyError,
    ValidationError,
)
from infra.local.firehose.fault_board import FaultBoard
from infra.local.firehose.faults import NO_FAULTS, Faults
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.journal import Journal, Journals, no_journal
from infra.local.firehose.processing import Function
from infra.local.firehose.settings import StreamSettings
from infra.local.firehose.stream import Stream
from infra.local.firehose.telemetry import Telemetry
from schemas.lake import ObjectStore
from schemas.tables import Table

_REFUSED = ("ServiceUnavailableException", "Slow down.")


class LocalFirehose:
    """Delivery streams that behave as the service's do, on an injected clock.

    Nothing happens by itself: `put_record_batch` only accepts, `tick` does what is due by the
    clock, `flush` does everything at once. The mappings are read when needed, so buckets,
    functions and tables may be added later; a stream's table must be there when it is created.

    Args:
        stores: Bucket name to object store.
        functions: Function ARN, as in `LambdaArn`, to a function from request JSON text to
            response JSON text that raises on a function error.
        tables: (Glue database, table) to table.
        clock: The current moment, aware.
        random: Makes every id, order and injected refusal; a seed repeats them.
        region: Where the streams are.
        account: Whose they are.
        faults: What goes wrong on purpose: from the beginning, or a board that others change too.
        journals: Where accepted records are kept until they are delivered. By default nowhere:
            what is buffered is lost with the process.
        choices: What to do where nobody knows what the service does, and quotas.
        telemetry: Where metrics and the bill are counted; by default in one of its own.
        denied: Why a role may not do something; by default every role may do everything.
    """

    def __init__(
        self,
        *,
        stores: Mapping[str, ObjectStore],
        functions: Mapping[str, Function],
        tables: Mapping[tuple[str, str], Table],
        clock: Callable[[], datetime],
        random: Random,
        region: str = "us-east-1",
        account: str = "000000000000",
        faults: Faults | FaultBoard = NO_FAULTS,
        journals: Journals = no_journal,
        choices: Choices = DEFAULT_CHOICES,
        telemetry: Telemetry | None = None,
        denied: Denied = nothing_denied,
    ) -> None:
        board = faults if isinstance(faults, FaultBoard) else FaultBoard(clock, faults)
        self._world = Environment(
            stores,
            functions,
            clock,
            Identifiers(random),
            region,
            board,
            telemetry or Telemetry(clock),
            choices,
            tables,
            denied,
        )
        self._account = account
        self._journals = journals
        self._streams: dict[str, Stream] = {}
        self._encrypted: dict[str, bool] = {}
        self._ordinals = count()

    @property
    def faults(self) -> FaultBoard:
        """What goes wrong on purpose; add to it and clear it at any time."""
        return self._world.faults

    @property
    def telemetry(self) -> Telemetry:
        """What the streams did: metrics and the bill."""
        return self._world.telemetry

    def inject(self, faults: Faults) -> None:
        """Replace the faults without an end from now on; those of the board stay."""
        self._world.faults.always = faults

    def create_delivery_stream(
        self, name: str, configuration: Mapping[str, Any], *, encrypted: bool = False
    ) -> str:
        """Create a stream and return its ARN; what its journal has is buffered again.

        Args:
            name: The stream's name.
            configuration: The API's `ExtendedS3DestinationConfiguration`.
            encrypted: Whether server-side encryption is set; answers to puts say so.

        Raises:
            FirehoseError: what `CreateDeliveryStream` refuses, with its code and message, or a
                setting that is not supported here.
            JournalError: its journal cannot be opened.
        """
        if not re.match(limits.STREAM_NAME, name):
            raise ValidationError(
                "1 validation error detected: Value at 'deliveryStreamName' failed to satisfy "
                "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
            )
        if name in self._streams:
            raise ResourceInUseError(
                f"Firehose {name} under accountId {self._account} already exists"
            )
        world = self._world
        settings = self._checked(configuration)
        arn = f"arn:aws:firehose:{world.region}:{self._account}:deliverystream/{name}"
        self._streams[name] = self._with_journal(
            name, lambda journal: Stream(name, arn, settings, world, journal)
        )
        self._encrypted[name] = encrypted
        return arn

    def check(self, configuration: Mapping[str, Any]) -> None:
        """Check a configuration, without a stream.

        Raises:
            FirehoseError: what `create_delivery_stream` would refuse.
        """
        self._checked(configuration)

    def update_destination(self, name: str, configuration: Mapping[str, Any]) -> None:
        """Change a stream to another configuration, which is a new version of it.

        Args:
            name: The stream's name.
            configuration: The whole `ExtendedS3DestinationConfiguration` as it is to be.

        Raises:
            FirehoseError: there is no such stream, or what `CreateDeliveryStream` would refuse.
        """
        stream = self._stream(name)
        stream.update(self._checked(configuration))

    def version(self, name: str) -> str:
        """Return a stream's `VersionId`: 1, and one more for each update.

        Raises:
            ResourceNotFoundError: there is no such stream.
        """
        return str(self._stream(name).version)

    def delete_delivery_stream(self, name: str) -> None:
        """Delete a stream and discard what it has buffered.

        Raises:
            ResourceNotFoundError: there is no such stream.
            OSError: its journal could not be removed.
        """
        stream = self._stream(name)
        del self._streams[name]
        stream.discard()

    def put_record_batch(self, name: str, records: Sequence[bytes]) -> dict[str, Any]:
        """Accept up to 500 records; the answer has one entry for each, in order.

        Raises:
            FirehoseError: the call as a whole is refused; then no record was accepted, unless it
                is an injected `InternalFailureError`.
            DroppedConnectionError: an injected fault; nobody is told what was accepted.
        """
        stream = self._stream(name)
        _check_batch(records)
        self._world.faults.before_put(name)
        begun = self._world.clock()
        responses = [self._response(name) for _ in records]
        accepted = [r for r, a in zip(records, responses, strict=True) if "RecordId" in a]
        _accept(stream, accepted)
        refused = len(records) - len(accepted)
        stream.watch.called("PutRecordBatch", accepted, throttled=refused, begun=begun)
        self._world.faults.after_put(name)
        return {
            "FailedPutCount": refused,
            "Encrypted": self._encrypted[name],
            "RequestResponses": responses,
        }

    def put_record(self, name: str, record: bytes) -> dict[str, Any]:
        """Accept one record.

        Raises:
            FirehoseError: it was refused; or an injected `InternalFailureError` after it was
                accepted.
            DroppedConnectionError: an injected fault; nobody is told whether it was accepted.
        """
        stream = self._stream(name)
        _check_record(record, "record.data")
        self._world.faults.before_put(name)
        begun = self._world.clock()
        response = self._response(name)
        if "ErrorCode" in response:
            stream.watch.called("PutRecord", [], throttled=1, begun=begun)
            raise ServiceUnavailableError(response["ErrorMessage"])
        _accept(stream, [record])
        stream.watch.called("PutRecord", [record], throttled=0, begun=begun)
        self._world.faults.after_put(name)
        return {**response, "Encrypted": self._encrypted[name]}

    def tick(self) -> None:
        """Deliver, in every stream, what is due by the clock.

        Raises:
            DeliveryError: an object could not be stored; all other streams were served.
        """
        problems: list[DeliveryError] = []
        for stream in list(self._streams.values()):
            try:
                stream.tick()
            except DeliveryError as error:
                problems.append(error)
        if problems:
            raise problems[0]

    def flush(self, name: str) -> None:
        """Deliver everything of one stream, as if all its intervals had passed.

        Raises:
            DeliveryError: an object could not be stored; its data is kept.
            ResourceNotFoundError: there is no such stream.
        """
        self._stream(name).flush()

    def close(self) -> None:
        """Forget the streams; their journals keep what is not delivered."""
        while self._streams:
            self._streams.popitem()[1].close()

    def _checked(self, configuration: Mapping[str, Any]) -> StreamSettings:
        world = self._world
        settings = parse_configuration(
            configuration, tables=world.tables, region=world.region, account=self._account
        )
        self._check_places(settings)
        return settings

    def _check_places(self, settings: StreamSettings) -> None:
        prefixes = [settings.main.output_prefix, settings.main.error_output_prefix]
        for destination in filter(None, (settings.main, settings.backup)):
            if destination.bucket not in self._world.stores:
                raise InvalidArgumentError(f"The bucket {destination.bucket} does not exist")
        if settings.backup:
            prefixes.append(settings.backup.output_prefix)
        for prefix in prefixes:
            try:
                prefix.bind(dict.fromkeys(prefix.partition_keys, "x")).check(
                    self._world.identifiers
                )
            except ValueError as error:
                raise UnsupportedLocallyError(f"the prefix: {error}") from None

    def _stream(self, name: str) -> Stream:
        try:
            return self._streams[name]
        except KeyError:
            raise ResourceNotFoundError(
                f"Firehose {name} under account {self._account} not found."
            ) from None

    def _with_journal(self, name: str, make: Callable[[Journal], Stream]) -> Stream:
        try:
            journal = self._journals(name)
            try:
                return make(journal)
            except BaseException:
                journal.close()
                raise
        except OSError as error:
            raise JournalError(
                f"stream {name}: its journal cannot be opened ({error}); make it readable and "
                "writable and start again"
            ) from error

    def _response(self, name: str) -> dict[str, str]:
        """Return a record's entry in the answer: that it is accepted, or an injected refusal."""
        identifiers = self._world.identifiers
        if self._world.faults.refuses(name, next(self._ordinals), identifiers.random):
            code, message = _REFUSED
            return {"ErrorCode": code, "ErrorMessage": message}
        return {"RecordId": identifiers.put_id()}


def _accept(stream: Stream, records: Sequence[bytes]) -> None:
    if not records:
        return
    try:
        stream.put([bytes(record) for record in records])
    except OSError as error:
        raise ServiceUnavailableError(
            f"The journal cannot be written: {error.strerror or error}"
        ) from error


def _check_batch(records: Sequence[bytes]) -> None:
    if not 1 <= len(records) <= limits.MAX_BATCH_RECORDS:
        bound, side = (limits.MAX_BATCH_RECORDS, "less") if records else (1, "greater")
        raise ValidationError(
            "1 validation error detected: Value at 'records' failed to satisfy constraint: "
            f"Member must have length {side} than or equal to {bound}"
        )
    for number, record in enumerate(records, 1):
        _check_record(record, f"records.{number}.member.data")
    if sum(map(len, records)) > limits.MAX_BATCH_BYTES:
        raise InvalidArgumentError("Records size exceeds 4 MB limit")


def _check_record(record: bytes, path: str) -> None:
    if len(record) > limits.MAX_RECORD_BYTES:
        raise ValidationError(
            f"1 validation error detected: Value at '{path}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limits.MAX_RECORD_BYTES}"
        )
