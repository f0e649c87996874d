"""Registers the wiki's task definition."""

import boto3

FILE_SYSTEM = 'fs-0123456789abcdef0'
ROLE = 'arn:aws:iam::123456789012:role/wiki'


class Deployment:
    def __init__(self):
        self.file_system = FILE_SYSTEM
        self.ecs = boto3.client('ecs')

    def register(self):
        container = dict(
            name='wiki',
            image='wiki:1',
            memory=512,
            user='1000',
            mountPoints=[dict(sourceVolume='pages', containerPath='/var/wiki', readOnly=True)],
        )
        spec = dict(
            family='wiki',
            taskRoleArn=ROLE,
            containerDefinitions=[container],
            volumes=[
                dict(
                    name='pages',
                    efsVolumeConfiguration=dict(
                        fileSystemId=self.file_system,
                        rootDirectory='/app',
                    ),
                ),
            ],
        )
        return self.ecs.register_task_definition(**spec)


if __name__ == '__main__':
    Deployment().register()
