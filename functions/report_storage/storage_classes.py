"""What S3's storage classes are called, billed as, and hold one to.

CloudWatch's storage types: https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html.
Minimum sizes and durations: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html.
"""

from __future__ import annotations

from collections.abc import Mapping

STANDARD = "STANDARD"
STANDARD_IA = "STANDARD_IA"
GLACIER_IR = "GLACIER_IR"
INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
INT_FREQUENT = "INTELLIGENT_TIERING_FA"
INT_INFREQUENT = "INTELLIGENT_TIERING_IA"

# Smaller objects are billed as this much in the infrequent classes, are not monitored in
# Intelligent-Tiering, and are not moved by lifecycle rules unless a rule asks for it.
MINIMUM_BYTES = 128 * 1024

# Days for which an object is billed at least.
MINIMUM_DAYS: Mapping[str, int] = {
    STANDARD_IA: 30,
    "ONEZONE_IA": 30,
    GLACIER_IR: 90,
    "GLACIER": 90,
    "DEEP_ARCHIVE": 180,
}

# CloudWatch's StorageType → the class by whose price it is billed.
BILLED_AS: Mapping[str, str] = {
    "StandardStorage": STANDARD,
    "StandardIAStorage": STANDARD_IA,
    "StandardIASizeOverhead": STANDARD_IA,
    "StandardIAObjectOverhead": STANDARD_IA,
    "OneZoneIAStorage": "ONEZONE_IA",
    "OneZoneIASizeOverhead": "ONEZONE_IA",
    "ReducedRedundancyStorage": "REDUCED_REDUNDANCY",
    "GlacierInstantRetrievalStorage": GLACIER_IR,
    "GlacierIRSizeOverhead": GLACIER_IR,
    "GlacierStorage": "GLACIER",
    "GlacierObjectOverhead": "GLACIER",
    "GlacierS3ObjectOverhead": STANDARD,
    "GlacierStagingStorage": STANDARD,
    "DeepArchiveStorage": "DEEP_ARCHIVE",
    "DeepArchiveObjectOverhead": "DEEP_ARCHIVE",
    "DeepArchiveS3ObjectOverhead": STANDARD,
    "DeepArchiveStagingStorage": STANDARD,
    "IntelligentTieringFAStorage": INT_FREQUENT,
    "IntelligentTieringIAStorage": INT_INFREQUENT,
    "IntelligentTieringAIAStorage": "INTELLIGENT_TIERING_AIA",
    "IntelligentTieringAAStorage": "INTELLIGENT_TIERING_AA",
    "IntelligentTieringDAAStorage": "INTELLIGENT_TIERING_DAA",
    "IntAAObjectOverhead": "GLACIER",
    "IntAAS3ObjectOverhead": STANDARD,
    "IntDAAObjectOverhead": "DEEP_ARCHIVE",
    "IntDAAS3ObjectOverhead": STANDARD,
    "ExpressOneZoneStorage": "EXPRESS_ONEZONE",
}

LABELS: Mapping[str, str] = {
    STANDARD: "Standard",
    STANDARD_IA: "Standard-IA",
    "ONEZONE_IA": "One Zone-IA",
    "REDUCED_REDUNDANCY": "Reduced Redundancy",
    GLACIER_IR: "Glacier Instant Retrieval",
    "GLACIER": "Glacier Flexible Retrieval",
    "DEEP_ARCHIVE": "Glacier Deep Archive",
    INT_FREQUENT: "Intelligent-Tiering, Frequent",
    INT_INFREQUENT: "Intelligent-Tiering, Infrequent",
    "INTELLIGENT_TIERING_AIA": "Intelligent-Tiering, Archive Instant",
    "INTELLIGENT_TIERING_AA": "Intelligent-Tiering, Archive",
    "INTELLIGENT_TIERING_DAA": "Intelligent-Tiering, Deep Archive",
    "EXPRESS_ONEZONE": "Express One Zone",
}

# The storage type of objects that a listing shows in a class. A listing does not tell the access
# tier of Intelligent-Tiering: the dearest one is taken, which is where each object starts.
LISTED_AS: Mapping[str, str] = {
    STANDARD: "StandardStorage",
    STANDARD_IA: "StandardIAStorage",
    "ONEZONE_IA": "OneZoneIAStorage",
    "REDUCED_REDUNDANCY": "ReducedRedundancyStorage",
    GLACIER_IR: "GlacierInstantRetrievalStorage",
    "GLACIER": "GlacierStorage",
    "DEEP_ARCHIVE": "DeepArchiveStorage",
    INTELLIGENT_TIERING: "IntelligentTieringFAStorage",
    "EXPRESS_ONEZONE": "ExpressOneZoneStorage",
}


def billed_as(storage_type: str) -> str:
    """Return the class by whose price a storage type is billed; an unknown type is its own."""
    return BILLED_AS.get(storage_type, storage_type)


def label(storage_class: str) -> str:
    """Return the class's name for people."""
    return LABELS.get(storage_class, storage_class)


def staged_as(storage_class: str) -> str:
    """Return the class by whose price the parts of an unfinished upload are billed.

    Those on their way to an archive class lie in Standard until the upload is complete.
    """
    if storage_class in ("GLACIER", "DEEP_ARCHIVE"):
        return STANDARD
    return INT_FREQUENT if storage_class == INTELLIGENT_TIERING else storage_class


def stored_as(storage_class: str) -> str:
    """Return the class by whose price listed objects are billed."""
    return billed_as(LISTED_AS.get(storage_class, storage_class))
