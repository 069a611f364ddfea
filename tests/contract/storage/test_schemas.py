"""Each resource, as it is deployed, is what CloudFormation's resource schemas ask for.

`make check` lints the templates as they are written, where what stands behind !If and !Ref is not
seen whole. Here each template is resolved for a set of parameters first. The schemas are those that
come with cfn-lint; nothing is fetched.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tests.contract.cloudformation import Stack, load
from tests.contract.storage.estate import (
    NETWORK,
    OFF,
    ON,
    OTHER_ACCOUNT,
    TOPIC,
    estate,
    replica,
)

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"
STACKS = {
    "template.yaml, defaults": Stack(),
    "template.yaml, existing buckets": Stack(
        parameters={"ProtectedBuckets": "one,two", "KmsKeyArn": KEY, "AccessLogBucket": "logs"}
    ),
    "template.yaml, data bucket": Stack(
        parameters={
            **{name: value for name, value in ON.items() if name in load()["Parameters"]},
            "MakeDataBucket": "true",
        }
    ),
    "storage.yaml, defaults": estate(),
    "storage.yaml, everything on": estate(**ON),
    "storage.yaml, everything off": estate(**OFF),
    "storage.yaml, S3's own keys": estate(**{**ON, "EncryptDataWithKms": "false"}),
    "storage.yaml, replication by tag": estate(
        ReplicaBucketArn="arn:aws:s3:::replica", ReplicationTag="replicate=yes"
    ),
    "storage.yaml, an endpoint alone": estate(
        AllowedVpcEndpointIds=NETWORK["AllowedVpcEndpointIds"]
    ),
    "storage.yaml, addresses alone": estate(AllowedIpRanges=NETWORK["AllowedIpRanges"]),
    "storage.yaml, free lens": estate(DataStorageLens="FREE", DataIntelligentTiering="AUTOMATIC"),
    "replica.yaml, defaults": replica(),
    "replica.yaml, everything on": replica(
        ReplicaObjectLock="true",
        ReplicaReadsNeedCleanVerdict="true",
        AccessLogBucket="logs",
        SourceAccountId=OTHER_ACCOUNT,
        SourceReplicationRoleArn=f"arn:aws:iam::{OTHER_ACCOUNT}:role/Replication",
        SourceBucketName="tidegate-data-1",
        AlertsTopicArn=TOPIC,
    ),
    "replica.yaml, everything off": replica(
        EncryptReplicaWithKms="false", ReplicaNoncurrentDays="0"
    ),
}


# What AWS answers to !Ref and !GetAtt …Arn, where a schema looks at its form.
_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
_REFERENCES = {
    "AWS::KMS::Key": _ID,
    "AWS::SNS::Topic": "arn:aws:sns:eu-central-1:111122223333:topic",
    "AWS::DataSync::LocationS3": (
        "arn:aws:datasync:eu-central-1:111122223333:location/loc-0123456789abcdef0"
    ),
}
_ARNS = {
    "AWS::KMS::Key": f"arn:aws:kms:eu-central-1:111122223333:key/{_ID}",
    "AWS::Logs::LogGroup": "arn:aws:logs:eu-central-1:111122223333:log-group:group:*",
}


def resolved(stack: Stack) -> dict[str, Any]:
    """Return the resources that are made, with plain values; SAM's own types have no schema."""
    resources = stack.template["Resources"]
    references = {
        name: _REFERENCES[resource["Type"]]
        for name, resource in resources.items()
        if resource["Type"] in _REFERENCES
    }
    arns = {
        stack.resolve({"Fn::GetAtt": [name, "Arn"]}): _ARNS[resource["Type"]]
        for name, resource in resources.items()
        if resource["Type"] in _ARNS
    }
    return {
        name: {
            "Type": resource["Type"],
            "Properties": _lifelike(stack.properties(name), {**references, **arns}),
        }
        for name, resource in resources.items()
        if stack.exists("Resources", name) and not resource["Type"].startswith("AWS::Serverless::")
    }


def _lifelike(node: Any, values: dict[str, str]) -> Any:
    """Return the node with the resolver's stand-ins replaced by values of AWS's form."""
    if isinstance(node, dict):
        return {key: _lifelike(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_lifelike(item, values) for item in node]
    return values.get(node, node) if isinstance(node, str) else node


def errors(resources: dict[str, Any]) -> list[str]:
    """Return what cfn-lint finds wrong with these resources."""
    text = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    found = lint(text, config=ManualArgs(regions=["eu-central-1"]))
    return [f"{match.rule.id} {match.message}" for match in found if match.rule.id[0] == "E"]


@pytest.mark.parametrize("name", STACKS)
def test_resources_meet_their_schemas(name: str) -> None:
    """Every property is known, of the right type, and allowed beside the others."""
    resources = resolved(STACKS[name])

    assert len(resources) >= 2
    assert errors(resources) == []


@pytest.mark.parametrize(
    ("property_", "value"),
    [
        ("AccelerateConfiguration", {"AccelerationStatus": "On"}),
        ("ObjectLockConfiguration", {"ObjectLockEnabled": True, "Rule": {"Retention": {}}}),
        ("Encryption", {}),
    ],
)
def test_what_no_schema_allows_is_found(property_: str, value: Any) -> None:
    """The check itself sees wrong values, wrong names below a property, and unknown properties."""
    assert errors({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {property_: value}}})
