"""How an object is to be kept."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate_cli.errors import UsageError
from tidegate_cli.wishes import Checksum, Encryption, StorageClass, Wishes


def arguments(
    *, wait: bool = False, crt: bool = False, status_tag: str = "scan-status", **wishes: Any
) -> dict[str, Any]:
    """What the wishes come to."""
    return Wishes("text/plain", **wishes).arguments(status_tag=status_tag, wait=wait, crt=crt)


def test_nothing_wished_leaves_all_to_the_bucket() -> None:
    """Only the type and a checksum are sent, the better one where it can be computed."""
    assert arguments() == {"ContentType": "text/plain", "ChecksumAlgorithm": "CRC32"}
    assert arguments(crt=True)["ChecksumAlgorithm"] == "CRC64NVME"


def test_wishes_become_arguments() -> None:
    """Encryption, class, tags and metadata as PutObject takes them."""
    found = arguments(
        tags=["team=a b", "mark=x=y"],
        metadata=["origin=desk"],
        kms_key="1234",
        storage_class=StorageClass.STANDARD_IA,
        checksum=Checksum.SHA256,
    )
    assert found == {
        "ContentType": "text/plain",
        "ChecksumAlgorithm": "SHA256",
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "1234",
        "StorageClass": "STANDARD_IA",
        "Tagging": "team=a+b&mark=x%3Dy",
        "Metadata": {"origin": "desk"},
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"kms_key": "1234", "encryption": Encryption.S3},
        {"checksum": Checksum.CRC32C},
        {"storage_class": StorageClass.DEEP_ARCHIVE, "wait": True},
        {"tags": ["team"]},
        {"tags": ["=x"]},
        {"tags": ["team=a", "team=b"]},
        {"tags": ["team=a,b"]},
        {"tags": ["team=" + "x" * 257]},
        {"tags": ["te,am=a"]},
        {"tags": ["x" * 129 + "=a"]},
        {"tags": ["AWS:team=a"]},
        {"tags": ["scan-status=NO_THREATS_FOUND"]},
        {"tags": ["Scan-Status=NO_THREATS_FOUND"]},
        {"tags": ["verdict=clean"], "status_tag": "Verdict"},
        {"tags": ["scan-detail=x"]},
        {"tags": [f"t{number}=x" for number in range(11)]},
        {"tags": [f"t{number}=x" for number in range(10)], "wait": True},
        {"metadata": ["Näme=x"]},
        {"metadata": ["name=é"]},
        {"metadata": ["name=a\nb: c"]},
    ],
)
def test_wish_that_cannot_be_met_is_refused(wrong: dict[str, Any]) -> None:
    """What S3 would refuse, the scanner could not read, or only the scanner may write."""
    with pytest.raises(UsageError):
        arguments(**wrong)


def test_archived_object_may_be_uploaded_without_waiting() -> None:
    """Nobody waits for a verdict that would say nothing."""
    assert arguments(storage_class=StorageClass.GLACIER)["StorageClass"] == "GLACIER"
