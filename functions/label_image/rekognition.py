"""Asks Rekognition what an image shows: objects, scenes and, if wanted, what needs moderation.

Of the service's operations only DetectLabels and DetectModerationLabels are called: none that
analyses, compares or recognises faces, and the role has no right to any.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.label_image.errors import NotAcceptedError
from functions.label_image.labels import Recognition, recognition
from tidegate.errors import service_errors
from tidegate.objectref import ObjectRef

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import ImageTypeDef

# InvalidS3Object: gone, out of reach, in another Region. Reading it here tells which, or works.
# InvalidParameter: said of images too, of small ones at least, and nothing else in a request comes
# from the uploader: https://github.com/boto/botocore/issues/1366.
_NOT_ACCEPTED = frozenset(
    {
        "InvalidImageFormatException",
        "ImageTooLargeException",
        "InvalidS3ObjectException",
        "InvalidParameterException",
    }
)


@dataclass(frozen=True, slots=True)
class Rekognition:
    """The service, with what is asked of it.

    Both methods raise NotAcceptedError for an image that the service does not take, TransientError
    for throttling and faults, MisconfiguredError for missing permission.
    """

    rekognition: RekognitionClient
    max_labels: int
    min_confidence_percent: int
    moderation: bool

    def see_object(self, ref: ObjectRef) -> Recognition:
        """Return what is seen in an object version that Rekognition reads itself.

        It reads with the rights of this function's role.
        """
        if not ref.version_id:
            raise ValueError(f"{ref} has no version: another object may lie there by now")
        return self._see(
            {"S3Object": {"Bucket": ref.bucket, "Name": ref.key, "Version": ref.version_id}},
            str(ref),
        )

    def see_bytes(self, content: bytes, ref: ObjectRef) -> Recognition:
        """Return what is seen in a JPEG or PNG of up to 5 MiB made from the object."""
        return self._see({"Bytes": content}, f"a copy of {ref}")

    def _see(self, image: ImageTypeDef, what: str) -> Recognition:
        with _errors(f"have labels detected in {what}"):
            labels = self.rekognition.detect_labels(
                Image=image,
                MaxLabels=self.max_labels,
                MinConfidence=self.min_confidence_percent,
            )
        if not self.moderation:
            return recognition(labels, None)
        with _errors(f"have moderation labels detected in {what}"):
            moderation = self.rekognition.detect_moderation_labels(
                Image=image, MinConfidence=self.min_confidence_percent
            )
        return recognition(labels, moderation)


@contextmanager
def _errors(doing: str) -> Iterator[None]:
    with service_errors(doing):
        try:
            yield
        except ClientError as error:
            code = error.response["Error"].get("Code")
            if code not in _NOT_ACCEPTED:
                raise
            text = error.response["Error"].get("Message", "")
            raise NotAcceptedError(f"could not {doing}: {code}: {text}") from error
