"""The baseline of the whole compressing handler: download, isal and upload, with boto3 alone."""

import io
from typing import Any

import boto3
from isal import igzip

from benchmarks.serving import serve

LEVEL = 2


def move(item: dict[str, Any], bucket: str, way: str) -> int:
    """Download an object into memory, compress it in one call, upload it; return its new size."""
    s3 = boto3.client("s3")
    plain: bytes | memoryview
    if way == "stream":
        place = {"Bucket": item["bucket"], "Key": item["key"], "VersionId": item["version"]}
        plain = s3.get_object(**place)["Body"].read()
    else:
        target = io.BytesIO()
        extra = {"VersionId": item["version"]}
        s3.download_fileobj(item["bucket"], item["key"], target, ExtraArgs=extra)
        plain = target.getbuffer()
    packed = igzip.compress(plain, LEVEL)
    s3.upload_fileobj(io.BytesIO(packed), bucket, f"bare/{item['version']}.gz")
    return len(packed)


if __name__ == "__main__":
    serve({"move": move})
