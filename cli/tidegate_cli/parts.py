"""Decides into how many parts of which size a file is cut.

S3 takes at most 10,000 parts of 5 MiB to 5 GiB, which together is also the largest object, 48.8
TiB: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html.
"""

from __future__ import annotations

from tidegate_cli.errors import UsageError

MEBIBYTE = 1024**2
MAX_PARTS = 10_000
MAX_PART_BYTES = 5 * 1024**3
MIN_PART_BYTES = 5 * MEBIBYTE
MAX_OBJECT_BYTES = MAX_PARTS * MAX_PART_BYTES
# Each request costs about as much time of the processor as sending some mebibytes: twice boto3's 8.
USUAL_PART_BYTES = 16 * MEBIBYTE
# Below this one PutObject carries it all.
THRESHOLD_BYTES = USUAL_PART_BYTES


def part_bytes(size_bytes: int, wanted_bytes: int = USUAL_PART_BYTES) -> int:
    """Return the size of a part: the wanted one, or more where that were more than 10,000 parts.

    Whole mebibytes. UsageError for a file that S3 does not take, or for parts that it does not.
    """
    if size_bytes > MAX_OBJECT_BYTES:
        raise UsageError(
            f"the file has {size_bytes:,} bytes; an S3 object has at most {MAX_OBJECT_BYTES:,}"
        )
    if not MIN_PART_BYTES <= wanted_bytes <= MAX_PART_BYTES:
        raise UsageError("a part has 5 MiB to 5 GiB")
    needed = -(-size_bytes // MAX_PARTS)
    return max(wanted_bytes, -(-needed // MEBIBYTE) * MEBIBYTE)


def part_count(size_bytes: int, length_bytes: int) -> int:
    """Return how many requests carry the content: 1 for what one PutObject takes."""
    if size_bytes < THRESHOLD_BYTES:
        return 1
    return -(-size_bytes // length_bytes)
