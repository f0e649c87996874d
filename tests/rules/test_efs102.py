"""EFS102 docker-nfs-volume: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import MAPPED, SERVER, Snippet, docker, plain, stack

SNIPPETS = [
    Snippet(
        "docker-volume-with-labels",
        plain(
            docker(f"type: nfs, device: ':/app', o: 'addr={SERVER},nfsvers=4.1,soft'", ", labels: {team: a, stage: b}")
        ),
    ),
    Snippet(
        "docker-volume-on-fargate",
        plain(
            docker(f"type: NFS4, device: '{SERVER}:/app', o: 'addr={SERVER},ro'"),
            "requiresCompatibilities: [EC2, FARGATE]",
        ),
    ),
    Snippet("docker-volume-that-never-worked", plain(docker(f"type: efs, device: '{SERVER}:/', o: 'tls'"))),
    Snippet(
        "docker-volume-with-iam",
        plain(docker("type: efs, device: 'fs-0123456789abcdef0:/', o: 'tls,iam'", driver="amazon-ecs-volume-plugin")),
    ),
    Snippet(
        "docker-volume-with-iam-and-a-role",
        plain(
            docker("type: efs, device: 'fs-0123456789abcdef0:/', o: 'tls,iam'", driver="amazon-ecs-volume-plugin"),
            "taskRoleArn: arn:aws:iam::123456789012:role/app",
        ),
    ),
    Snippet(
        "docker-volume-with-iam-in-a-template",
        stack(
            "DockerVolumeConfiguration: {Driver: amazon-ecs-volume-plugin, DriverOpts: {type: efs, device: 'fs-0123456789abcdef0:/', o: 'tls,iam'}}",
        ),
    ),
    Snippet(
        "docker-volume-of-a-plugin-at-an-access-point",
        plain(
            docker(
                "type: efs, device: 'fs-0123456789abcdef0:/app', o: 'tls,accesspoint=fsap-0123456789abcdef0'",
                driver="amazon-ecs-volume-plugin",
            )
        ),
    ),
    Snippet(
        "docker-volume-with-an-unsupported-option",
        plain(docker(f"type: nfs, device: ':/', o: 'addr={SERVER},az=eu-west-1a,mounttargetip=10.0.0.1'")),
    ),
    Snippet("docker-volume-by-a-path-that-climbs", plain(docker(f"type: nfs, device: ':/a/../b', o: 'addr={SERVER}'"))),
    Snippet("docker-volume-of-no-server", plain(docker("type: nfs, device: ':/app'"))),
    Snippet(
        "docker-volume-that-the-configuration-contradicts",
        plain(docker(f"type: nfs, device: ':/app', o: 'addr={SERVER}'")),
        "docker-volumes: {data: {file-system: fs-0123456789abcdef0, directory: /other}}",
    ),
    Snippet(
        "docker-volume-read-only-and-mounted-nowhere",
        plain(docker(f"type: nfs, device: ':/', o: 'addr={SERVER},ro'"), points="!x y"),
    ),
    *(
        Snippet(
            f"docker-volume-that-binds-{name}",
            plain(docker(f"type: none, device: /mnt/efs/app, o: '{options}'")),
            MAPPED,
        )
        for name, options in (("a-path", "bind"), ("a-path-and-what-is-below", "rbind"), ("nothing", "ro"))
    ),
    Snippet(
        "docker-volume-of-a-plugin-with-tls",
        plain(docker("type: efs, device: 'fs-0123456789abcdef0:/', o: 'tls'", driver="amazon-ecs-volume-plugin")),
    ),
    Snippet(
        "docker-volume-of-a-type-by-a-parameter",
        stack(
            f"DockerVolumeConfiguration: {{Driver: local, DriverOpts: {{type: !Ref Kind, device: ':/app', o: 'addr={SERVER}'}}}}",
            parameters="Kind: {Type: String}",
        ),
    ),
]

test_efs102 = one_by_one("EFS102", SNIPPETS)
