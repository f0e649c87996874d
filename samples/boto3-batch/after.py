import boto3


def create_job_definition(app, image, role_arn, file_system_id):
    volumes = [
        {
            'name': f'{app}-data',
            'efsVolumeConfiguration': {
                'fileSystemId': file_system_id,
                'rootDirectory': "/",  # everything
                'transitEncryption': "ENABLED",
                'authorizationConfig': {
                    'iam': "ENABLED",
                },
                # 'transitEncryption': 'ENABLED'|'DISABLED',
            }
        },
    ]

    container_properties = {
        "image": image,
        "user": "1000",
        "volumes": volumes,
        "mountPoints": [{'sourceVolume': f'{app}-data', 'containerPath': '/data'}],
        "jobRoleArn": role_arn,
    }

    return boto3.client('batch').register_job_definition(
        jobDefinitionName=f'{app}-job',
        type='container',
        containerProperties=container_properties,
    )


def create_scratch_job(image):
    return boto3.client('batch').register_job_definition(jobDefinitionName='scratch',
                                                         type='container',
                                                         containerProperties={
                                                             'image': image,
                                                             'jobRoleArn': 'arn:aws:iam::123456789012:role/scratch',
                                                             'volumes': [
                                                                 {
                                                                     'name': 'scratch',
                                                                     'efsVolumeConfiguration': {
                                                                         'fileSystemId': 'fs-0123456789abcdef0',
                                                                         'rootDirectory': '/scratch',
                                                                         'transitEncryption': 'ENABLED',
                                                                         'authorizationConfig': {'iam': 'ENABLED'},
                                                                     }
                                                                 },
                                                                 {'name': 'tmp', 'host': {'sourcePath': '/tmp'}}
                                                             ],
                                                         })
