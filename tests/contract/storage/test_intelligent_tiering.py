"""Intelligent-Tiering: objects are brought into the class first; archiving is asked for apart."""

from __future__ import annotations

from tests.contract.storage.estate import estate
from tests.contract.storage.test_lifecycle import rules


def test_nothing_is_tiered_unless_asked_for() -> None:
    """Off by default: neither a rule nor a configuration."""
    assert "IntelligentTieringConfigurations" not in estate().properties("DataBucket")
    assert "tier-intelligently" not in rules(estate())


def test_automatic_moves_objects_there_and_keeps_reads_synchronous() -> None:
    """Only objects that S3 would monitor, over 128 KiB, and no archive tier."""
    stack = estate(DataIntelligentTiering="AUTOMATIC")
    rule = rules(stack)["tier-intelligently"]

    assert rule["Prefix"] == "tiered/"
    assert rule["ObjectSizeGreaterThan"] == "131072"
    assert rule["Transitions"] == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}]
    assert "IntelligentTieringConfigurations" not in stack.properties("DataBucket")


def test_archive_tiers_concern_what_the_rule_brought_there() -> None:
    """A configuration alone would affect nothing: prefix and rule's prefix are one."""
    stack = estate(DataIntelligentTiering="ARCHIVE")
    (configuration,) = stack.properties("DataBucket")["IntelligentTieringConfigurations"]

    assert configuration["Status"] == "Enabled"
    assert configuration["Prefix"] == rules(stack)["tier-intelligently"]["Prefix"]
    # AWS takes 90 and 180 days at the least.
    assert configuration["Tierings"] == [
        {"AccessTier": "ARCHIVE_ACCESS", "Days": 90},
        {"AccessTier": "DEEP_ARCHIVE_ACCESS", "Days": 180},
    ]
