"""Has one image seen by Rekognition, in whatever form Rekognition takes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from functions.label_image import submission
from functions.label_image.decoder import Copy
from functions.label_image.errors import ImageRefusedError, NotAcceptedError
from functions.label_image.finding import ImageFacts, Sent
from functions.label_image.formats import (
    HEAD_BYTES,
    TAIL_BYTES,
    Format,
    Header,
    read_header,
    with_end,
)
from functions.label_image.labels import Recognition
from functions.label_image.reasons import Reason
from tidegate.errors import TransientError, object_errors
from tidegate.objectref import ObjectRef
from tidegate.objects import ObjectState, is_pinned_by_version

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from botocore.response import StreamingBody


class _Objects(Protocol):
    def open(self, ref: ObjectRef) -> tuple[ObjectState, StreamingBody]: ...
    def open_range(self, ref: ObjectRef, first: int, last: int) -> StreamingBody: ...


class _Rekognition(Protocol):
    def see_object(self, ref: ObjectRef) -> Recognition: ...
    def see_bytes(self, content: bytes, ref: ObjectRef) -> Recognition: ...


class _Decoder(Protocol):
    def copy(self, content: bytes, image_format: Format) -> Copy: ...


@dataclass(frozen=True, slots=True)
class Viewer:
    """Reads objects, decodes where that is needed, and asks."""

    objects: _Objects
    rekognition: _Rekognition
    decoder: _Decoder
    logger: Logger
    max_source_bytes: int

    def header(self, state: ObjectState) -> Header | None:
        """Return what the object's first and last bytes say of an image; None where it is none."""
        if not state.size_bytes:
            return None
        end = state.size_bytes
        head = self._range(state, 0, min(end, HEAD_BYTES))
        header = read_header(head)
        if header is None or not header.plain:
            return header
        tail = head if len(head) == end else self._range(state, end - TAIL_BYTES, end)
        return with_end(header, tail)

    def see(self, state: ObjectState, header: Header) -> tuple[ImageFacts, Recognition]:
        """Return what was sent, and what Rekognition saw. Raises ImageRefusedError.

        What Rekognition does not take by reference, though it looked as if it would, is decoded
        here: that works, or tells why it cannot.
        """
        submission.check(header)
        pinned = is_pinned_by_version(state.ref)
        if submission.goes_by_reference(header, state.size_bytes, pinned_by_version=pinned):
            try:
                return facts_by_reference(state, header), self.rekognition.see_object(state.ref)
            except NotAcceptedError as error:
                self.logger.warning("decoded here instead", extra={"error_text": str(error)})
        submission.check_bytes(state.size_bytes, self.max_source_bytes)
        copy = self.decoder.copy(self._content(state), header.format)
        facts = ImageFacts(
            format=header.format,
            bytes=state.size_bytes,
            width=copy.width,
            height=copy.height,
            sent=Sent.BYTES,
            sent_width=copy.sent_width,
            sent_height=copy.sent_height,
        )
        try:
            return facts, self.rekognition.see_bytes(copy.content, state.ref)
        except NotAcceptedError as error:
            raise ImageRefusedError(Reason.REFUSED_BY_REKOGNITION, str(error)) from error

    def _range(self, state: ObjectState, first: int, end: int) -> bytes:
        return _all_of(self.objects.open_range(state.ref, first, end - 1), state.ref)

    def _content(self, state: ObjectState) -> bytes:
        _, body = self.objects.open(state.ref)
        content = _all_of(body, state.ref)
        if len(content) != state.size_bytes:
            raise TransientError(f"{state.ref} broke off after {len(content)} bytes")
        return content


def facts_of(state: ObjectState, header: Header) -> ImageFacts:
    """Return what is known of an image that nobody was shown."""
    width, height = header.upright_size or (None, None)
    return ImageFacts(header.format, state.size_bytes, width, height)


def facts_by_reference(state: ObjectState, header: Header) -> ImageFacts:
    """Return what is known of an image that Rekognition reads itself, as large as it is."""
    facts = facts_of(state, header)
    return replace(facts, sent=Sent.REFERENCE, sent_width=facts.width, sent_height=facts.height)


def _all_of(body: StreamingBody, ref: ObjectRef) -> bytes:
    with closing(body), object_errors(f"read {ref}"):
        return body.read()
