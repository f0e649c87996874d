import os.path
from typing import Any

import boto3

EFS_ROOT = "/mnt/efs"
ROLE = "arn:aws:iam::123456789012:role/wiki"
COMMON: dict[str, Any] = {"taskRoleArn": ROLE, "networkMode": "bridge"}
UPLOADS = {
    "name": "uploads",
    "efsVolumeConfiguration": {
        "fileSystemId": "fs-0123456789abcdef0",
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
    },
}
CACHE = {"name": "cache", "host": {}}


def register(tag: str) -> None:
    container = dict(
        name="wiki",
        image=f"wiki:{tag}",
        user="1000",
        mountPoints=[
            dict(sourceVolume="uploads", containerPath="/uploads", readOnly=True),
            dict(sourceVolume="cache", containerPath="/cache"),
        ],
    )
    boto3.client("ecs").register_task_definition(
        family="wiki", containerDefinitions=[container], volumes=[UPLOADS, CACHE], **COMMON
    )
