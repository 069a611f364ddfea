"""Why an image gets no labels. None of them is cured by trying again with the same content."""

from enum import StrEnum


class Reason(StrEnum):
    """What keeps an object that looks like an image from being labelled.

    About its content: BROKEN (truncated or garbled), UNSUPPORTED_FORMAT, TOO_MANY_BYTES,
    TOO_MANY_PIXELS, TOO_SMALL (Rekognition wants 80 pixels each way), TOO_COSTLY (took more
    memory or time than any honest image needs), REFUSED_BY_REKOGNITION. About its state, which
    may change: ACCESS_DENIED, ARCHIVED, CUSTOMER_KEY.
    """

    BROKEN = "BROKEN"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    TOO_MANY_BYTES = "TOO_MANY_BYTES"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    TOO_SMALL = "TOO_SMALL"
    TOO_COSTLY = "TOO_COSTLY"
    REFUSED_BY_REKOGNITION = "REFUSED_BY_REKOGNITION"
    ACCESS_DENIED = "ACCESS_DENIED"
    ARCHIVED = "ARCHIVED"
    CUSTOMER_KEY = "CUSTOMER_KEY"
