"""Makes boto3 clients, all with the same time-outs and retries."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

MAX_CONNECTIONS = 32


def configuration() -> Config:
    """Return the botocore configuration that every client of the suite uses."""
    return Config(
        connect_timeout=3,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 5},
        max_pool_connections=MAX_CONNECTIONS,
        tcp_keepalive=True,
    )


def client(service: str) -> Any:
    """Return a new client of the named AWS service; the caller annotates its type."""
    return boto3.client(service, config=configuration())  # type: ignore[call-overload]
