from django.conf import settings


class Runner:
    VOLUME = 'operations'

    def register(self, client, name, image):
        return client.register_task_definition(
            family=name,
            taskRoleArn=settings.AWS_ECS_TASK_ROLE,
            executionRoleArn=settings.AWS_ECS_EXECUTION_ROLE,
            networkMode='awsvpc',
            containerDefinitions=[{
                'name': name,
                'image': image,
                'user': '1000',
                'mountPoints': [{'sourceVolume': self.VOLUME, 'containerPath': '/data', 'readOnly': True}],
            }],
            volumes=[
                {
                    'name': self.VOLUME,
                    'efsVolumeConfiguration': {
                        'fileSystemId': settings.AWS_EFS_ID,
                        'rootDirectory': f'/{name}/data',
                    }
                }
            ],
            requiresCompatibilities=['FARGATE'],
            cpu='1024', # required for Fargate
            memory='3072',# required for Fargate
        )
