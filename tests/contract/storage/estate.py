"""The estate's templates as they are deployed with given parameters, and the names they give."""

from __future__ import annotations

from tests.contract.cloudformation import REPLICA, STORAGE, Stack, load

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SCANNER = f"arn:aws:iam::{ACCOUNT}:role/tidegate-ScanObjectRole-1"
QUARANTINE = f"arn:aws:iam::{ACCOUNT}:role/tidegate-QuarantineObjectRole-1"
STRANGER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/Stranger"
CLEARED = f"arn:aws:iam::{ACCOUNT}:role/Cleared"

DATA_BUCKET = "tidegate-data-0123456789ab"
DATA = f"arn:aws:s3:::{DATA_BUCKET}"
LOGS = "arn:aws:s3:::datalogbucket"
REPLICA_BUCKET = "tidegate-replica-0123456789ab"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:alerts"
REPLICA_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/2"

# What S3 adds to each call of somebody.
CALL = {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false", "s3:TlsVersion": "1.3"}

REPLICATING = {
    "ReplicaBucketArn": f"arn:aws:s3:::{REPLICA_BUCKET}",
    "ReplicaKmsKeyArn": REPLICA_KEY,
}
SHARING = {
    "SharedWithArns": f"arn:aws:iam::{OTHER_ACCOUNT}:role/Partner",
    "SharedExternalId": "0f8fad5b-d9cb-469f-a165-70867728950e",
}
CLEAN = {
    "DataReadsNeedCleanVerdict": "true",
    "ScannerRoleArn": SCANNER,
    "QuarantineRoleArn": QUARANTINE,
}
TENANTS = {
    "Tenant1": f"harbour=arn:aws:iam::{ACCOUNT}:role/Harbour",
    "Tenant3": f"dockyard=arn:aws:iam::{OTHER_ACCOUNT}:role/Dockyard",
}
NETWORK = {
    "AllowedVpcEndpointIds": "vpce-0123456789abcdef0",
    "AllowedVpcIds": "vpc-0123456789abcdef0",
    "AllowedIpRanges": "203.0.113.0/24,198.51.100.0/28",
}
SYNCING = {"DataSyncSourceBucketArn": "arn:aws:s3:::old-bucket"}
ON = {
    **REPLICATING,
    **SHARING,
    **CLEAN,
    **TENANTS,
    **NETWORK,
    **SYNCING,
    "DataSyncSourceKmsKeyArn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/3",
    "DataSyncSchedule": "rate(1 day)",
    "DataSyncDeletedFiles": "REMOVE",
    "DataBucketCustomName": "",
    "DataObjectLockDays": "30",
    "DataTransferAcceleration": "true",
    "OrganizationId": "o-abcdefghij",
    "NetworkExemptRoleArns": f"arn:aws:iam::{ACCOUNT}:role/Outside",
    "Classification": "REQUIRE",
    "ClearedRoleArns": CLEARED,
    "SharedAccess": "READ_WRITE",
    "TenantVpcId": "vpc-0123456789abcdef0",
    "ArchiveTiering": "DEEP",
    "DataIntelligentTiering": "ARCHIVE",
    "DataLogsRetentionDays": "90",
    "ReplicaAccountId": OTHER_ACCOUNT,
    "ReplicationTimeControl": "true",
    "DataInventory": "Daily",
    "DataStorageLens": "ADVANCED",
    "DataRequestMetrics": "true",
    "MaxDataObjects": "1000000",
    "MaxDataGib": "1024",
    "RouteDataEvents": "true",
    "AlertsTopicArn": TOPIC,
    "UnsupportedAction": "ALLOW",
    "FailedAction": "ALLOW",
}
OFF = {
    "EncryptDataWithKms": "false",
    "ArchiveTiering": "OFF",
    "DataNoncurrentDays": "0",
}


def estate(**parameters: str) -> Stack:
    """Return stacks/storage.yaml with these parameters, the others at their defaults."""
    return Stack(load(STORAGE), parameters)


def replica(**parameters: str) -> Stack:
    """Return stacks/replica.yaml with these parameters, the others at their defaults."""
    return Stack(load(REPLICA), parameters)
