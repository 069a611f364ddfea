"""Why an object got no full scan: the words that tags, ledger and events use."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One word for each way in which a scan is not full."""

    TOO_LARGE = "TOO_LARGE"
    ARCHIVED_STORAGE_CLASS = "ARCHIVED_STORAGE_CLASS"
    CUSTOMER_PROVIDED_KEY = "CUSTOMER_PROVIDED_KEY"
    ACCESS_DENIED = "ACCESS_DENIED"
    SCAN_DID_NOT_FINISH = "SCAN_DID_NOT_FINISH"
