"""stacks/governance.yaml as template.yaml nests it, with given switches turned on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.contract.cloudformation import Stack, load

PATH = Path(__file__).parents[3] / "stacks" / "governance.yaml"
FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:tidegate-RemediateBucketFunction"
QUEUE = "arn:aws:sqs:eu-central-1:111122223333:RemediateBucketQueue"
DEAD_LETTERS = "arn:aws:sqs:eu-central-1:111122223333:RemediateBucketDeadLetterQueue"
TOPIC = "arn:aws:sns:eu-central-1:111122223333:AlertsTopic"

# Everything off. The template has no defaults of its own.
OFF = {
    "ConfigRules": "NONE",
    "ConfigRulesFrequency": "TwentyFour_Hours",
    "ConfigLogTargetBucket": "",
    "ConfigKmsKeyArns": "",
    "ConfigRequiredTagKeys": "",
    "ConfigPublicBuckets": "",
    "ConfigRecorder": "NONE",
    "ConfigServiceLinkedRole": "CREATE",
    "ForwardConfigItems": "false",
    "TrailDataEvents": "NONE",
    "TrailManagementEvents": "false",
    "TrailExcludesOwnBucket": "true",
    "TrailKmsKeyArn": "",
    "AuditLogRetentionDays": "400",
    "AccessAnalyzer": "false",
    "SuiteName": "tidegate",
    "RemediateBucketFunctionArn": FUNCTION,
    "RemediateBucketQueueArn": QUEUE,
    "RemediateBucketDeadLetterQueueArn": DEAD_LETTERS,
    "AlertsTopicArn": TOPIC,
    "AccessLogBucket": "",
}
# Every switch on.
ON = {
    "ConfigRules": "ALL",
    "ConfigRecorder": "ALL",
    "ForwardConfigItems": "true",
    "TrailDataEvents": "ALL",
    "TrailManagementEvents": "true",
    "AccessAnalyzer": "true",
}


def governance(**changes: str) -> Stack:
    """Return the stack with all switches off but for those given."""
    assert set(changes) <= set(OFF)
    return Stack(template=load(PATH), parameters={**OFF, **changes})


def existing(stack: Stack, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of a type that the stack would make."""
    return {
        name: stack.properties(name)
        for name in stack.of_type(kind)
        if stack.exists("Resources", name)
    }
