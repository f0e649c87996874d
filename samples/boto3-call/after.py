"""Register the task definition of the invoicing service."""

import boto3

ecs = boto3.client("ecs", region_name="eu-west-1")

response = ecs.register_task_definition(
    family="invoicing",
    networkMode="bridge",
    taskRoleArn="arn:aws:iam::123456789012:role/invoicing",
    containerDefinitions=[
        {
            "name": "web",
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/invoicing:42",
            "memory": 512,
            "user": "1000",
            "mountPoints": [{"sourceVolume": "invoices", "containerPath": "/var/invoices"}],
        }
    ],
    volumes=[
        {
            "name": "invoices",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-0123456789abcdef0",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {
                    "accessPointId": "fsap-0123456789abcdef0",
                    "iam": "ENABLED",
                },
            },
        },  # shared with the archive
        {"name": "docker", "host": {"sourcePath": "/var/run/docker.sock"}},
    ],
)
print(response["taskDefinition"]["taskDefinitionArn"])
