"""Where a compressed log is kept: a Hive partition, and a name that nothing hostile gets into.

Key: `<prefix>/year=YYYY/month=MM/day=DD/<name>-<short id><suffix><.gz or .zst>`. The id stands for
bucket, key, version and ETag: two logs of one name never meet, and the same one always gets the
same key, which is what makes every step safe to repeat.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date

from tidegate.objectref import ObjectRef

MAX_NAME_CHARACTERS = 100
SHORT_ID_CHARACTERS = 16
_ILLEGAL = re.compile(r"[^A-Za-z0-9._-]+")
_NAMELESS = "log"


def partition_of(day: date) -> str:
    """Return the day's partition."""
    return f"year={day.year:04}/month={day.month:02}/day={day.day:02}"


def archive_key(ref: ObjectRef, suffix: str, day: date, prefix: str, packed_suffix: str) -> str:
    """Return the key of the log's copy; `suffix` is the one that its own key ends in."""
    name = f"{safe_name(ref.key, suffix)}-{short_id(ref)}{suffix}{packed_suffix}"
    return f"{prefix}/{partition_of(day)}/{name}"


def safe_name(key: str, suffix: str) -> str:
    """Return the last part of the key without its suffix, of letters, digits and `._-` alone.

    Never begins with `.` or `_`: Athena and Hive take such objects for hidden and skip them.
    """
    last = key.removesuffix(suffix).rpartition("/")[2]
    name = _ILLEGAL.sub("_", last)[:MAX_NAME_CHARACTERS].strip("._-")
    return name or _NAMELESS


def short_id(ref: ObjectRef) -> str:
    """Return what tells this very content under this key from every other."""
    identity = json.dumps([ref.bucket, ref.key, ref.version_id, ref.etag])
    return hashlib.sha256(identity.encode()).hexdigest()[:SHORT_ID_CHARACTERS]
