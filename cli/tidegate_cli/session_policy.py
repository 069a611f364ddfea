"""The session policy: what the shared credentials may do, no more than was asked for.

A session has what the role's own policies *and* this one allow, so this one only narrows. It has
to name everything that is needed: the listing, the bucket's region and the key as well.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tidegate_cli.errors import UsageError

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
MAX_CHARACTERS = 2048
_READ = [
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectTagging",
    "s3:GetObjectVersionTagging",
]
_WRITE = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
_KEY_ARN = re.compile(r"arn:(aws[a-z-]*):kms:([a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+")
# In a policy these three are signs; ${*} and the like are the characters themselves.
_SIGNS = re.compile(r"[*?$]")


@dataclass(frozen=True, slots=True)
class Grant:
    """What is shared. `prefix` is empty for the whole bucket. `partition`: "aws" and its like."""

    partition: str
    bucket: str
    prefix: str
    read: bool
    write: bool
    kms_key_arn: str | None = None

    @property
    def access(self) -> str:
        """What may be done, in words."""
        return " and ".join(
            word for word, given in (("read", self.read), ("write", self.write)) if given
        )

    def covers(self, key: str) -> bool:
        """Whether the key is one of those shared."""
        return key.startswith(self.prefix)


def text(grant: Grant) -> str:
    """Return the policy as JSON, as short as it gets; UsageError where STS would not take it."""
    document = {"Version": "2012-10-17", "Statement": _statements(grant)}
    policy = json.dumps(document, separators=(",", ":"))
    if len(policy) > MAX_CHARACTERS:
        raise UsageError(
            f"the session policy would have {len(policy):,} characters, and STS takes "
            f"{MAX_CHARACTERS:,}: share a shorter prefix"
        )
    return policy


def _statements(grant: Grant) -> list[dict[str, Any]]:
    bucket = f"arn:{grant.partition}:s3:::{grant.bucket}"
    keys = f"{_literal(grant.prefix)}*"
    listing: dict[str, Any] = {
        "Sid": "List",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": bucket,
    }
    if grant.prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": keys}}
    actions = [*(_READ if grant.read else ()), *(_WRITE if grant.write else ())]
    statements = [
        listing,
        {
            "Sid": "Locate",
            "Effect": "Allow",
            "Action": "s3:GetBucketLocation",
            "Resource": bucket,
        },
        {"Sid": "Objects", "Effect": "Allow", "Action": actions, "Resource": f"{bucket}/{keys}"},
    ]
    return [*statements, *_key_statements(grant)]


def _key_statements(grant: Grant) -> list[dict[str, Any]]:
    if grant.kms_key_arn is None:
        return []
    match = _KEY_ARN.fullmatch(grant.kms_key_arn)
    if match is None:
        raise UsageError(f"{grant.kms_key_arn!r} is not the ARN of a KMS key (nor is an alias)")
    partition, region = match.groups()
    domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    # S3 decrypts what it put together from parts, so writing needs both.
    actions = ["kms:Decrypt", "kms:GenerateDataKey"] if grant.write else ["kms:Decrypt"]
    return [
        {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": actions,
            "Resource": grant.kms_key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.{domain}"}},
        }
    ]


def _literal(prefix: str) -> str:
    return _SIGNS.sub(lambda sign: f"${{{sign.group()}}}", prefix)
