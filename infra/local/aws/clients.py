"""boto3 clients of one endpoint, whatever profiles, proxies and keys the user's machine has."""

import os
from functools import cache
from threading import Lock
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from infra.local.aws.account import ACCESS_KEY, REGION, SECRET_KEY

_CONFIG = Config(
    proxies={},
    retries={"total_max_attempts": 3, "mode": "standard"},
    read_timeout=900,  # the longest that a Lambda function runs
    max_pool_connections=20,
    s3={"addressing_style": "path"},
)
PUT_TIMEOUT_SECONDS = 30
_PUT = "put"


class Clients:
    """One client a service, made when first asked for; clients are safe to share.

    Args:
        endpoint_url: where all services are.
    """

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._clients: dict[str, Any] = {}
        self._lock = Lock()
        nothing = (None, None, os.devnull, None)
        core = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": nothing,
                "credentials_file": nothing,
            }
        )
        core.register_component("data_loader", _descriptions())
        self._session = boto3.Session(
            botocore_session=core,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=REGION,
        )

    def client(self, service: str) -> Any:
        """Return the client of a service."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self.another(service)
            return self._clients[service]

    def another(self, service: str) -> Any:
        """Return a client that is shared with nobody."""
        return self._session.client(service, endpoint_url=self._endpoint_url, config=_CONFIG)

    def put_client(self) -> Any:
        """Return a Firehose client that neither retries nor waits long: a producer does both."""
        config = Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=5,
                        read_timeout=PUT_TIMEOUT_SECONDS)  # fmt: skip
        with self._lock:
            if _PUT not in self._clients:
                self._clients[_PUT] = self._session.client(
                    "firehose", endpoint_url=self._endpoint_url, config=config
                )
            return self._clients[_PUT]

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()


@cache
def _descriptions() -> Loader:
    """Return the services' descriptions, read once in a process."""
    return create_loader()
