"""Makes boto3 clients, all with the same time-outs and retries."""

from __future__ import annotations

from typing import Any, Literal

import boto3
from botocore.config import Config

MAX_CONNECTIONS = 32


type RetryMode = Literal["standard", "adaptive"]


def configuration(retry_mode: RetryMode = "standard") -> Config:
    """Return the botocore configuration that every client of the suite uses.

    "adaptive" also paces what is sent, for a function that makes many calls in a short time.
    """
    return Config(
        connect_timeout=3,
        read_timeout=30,
        retries={"mode": retry_mode, "total_max_attempts": 5},
        max_pool_connections=MAX_CONNECTIONS,
        tcp_keepalive=True,
    )


def client(service: str, *, region: str | None = None, retry_mode: RetryMode = "standard") -> Any:
    """Return a new client of the named AWS service; the caller annotates its type.

    In the function's own Region, unless another is named.
    """
    return boto3.client(  # type: ignore[call-overload]
        service, region_name=region, config=configuration(retry_mode)
    )
