import json
import os

import boto3

ecs = boto3.client("ecs")

definition = {
    "family": "ledger",
    "containerDefinitions": [],
    "volumes": [
        {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}},
        {"name": "logs", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}},
    ],
}
for volume in definition["volumes"]:
    volume["efsVolumeConfiguration"]["transitEncryption"] = os.environ["TLS"]
ecs.register_task_definition(**definition)

with_defaults = {
    "family": "journal",
    "containerDefinitions": [],
    "volumes": [{**defaults, "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}],
}
ecs.register_task_definition(**with_defaults)

as_text = json.loads("""{
    "family": "archive",
    "volumes": [{"name": "archive", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}]
}""")
ecs.register_task_definition(**as_text)
