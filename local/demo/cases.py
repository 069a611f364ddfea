"""The demo's uploads: what each file is, and the verdict that it must get."""

from collections.abc import Callable
from dataclasses import dataclass

from local import samples

CLEAN = "NO_THREATS_FOUND"
INFECTED = "THREATS_FOUND"
UNSUPPORTED = "UNSUPPORTED"


@dataclass(frozen=True, slots=True)
class Case:
    """One upload. `because` explains the expected verdict to somebody who is new here."""

    title: str
    key: str
    content: Callable[[], bytes]
    expected: str
    because: str
    content_type: str = "application/octet-stream"
    replaced_by: Callable[[], bytes] | None = None


def cases(max_object_bytes: int) -> tuple[Case, ...]:
    """Return all uploads, for a stack with this size limit."""
    return (
        Case(
            "a harmless text",
            "minutes.txt",
            samples.text,
            CLEAN,
            "scanned whole, nothing found",
            "text/plain",
        ),
        Case(
            "a harmless PDF",
            "brochure.pdf",
            samples.pdf,
            CLEAN,
            "scanned whole, nothing found",
            "application/pdf",
        ),
        Case(
            "the EICAR test file",
            "invoice.com",
            samples.eicar,
            INFECTED,
            "a signature matched; moved to quarantine",
        ),
        Case(
            "EICAR inside three zips",
            "holiday-photos.zip",
            lambda: samples.nested_zip(samples.eicar(), depth=3),
            INFECTED,
            "archives are opened, one in the other",
            "application/zip",
        ),
        Case(
            "a test threat in a tar.gz",
            "backup.tar.gz",
            lambda: samples.tar_gz("install.sh", samples.TEST_THREAT),
            INFECTED,
            "found by a signature of the published set",
            "application/gzip",
        ),
        Case(
            "a file known by its hash",
            "sample.bin",
            lambda: samples.HASHED_THREAT,
            INFECTED,
            "its MD5 is in the published set",
        ),
        Case(
            "an encrypted zip",
            "locked.zip",
            lambda: samples.encrypted_zip(samples.text()),
            UNSUPPORTED,
            "what cannot be read is never called clean",
            "application/zip",
        ),
        Case(
            "an object over the size limit",
            "database-dump.sql",
            lambda: samples.filler(max_object_bytes + 1),
            UNSUPPORTED,
            f"over {max_object_bytes >> 20} MiB; refused before a byte is read",
        ),
        *_hostile_keys(),
        Case(
            "overwritten while queued",
            "report.doc",
            samples.text,
            INFECTED,
            "the harmless first version lends nothing to the second",
            replaced_by=samples.eicar,
        ),
    )


def _hostile_keys() -> tuple[Case, ...]:
    """Return uploads whose names break careless code: half of them harmless, half infected."""
    return (
        Case(
            "a key with spaces, + and %",
            "Q3 results + 50% (final)%20.txt",
            samples.text,
            CLEAN,
            "keys are taken as they are",
        ),
        Case(
            "the same, infected",
            "Q3 results + 50% (final)%2B.txt",
            samples.eicar,
            INFECTED,
            "and so are they in quarantine",
        ),
        Case(
            "a key in many alphabets",
            "données/ファイル/Ωμέγα 💾.txt",
            samples.text,
            CLEAN,
            "UTF-8 all the way",
        ),
        Case(
            "a key with ../",
            "../../etc/passwd",
            samples.eicar,
            INFECTED,
            "a key never becomes a path on disk",
        ),
        Case(
            "a key with a leading /",
            "/absolute/path.txt",
            samples.text,
            CLEAN,
            "it is another object than absolute/path.txt",
        ),
        Case(
            "a key that forges a reply",
            "stream: OK\nharmless: OK",
            samples.eicar,
            INFECTED,
            "the engine never sees the key, so it cannot fake an OK",
        ),
    )
