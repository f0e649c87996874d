"""What only looks like a task definition.

>>> client.register_task_definition(volumes=[{"name": "x", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}])
"""

from unittest import mock

from kubernetes import client as kubernetes

import boto3

# ecs.register_task_definition(volumes=[{"name": "x", "host": {"sourcePath": "/mnt/efs/x"}}])
VOLUME = kubernetes.V1Volume(name="x", host_path=kubernetes.V1HostPathVolumeSource(path="/mnt/efs"))


def copy_volumes(source):
    """Nothing here is written out."""
    volumes = []
    for volume in source["volumes"]:
        if "efsVolumeConfiguration" in volume and volume.get("host", {}).get("sourcePath") is None:
            volumes.append(dict(volume))
    return boto3.client("ecs").register_task_definition(family=source["family"], volumes=volumes)


def check_answer(answer):
    assert answer["volumes"] == [{"name": "x", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}]
    with mock.patch("boto3.client") as patched:
        patched.return_value.describe_task_definition.return_value = {
            "taskDefinition": {
                "containerDefinitions": [],
                "volumes": [{"name": "x", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}],
            }
        }


def test_something(analyse):
    definition = {
        "containerDefinitions": [],
        "volumes": [{"name": "x", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}],
    }
    assert analyse(definition) == []


def register_scratch(client):
    client.register_task_definition(
        family="scratch",
        containerDefinitions=[],
        volumes=[{"name": "proc", "host": {"sourcePath": "/proc"}}, {"name": "tmp", "host": {}}],
    )
