"""Firehose for moto: its API over HTTP, `LocalFirehose` behind it, the platform's hooks beside it.

Streams, tags and lists are kept by moto; every stream has a `LocalFirehose` of its own, so that
deleting a stream discards what it had buffered, as the service does.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from random import Random
from types import SimpleNamespace
from typing import Any, ClassVar

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model
from moto.firehose import urls
from moto.firehose.exceptions import FirehoseException
from moto.firehose.models import FirehoseBackend, firehose_backends
from moto.firehose.responses import FirehoseResponse

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.firehose_description import describe_destination
from infra.local.aws.firehose_log import error_log
from infra.local.aws.firehose_metrics import FirehoseMetrics
from infra.local.aws.firehose_request import refusal
from infra.local.aws.firehose_streams import (
    FirehoseWiring,
    HostedStream,
    encryption_status,
    stream_service,
)
from infra.local.aws.firehose_update import updated_configuration
from infra.local.aws.glue_tables import GlueCatalogue
from infra.local.aws.iam.access import OPEN, Access
from infra.local.aws.iam.firehose import StreamRoles
from infra.local.aws.server_faults import INTERNAL_FAILURE, drop_connection, render
from infra.local.clock import Clock
from infra.local.firehose import (
    DEFAULT_CHOICES,
    Choices,
    DeliveryError,
    FaultBoard,
    Faults,
    FirehoseError,
    Journal,
    Journals,
    LocalFirehose,
    no_journal,
)
from infra.local.firehose.errors import (
    InvalidArgumentError,
    ResourceInUseError,
    ResourceNotFoundError,
    UnsupportedLocallyError,
)
from infra.local.firehose.fault_errors import DroppedConnectionError
from infra.local.firehose.meter import Meter
from infra.local.firehose.metrics import Metrics
from infra.local.firehose.telemetry import Telemetry
from schemas.lake import ObjectStore

_DESTINATION = "ExtendedS3DestinationConfiguration"
_PLAIN = "S3DestinationConfiguration"
"""The older structure, without processing; it has members of the other one only."""
_DESTINATIONS = ("DestinationConfiguration", "DestinationConfig")


class LocalFirehoseBackend(FirehoseBackend):
    """The streams of one account and region."""

    wiring: ClassVar[FirehoseWiring]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.hosted: dict[str, HostedStream] = {}

    @property
    def _url_module(self) -> Any:
        paths = {"{0}/$": LocalFirehoseResponse.dispatch}
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)

    def create(self, request: Mapping[str, Any]) -> str:
        """Create a stream and return its ARN; what its journal has is buffered again.

        Raises:
            FirehoseError: what the service refuses, or is not supported here.
            JournalError: its journal cannot be opened.
        """
        name = request["DeliveryStreamName"]
        if request.get("DeliveryStreamType", "DirectPut") != "DirectPut":
            raise UnsupportedLocallyError(f"DeliveryStreamType {request['DeliveryStreamType']}")
        given = [key for key in request if key.endswith(_DESTINATIONS)]
        if len(given) != 1:
            raise InvalidArgumentError(
                "Exactly one destination configuration is supported for a Firehose"
            )
        if given[0] not in (_DESTINATION, _PLAIN):
            raise UnsupportedLocallyError(f"{given[0]}; {_DESTINATION} is supported")
        if name in self.hosted:
            raise ResourceInUseError(
                f"Firehose {name} under accountId {self.account_id} already exists"
            )
        configuration = deepcopy(request[given[0]])
        encryption = encryption_status(request.get("DeliveryStreamEncryptionConfigurationInput"))
        service = self._service(name, configuration, self._journal)
        try:
            arn: str = self.create_delivery_stream(
                self.region_name, name, "DirectPut", {}, {}, {}, deepcopy(configuration),
                {}, {}, {}, {}, {}, {}, request.get("Tags") or [],
            )  # fmt: skip
        except BaseException:
            service.close()
            raise
        self.hosted[name] = HostedStream(
            configuration=configuration,
            service=service,
            created=self.wiring.clock.now(),
            source=request.get("DirectPutSourceConfiguration"),
            encryption=encryption,
            plain=given == [_PLAIN],
        )
        return arn

    def delete_delivery_stream(self, delivery_stream_name: str) -> None:
        """Delete a stream and discard what it has buffered."""
        super().delete_delivery_stream(delivery_stream_name)
        stream = self.hosted.pop(delivery_stream_name)
        stream.service.delete_delivery_stream(delivery_stream_name)

    def describe(self, name: str) -> dict[str, Any]:
        """Return the stream's `DeliveryStreamDescription`."""
        stream = self.stream(name)
        description: dict[str, Any] = {
            "DeliveryStreamName": name,
            "DeliveryStreamARN": self.delivery_streams[name].delivery_stream_arn,
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamEncryptionConfiguration": stream.encryption,
            "DeliveryStreamType": "DirectPut",
            "VersionId": stream.service.version(name),
            "CreateTimestamp": stream.created,
            "Destinations": [describe_destination(stream.configuration, plain=stream.plain)],
            "HasMoreDestinations": False,
        }
        if stream.updated is not None:
            description["LastUpdateTimestamp"] = stream.updated
        if stream.source is not None:
            description["Source"] = {"DirectPutSourceDescription": stream.source}
        return description

    def put(self, name: str, data: bytes) -> dict[str, Any]:
        """Accept one record."""
        stream = self.stream(name)
        return {**stream.service.put_record(name, data), "Encrypted": stream.encrypted}

    def put_batch(self, name: str, records: list[bytes]) -> dict[str, Any]:
        """Accept up to 500 records."""
        stream = self.stream(name)
        return {**stream.service.put_record_batch(name, records), "Encrypted": stream.encrypted}

    def update(self, request: Mapping[str, Any]) -> None:
        """Change a stream's destination; what is there already is no change, and no new version.

        Raises:
            FirehoseError: the service refuses it, or it is not supported here.
        """
        name = request["DeliveryStreamName"]
        stream = self.stream(name)
        version = stream.service.version(name)
        wanted = updated_configuration(stream.configuration, request, version)
        if describe_destination(wanted) != describe_destination(stream.configuration):
            stream.service.check(wanted)
            StreamRoles(self.wiring.access, name).check(wanted)
            stream.service.update_destination(name, wanted)
            stream.configuration = wanted
            stream.updated = self.wiring.clock.now()

    def encrypt(self, name: str, configuration: Mapping[str, Any] | None) -> None:
        """Switch server-side encryption on, or off with None."""
        self.stream(name).encryption = encryption_status(configuration)

    def stream(self, name: str) -> HostedStream:
        """Return a stream; raise the service's error when there is none."""
        if name not in self.hosted:
            raise FirehoseException(
                "ResourceNotFoundException",
                f"Firehose {name} under account {self.account_id} not found.",
            )
        return self.hosted[name]

    def _service(
        self, name: str, configuration: Mapping[str, Any], journals: Journals
    ) -> LocalFirehose:
        catalogue = GlueCatalogue(self.account_id, self.region_name)
        return stream_service(name, configuration, self.wiring, catalogue, journals)

    def _journal(self, name: str) -> Journal:
        """Open a stream's journal; the usual account and region do not show in its name."""
        home = (self.account_id, self.region_name) == (ACCOUNT, REGION)
        place = "" if home else f"@{self.account_id}@{self.region_name}"
        return self.wiring.journals(name + place)


class LocalFirehoseResponse(FirehoseResponse):
    """The API's actions; tags and lists are moto's own."""

    def parse_parameters(self, request: Any) -> None:
        """Parse a request; what cannot be parsed is refused by `call_action`."""
        try:
            super().parse_parameters(request)
        except (AttributeError, TypeError, ValueError):
            self.params = {}

    def call_action(self) -> TYPE_RESPONSE:
        """Hold a request against the API's shapes, and answer it."""
        model = get_service_model("firehose").operation_model(self._get_action())
        problem = refusal(self.params, model.input_shape, self.raw_body)
        if problem is None:
            answer: TYPE_RESPONSE = super().call_action()
            return answer
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amzn-Errortype": problem["__type"],
            "status": "400",
        }
        return 400, *self._enrich_response(headers, json.dumps(problem))

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """Render an answer; moto gives the service's own faults the status of a caller's."""
        return render(action_result, super().serialized)

    def create_delivery_stream(self) -> ActionResult:
        """Answer CreateDeliveryStream."""
        with _service_errors():
            return ActionResult({"DeliveryStreamARN": self._local.create(self.params)})

    def describe_delivery_stream(self) -> ActionResult:
        """Answer DescribeDeliveryStream."""
        description = self._local.describe(self._name)
        return ActionResult({"DeliveryStreamDescription": description})

    def put_record(self) -> ActionResult:
        """Answer PutRecord."""
        with _service_errors():
            return ActionResult(self._local.put(self._name, _data(self.params["Record"])))

    def put_record_batch(self) -> ActionResult:
        """Answer PutRecordBatch."""
        with _service_errors():
            records = [_data(record) for record in self.params["Records"]]
            return ActionResult(self._local.put_batch(self._name, records))

    def update_destination(self) -> ActionResult:
        """Answer UpdateDestination."""
        with _service_errors():
            self._local.update(self.params)
            return EmptyResult()

    def start_delivery_stream_encryption(self) -> ActionResult:
        """Answer StartDeliveryStreamEncryption."""
        default = {"KeyType": "AWS_OWNED_CMK"}
        with _service_errors():
            given = self.params.get("DeliveryStreamEncryptionConfigurationInput")
            self._local.encrypt(self._name, given or default)
            return EmptyResult()

    def stop_delivery_stream_encryption(self) -> ActionResult:
        """Answer StopDeliveryStreamEncryption."""
        self._local.encrypt(self._name, None)
        return EmptyResult()

    @property
    def _local(self) -> LocalFirehoseBackend:
        backend = self.firehose_backend
        assert isinstance(backend, LocalFirehoseBackend), "register_firehose came first"
        return backend

    @property
    def _name(self) -> str:
        return str(self.params["DeliveryStreamName"])


class FirehoseControl:
    """The platform's hooks: what the clock and the chaos of the real service do by themselves."""

    def __init__(self, wiring: FirehoseWiring) -> None:
        self._wiring = wiring

    def tick(self) -> None:
        """Deliver, in every stream, what is due by the clock.

        Raises:
            DeliveryError: an object could not be stored; all other streams were served.
        """
        try:
            self._each(lambda name, service: service.tick())
        finally:
            self.meter.save()

    def flush(self) -> None:
        """Deliver everything of every stream, as if all intervals had passed.

        Raises:
            DeliveryError: an object could not be stored; all other streams were served.
        """
        try:
            self._each(lambda name, service: service.flush(name))
        finally:
            self.meter.save()

    def close(self) -> None:
        """Forget the streams; what they have buffered is in their journals only: flush first."""
        for _, _, backend in list(firehose_backends.iter_backends()):
            if isinstance(backend, LocalFirehoseBackend):
                for stream in backend.hosted.values():
                    stream.service.close()
        firehose_backends.clear()
        self.meter.save()
        FirehoseMetrics.metrics = None

    @property
    def meter(self) -> Meter:
        """What would be billed for the streams."""
        return self._wiring.telemetry.meter

    @property
    def metrics(self) -> Metrics:
        """What the streams tell of themselves."""
        return self._wiring.telemetry.metrics

    @property
    def faults(self) -> FaultBoard:
        """What goes wrong on purpose, in all streams, present and future."""
        return self._wiring.faults

    def inject(self, faults: Faults) -> None:
        """Replace the faults without an end, of all streams, present and future."""
        self._wiring.faults.always = faults

    def names(self) -> list[str]:
        """Return the names of the streams."""
        backends = [backend for _, _, backend in firehose_backends.iter_backends()]
        return [
            name for b in backends if isinstance(b, LocalFirehoseBackend) for name in list(b.hosted)
        ]

    def _each(self, act: Callable[[str, LocalFirehose], None]) -> None:
        problems: list[DeliveryError] = []
        for _, _, backend in list(firehose_backends.iter_backends()):
            if not isinstance(backend, LocalFirehoseBackend):
                continue
            for name, stream in list(backend.hosted.items()):
                try:
                    act(name, stream.service)
                except DeliveryError as error:
                    problems.append(error)
                except ResourceNotFoundError:
                    continue  # deleted meanwhile
        if problems:
            raise problems[0]


def register_firehose(
    *,
    bucket_store: Callable[[str], ObjectStore],
    invoke: Callable[[str], Callable[[str], str]],
    clock: Clock,
    random: Random,
    journals: Journals = no_journal,
    choices: Choices = DEFAULT_CHOICES,
    crash: Callable[[], None] | None = None,
    meter: Meter | None = None,
    access: Access = OPEN,
) -> FirehoseControl:
    """Put this Firehose in moto's place, for the whole process; earlier streams are forgotten.

    Args:
        bucket_store: A bucket's name to its objects; raises `KeyError` when there is none.
        invoke: A function's ARN, as in `LambdaArn`, to the function: request JSON text to response
            JSON text, raising on a function error. Raises `KeyError` when there is none.
        clock: What arrival times and buffer intervals go by.
        random: Makes every id and order; a seed repeats them.
        journals: Where accepted records are kept until they are delivered.
        choices: What to do where nobody knows what the service does, and quotas.
        crash: ends the process, where it may be asked to crash.
        meter: counts what would be billed; by default one that forgets.
        access: What the roles of streams allow.
    """
    faults = FaultBoard(clock.now, sleep=clock.sleep, crash=crash)
    report = error_log(_describe, clock, access)
    telemetry = Telemetry(clock.now, meter=meter, report=report)
    FirehoseMetrics.metrics = telemetry.metrics
    wiring = FirehoseWiring(
        bucket_store, invoke, clock, random, faults, telemetry, journals, choices, access
    )

    class Backend(LocalFirehoseBackend):
        pass

    Backend.wiring = wiring
    firehose_backends.clear()
    firehose_backends.backend = Backend
    return FirehoseControl(wiring)


def _describe(arn: str) -> Mapping[str, Any] | None:
    """Return a stream's description by its ARN, None when it is gone."""
    _, _, _, region, account, name = arn.split(":", 5)
    backend, name = firehose_backends[account][region], name.partition("/")[2]
    if not isinstance(backend, LocalFirehoseBackend) or name not in backend.hosted:
        return None
    return backend.describe(name)


@contextmanager
def _service_errors() -> Iterator[None]:
    """Answer refusals with the service's code and message."""
    try:
        yield
    except DroppedConnectionError as error:
        drop_connection()
        raise FirehoseException(INTERNAL_FAILURE, str(error)) from error
    except UnsupportedLocallyError as error:
        message = f"Not supported locally: {error.message}; {error.next_step}"
        raise FirehoseException(error.code, message) from error
    except FirehoseError as error:
        raise FirehoseException(error.code, error.message) from error


def _data(record: Mapping[str, Any]) -> bytes:
    return bytes(record["Data"])
