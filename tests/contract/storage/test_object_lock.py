"""Object Lock: opt-in, in the mode that somebody with the right can still undo."""

from __future__ import annotations

from tests.contract.storage.estate import estate, replica


def test_nothing_is_locked_unless_asked_for() -> None:
    """Object Lock can never be turned off again."""
    properties = estate().properties("DataBucket")

    assert "ObjectLockEnabled" not in properties
    assert "ObjectLockConfiguration" not in properties
    assert "ObjectLockEnabled" not in replica().properties("ReplicaBucket")


def test_lock_is_in_governance_mode() -> None:
    """COMPLIANCE, which not even the root user can undo, is not on offer."""
    properties = estate(DataObjectLockDays="30").properties("DataBucket")

    assert properties["ObjectLockEnabled"] is True
    assert properties["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": "30"}},
    }
    assert "COMPLIANCE" not in str(estate().template["Resources"])
    assert "COMPLIANCE" not in str(replica().template["Resources"])


def test_replica_is_able_to_hold_locked_objects() -> None:
    """S3 refuses to replicate locked objects elsewhere; their retention comes along with them."""
    properties = replica(ReplicaObjectLock="true").properties("ReplicaBucket")

    assert properties["ObjectLockEnabled"] is True
    assert "ObjectLockConfiguration" not in properties
