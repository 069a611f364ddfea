"""Fits our own tags in beside the user's, within what S3 allows.

At most 10 tags an object, keys of up to 128 and values of up to 256 characters, of letters,
digits, spaces and `+ - = . _ : / @` (commas and the like are refused by AWS):
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html.
"""

from __future__ import annotations

from collections.abc import Mapping

# Beside the status, whose key is a parameter: what the verdict says, and by which release.
DETAIL_TAG_KEY = "scan-detail"
DEFINITIONS_TAG_KEY = "scan-definitions"
MAX_TAGS = 10
MAX_VALUE_CHARACTERS = 256
_LEGAL_PUNCTUATION = frozenset("+-=._:/@ ")


def legal_value(value: str) -> str:
    """Return the value with each illegal character replaced by `_`, cut to 256 characters."""
    legal = "".join(
        character if character.isalnum() or character in _LEGAL_PUNCTUATION else "_"
        for character in value
    )
    return legal[:MAX_VALUE_CHARACTERS].strip()


def merge(
    present: Mapping[str, str], essential: Mapping[str, str], useful: Mapping[str, str]
) -> dict[str, str] | None:
    """Return all present tags with ours added, or None where not even the essential ones fit.

    Nobody else's tag is ever dropped. `useful` tags are added all together or not at all; what
    an earlier verdict left under their keys goes in any case, and an empty value only removes.
    """
    others = {key: value for key, value in present.items() if key not in {*essential, *useful}}
    for own in ({**essential, **useful}, essential):
        merged = {**others, **{key: legal_value(value) for key, value in own.items() if value}}
        if len(merged) <= MAX_TAGS:
            return merged
    return None
