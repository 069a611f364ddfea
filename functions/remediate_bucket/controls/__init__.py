"""The controls, one a module; `ALL` has them in the order of reporting and applying."""

from __future__ import annotations

from functions.remediate_bucket.control import Control
from functions.remediate_bucket.controls.bucket_public_access_block import (
    CONTROL as BUCKET_PUBLIC_ACCESS_BLOCK,
)

ALL: tuple[Control, ...] = (BUCKET_PUBLIC_ACCESS_BLOCK,)
