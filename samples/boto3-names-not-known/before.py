import boto3
from deployment.settings import *

ROOT = "/mnt/efs"
OTHER = "/mnt/efs"
TLS = "DISABLED"
ecs = boto3.client("ecs")


def move(path):
    global OTHER
    OTHER = path


def shadowed(ROOT):
    ecs.register_task_definition(
        family="shadowed", containerDefinitions=[], volumes=[{"name": "a", "host": {"sourcePath": f"{ROOT}/a"}}]
    )


def rebound():
    ecs.register_task_definition(
        family="rebound", containerDefinitions=[], volumes=[{"name": "a", "host": {"sourcePath": OTHER + "/a"}}]
    )


def branched(production):
    system = "fs-0123456789abcdef0"
    if production:
        system = "fs-0123456789abcdef1"
    ecs.register_task_definition(
        family="branched",
        containerDefinitions=[],
        volumes=[{"name": "a", "efsVolumeConfiguration": {"fileSystemId": system, "transitEncryption": TLS}}],
    )


def role_perhaps(role):
    definition = {
        "family": "perhaps",
        "containerDefinitions": [],
        "volumes": [
            {
                "name": "a",
                "efsVolumeConfiguration": {
                    "fileSystemId": "fs-0123456789abcdef0",
                    "transitEncryption": "ENABLED",
                },
            }
        ],
    }
    if role:
        definition["taskRoleArn"] = role
    ecs.register_task_definition(**definition)
