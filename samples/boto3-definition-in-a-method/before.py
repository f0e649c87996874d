import boto3
from botocore.exceptions import ClientError


class TaskManager:
    CLUSTER = 'search'

    def __init__(self, env, file_system_id):
        self.env = env
        self.file_system_id = file_system_id
        self.client = boto3.session.Session().client('ecs')

    def deploy(self):
        task_definition = {
            'family': f'{self.env}-search',
            'networkMode': 'awsvpc',
            'requiresCompatibilities': ['FARGATE'],
            'cpu': '512',
            'memory': '1024',
            'taskRoleArn': f'arn:aws:iam::123456789012:role/{self.env}-search',
            'containerDefinitions': [
                {
                    'name': 'search',
                    'image': 'opensearchproject/opensearch:2',
                    'user': '1000',
                    'mountPoints': [
                        {
                            'sourceVolume': 'index',
                            'containerPath': '/usr/share/opensearch/data'
                        }
                    ]
                }
            ],
            'volumes': [
                {
                    'name': 'index',
                    'efsVolumeConfiguration': {
                        'fileSystemId': self.file_system_id,
                        'rootDirectory': f'/{self.env}/index'
                    }
                }
            ]
        }
        task_definition['tags'] = [{'key': 'cluster', 'value': self.CLUSTER}]
        try:
            registered = self.client.register_task_definition(**task_definition)
        except ClientError as error:
            raise SystemExit(error)
        self.client.update_service(
            cluster=self.CLUSTER,
            service='search',
            taskDefinition=registered['taskDefinition']['taskDefinitionArn'],
            platformVersion='1.3.0'
        )
