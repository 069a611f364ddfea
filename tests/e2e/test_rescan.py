"""What lies in a bucket already is scanned again by the rescan state machine."""

from __future__ import annotations

import json
from collections import Counter

from local import samples
from local.deployment import Stack
from local.verdicts import Listener
from tests.e2e.uploads import Put, Uploads, eventually

NAMES = ("plain.txt", "spaces and +%2B.txt", "../up: \n.txt", "täglich/ein.txt")


def _rescan(stack: Stack, bucket: str, prefix: str) -> str:
    """Run the state machine to its end and return how it ended."""
    states = stack.client("stepfunctions")
    run = states.start_execution(
        stateMachineArn=stack.output("RescanStateMachineArn"),
        input=json.dumps({"bucket": bucket, "prefix": prefix}),
    )["executionArn"]
    assert eventually(lambda: states.describe_execution(executionArn=run)["status"] != "RUNNING")
    return str(states.describe_execution(executionArn=run)["status"])


def _verdicts(listener: Listener, put: Put) -> int:
    listener.listen()
    return Counter(verdict.key for verdict in listener.heard)[put.key]


def test_rescan_gives_each_object_below_the_prefix_another_verdict(
    stack: Stack, uploads: Uploads, listener: Listener
) -> None:
    """Every key arrives as it is; what is archived or below another prefix is left alone."""
    inside = [uploads.put(f"in/{name}", samples.text()) for name in NAMES]
    archived = uploads.put("in/archived", samples.text(), StorageClass="DEEP_ARCHIVE")
    outside = uploads.put("out/plain.txt", samples.text())
    for put in (*inside, archived, outside):
        uploads.verdict(listener, put)

    assert _rescan(stack, uploads.bucket, f"{uploads.prefix}in/") == "SUCCEEDED"

    assert eventually(lambda: all(_verdicts(listener, put) == 2 for put in inside))
    assert eventually(uploads.queue_is_empty)
    assert (_verdicts(listener, archived), _verdicts(listener, outside)) == (1, 1)
