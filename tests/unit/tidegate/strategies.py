"""Objects and verdicts of every kind, for tests that try many."""

from __future__ import annotations

from datetime import UTC

from hypothesis import strategies as st

from tidegate.events import Uploader
from tidegate.objectref import ObjectRef
from tidegate.verdicts import Action, ScanResult, ScanStatus, Tagging

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)
optional_texts = st.none() | texts

refs = st.builds(
    ObjectRef,
    bucket=st.from_regex(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", fullmatch=True),
    key=keys,
    version_id=st.none() | st.from_regex(r"[A-Za-z0-9._]{1,40}", fullmatch=True),
    etag=st.none() | st.from_regex(r"[0-9a-f]{32}(-[0-9]{1,5})?", fullmatch=True),
)

scan_results = st.builds(
    ScanResult,
    ref=refs,
    status=st.sampled_from(ScanStatus),
    action=st.sampled_from(Action),
    scanned_at=st.datetimes(timezones=st.just(UTC)),
    threats=st.lists(texts, max_size=4).map(tuple),
    reason=optional_texts,
    sha256=st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    size_bytes=st.none() | st.integers(0, 50 * 1024**4),
    content_type=optional_texts,
    engine=optional_texts,
    definitions_release=optional_texts,
    duration_ms=st.integers(0, 900_000),
    sequencer=st.none() | st.from_regex(r"[0-9A-F]{16,24}", fullmatch=True),
    uploader=st.builds(Uploader, optional_texts, optional_texts),
    correlation_id=optional_texts,
    tagging=st.sampled_from(Tagging),
)
