"""Firehose for moto: its API over HTTP, and `LocalFirehose` behind it.

Streams, tags and lists are kept by moto; every stream has a `LocalFirehose` of its own, so that
deleting a stream discards what it had buffered, as the service does.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from types import SimpleNamespace
from typing import Any, ClassVar

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model
from moto.firehose import urls
from moto.firehose.exceptions import FirehoseException
from moto.firehose.models import FirehoseBackend
from moto.firehose.responses import FirehoseResponse

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.firehose_description import describe_destination
from infra.local.aws.firehose_request import refusal
from infra.local.aws.firehose_streams import (
    FirehoseWiring,
    HostedStream,
    encryption_status,
    stream_service,
)
from infra.local.aws.firehose_update import updated_configuration
from infra.local.aws.glue_tables import GlueCatalogue
from infra.local.aws.iam.firehose import StreamRoles
from infra.local.aws.server_faults import INTERNAL_FAILURE, drop_connection, render
from infra.local.firehose import (
    FirehoseError,
    Journal,
    Journals,
    LocalFirehose,
)
from infra.local.firehose.errors import (
    InvalidArgumentError,
    ResourceInUseError,
    UnsupportedLocallyError,
)
from infra.local.firehose.fault_errors import DroppedConnectionError

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
