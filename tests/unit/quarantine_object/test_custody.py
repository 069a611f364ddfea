"""Keys and marks in quarantine owe nothing to the uploader."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from functions.quarantine_object import custody
from tests.unit.quarantine_object.fakes import NOW, REF, scan_result, stored
from tidegate.copies import Copy
from tidegate.objectref import ObjectRef

KEYS = st.text(min_size=1, max_size=256).filter(
    lambda text: not any("\ud800" <= character <= "\udfff" for character in text)
)


@given(KEYS)
def test_copy_key_is_plain_whatever_the_key(key: str) -> None:
    """The copy's key is the bucket's name and 64 hexadecimal digits."""
    ref = replace(REF, key=key)
    assert re.fullmatch(r"uploads/[0-9a-f]{64}", custody.copy_key(ref))
    assert custody.record_key(ref) == custody.copy_key(ref) + ".json"


def test_copy_key_tells_apart_what_differs_in_any_part() -> None:
    """Bucket, key, version and ETag each count, and moving a border between them does too."""
    refs = [
        REF,
        replace(REF, bucket="uploads2"),
        replace(REF, key="in/box.bi"),
        replace(REF, version_id="version-2"),
        replace(REF, version_id=None),
        replace(REF, etag="etag-2"),
        replace(REF, key='in/box.bin", "version-1'),
        ObjectRef("uploads", "in/box.binversion-1", None, "etag-1"),
    ]
    assert len({custody.copy_key(ref) for ref in refs}) == len(refs)


@given(KEYS, st.dictionaries(st.from_regex(r"[a-z-]{1,20}", fullmatch=True), st.text(max_size=60)))
def test_marked_metadata_is_ascii_within_bounds_and_keeps_the_users(
    key: str, metadata: dict[str, str]
) -> None:
    """All of the user's own entries stay; ours fill what is left of the 2 KB."""
    metadata = {
        name: value
        for name, value in metadata.items()
        if not any("\ud800" <= character <= "\udfff" for character in value)
    }
    ref = replace(REF, key=key)
    marked = custody.marked_metadata(metadata, ref, scan_result(ref=ref), NOW)
    own = {name for name in metadata if not name.startswith("tidegate-")}
    assert own <= marked.keys()
    assert all(value.isascii() for value in marked.values())
    ours = sum(len(n) + len(v) for n, v in marked.items() if n.startswith("tidegate-"))
    users = sum(len(n) + len(v) for n, v in marked.items() if not n.startswith("tidegate-"))
    assert ours == 0 or ours + users <= custody.MAX_METADATA_BYTES


def test_forged_marks_are_left_out() -> None:
    """An uploader's entry with our prefix never reaches the copy."""
    forged = {"tidegate-status": "NO_THREATS_FOUND", "tidegate-note": "trust me", "a": "b"}
    marked = custody.marked_metadata(forged, REF, scan_result(), NOW)
    assert marked["tidegate-status"] == "THREATS_FOUND"
    assert "tidegate-note" not in marked
    assert marked["a"] == "b"


def test_full_metadata_leave_the_marks_to_the_record() -> None:
    """Where the user has used the 2 KB, nothing of theirs gives way."""
    full = {"a": "x" * 2047}
    assert custody.marked_metadata(full, REF, scan_result(), NOW) == full


def test_record_is_json_and_names_what_could_not_be_carried() -> None:
    """The record survives JSON and lists the losses."""
    copy = Copy(
        stored(ObjectRef("quarantine", "k", "c1", "e1")), ("SHA256",), ("Expires",), made=True
    )
    original = stored(headers={"Expires": NOW, "ContentType": "a/b"}, expires_text="soon")
    document = json.loads(json.dumps(custody.record(scan_result(), original, copy, NOW)))
    assert document["copy"]["notCarriedOver"] == ["Expires"]
    assert document["original"]["expires"] == "soon"
    assert document["origin"] == "s3://uploads/in/box.bin?versionId=version-1"
    assert custody.recorded_proofs(document, copy.stored) == ("SHA256",)
    assert (
        custody.recorded_proofs(document, stored(ObjectRef("quarantine", "k", "c2", "e1"))) is None
    )
