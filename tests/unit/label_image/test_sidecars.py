"""What becomes of a read that breaks off; the rest runs on moto, in the integration tests."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError

from functions.label_image.sidecars import Sidecars
from tidegate.errors import TransientError


def test_document_that_breaks_off_is_read_again() -> None:
    """It might hold labels that were paid for."""

    class Body:
        def read(self) -> bytes:
            raise IncompleteReadError(actual_bytes=1, expected_bytes=2)

        def close(self) -> None: ...

    class S3:
        def get_object(self, **_: Any) -> Any:
            return {"Body": Body()}

    s3: Any = S3()
    with pytest.raises(TransientError):
        Sidecars(s3, "reports").get("labels/a.json")
