"""Small definitions about which something particular is said, which is in `said.txt` by their names.

What nobody would take for an example of the tool's use, and so is no golden case of `samples/`: rare combinations, refusals.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent


@dataclass(frozen=True)
class Snippet:
    """A definition in a file of its own, and its configuration."""

    name: str
    text: str
    config: str = ""
    options: tuple[str, ...] = ()

    def copy(self, folder: Path) -> Path:
        """Put the definition and its configuration where a user would have them; return the definition's path."""
        if self.config:
            (folder / ".efs-migrate.yaml").write_text(dedent(self.config))
        path = folder / ("stack.py" if self.text.startswith(("import", "from")) else "stack.yaml")
        path.write_text(dedent(self.text).removeprefix("\n"))
        return path


MOUNTED = "[{sourceVolume: data, containerPath: /data}]"


APP = "        - {Name: app, Image: 'example/app:1', MountPoints: [{SourceVolume: data, ContainerPath: /data}]}\n"


def plain(volume: str, more: str = "", points: str = MOUNTED) -> str:
    """A definition of the API with one volume, `data`."""
    container = f"containerDefinitions: [{{name: app, image: 'example/app:1', mountPoints: {points}}}]"
    return f"family: app\n{container}\nvolumes: [{{name: data, {volume}}}]\n{more}"


def stack(volume: str, properties: str = "", resources: str = "", parameters: str = "", head: str = "") -> str:
    """A template with a task definition that has one volume, `data`; each argument is YAML in brackets or lines of its own."""
    parts = [
        head,
        f"Parameters: {{{parameters}}}" if parameters else "",
        "Resources:",
        indent(dedent(resources), "  "),
        "  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: app",
        indent(dedent(properties), "      "),
        "      ContainerDefinitions:",
        APP,
        f"      Volumes:\n        - {{Name: data, {volume}}}",
    ]
    return "".join(f"{line}\n" for part in parts for line in part.splitlines() if line.strip())


def efs(more: str = "", system: str = "fs-0123456789abcdef0") -> str:
    return f"EFSVolumeConfiguration: {{FilesystemId: {system}{more}}}"


def docker(options: str, more: str = "", driver: str = "local") -> str:
    return f"dockerVolumeConfiguration: {{scope: shared, driver: {driver}, driverOpts: {{{options}}}{more}}}"


SERVER = "fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com"
TLS = ", TransitEncryption: ENABLED"
PLAIN_TLS = ", transitEncryption: ENABLED"
POINT = f"{TLS}, AuthorizationConfig: {{AccessPointId: fsap-0123456789abcdef0}}"
MAPPED = """
    file-systems:
      - id: fs-0123456789abcdef0
        mounts: {/mnt/efs: /}
    """


def instance(name: str, *mounts: str) -> str:
    """A container instance whose user data mounts these."""
    lines = "".join(f"\n          mount -t efs {mount}" for mount in mounts)
    return f"""
{name}:
  Type: AWS::EC2::Instance
  Properties:
    ImageId: '{{{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}}}'
    UserData:
      Fn::Base64: |
          #!/bin/bash
          echo ECS_CLUSTER=default >> /etc/ecs/ecs.config{lines}
"""


MOUNTED_ANYWHERE = instance("One", "fs-0123456789abcdef0:/ /mnt/efs").replace(
    "'{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}'", "ami-0123456789abcdef0"
)
ROLES = """
    Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
    """
ALLOWED = """
    Role:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument: {Statement: []}
        Policies:
          - PolicyName: efs
            PolicyDocument:
              Statement:
                - {Effect: Allow, Action: 'elasticfilesystem:ClientRootAccess', Resource: !GetAtt System.Arn}
    """
OLD = "amazon-linux-2/recommended", "amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20190301-x86_64-ebs"
SERVICE = """
    Service:
      Type: AWS::ECS::Service
      Properties: {TaskDefinition: !Ref Task, LaunchType: FARGATE, PlatformVersion: !Ref Version}
    """
SYSTEM = """
    System:
      Type: AWS::EFS::FileSystem
      Properties:
        FileSystemPolicy:
          Statement:
            - {Effect: Allow, Principal: {AWS: '*'}, Action: [%s], Resource: '*'}
    """

SNIPPETS = [
    # EFS101
    Snippet("host-path-that-is-imported", stack("Host: {SourcePath: !ImportValue path}")),
    Snippet("host-path-on-a-path-that-may-be-a-file", plain("host: {sourcePath: /mnt/efs/app/app.conf}"), MAPPED),
    Snippet(
        "host-path-mounted-with-iam-and-options",
        stack(
            "Host: {SourcePath: /mnt/efs/app}",
            resources=instance("One", "-o tls,iam,noresvport,soft,timeo=9 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "host-path-mounted-read-only",
        stack("Host: {SourcePath: /mnt/efs}", resources=instance("One", "-o ro fs-0123456789abcdef0:/ /mnt/efs")),
    ),
    Snippet(
        "host-path-mounted-through-an-access-point",
        stack(
            "Host: {SourcePath: /mnt/efs}",
            resources=instance("One", "-o tls,accesspoint=fsap-0123456789abcdef0 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "host-path-below-an-access-point",
        stack(
            "Host: {SourcePath: /mnt/efs/app}",
            resources=instance("One", "-o tls,accesspoint=fsap-0123456789abcdef0 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "host-path-with-another-mount-below",
        stack(
            "Host: {SourcePath: /mnt/efs}",
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs", "fs-0fedcba9876543210:/ /mnt/efs/other"),
        ),
    ),
    Snippet(
        "host-path-above-a-mount",
        stack("Host: {SourcePath: /mnt}", resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs")),
    ),
    Snippet(
        "host-path-on-instances-that-differ",
        stack(
            "Host: {SourcePath: /mnt/efs/app}",
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs")
            + instance("Two", "fs-0123456789abcdef0:/ /mnt/efs")
            + instance("Three", "-o ro fs-0fedcba9876543210:/x /mnt/efs")
            + instance("Four", "-o tls,accesspoint=fsap-0123456789abcdef0 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "host-path-that-one-instance-mounts",
        stack(
            "Host: {SourcePath: /mnt/efs/app}",
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs") + instance("Two"),
        ),
    ),
    Snippet(
        "instances-that-mount-what-no-volume-uses",
        stack(
            efs(POINT),
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs", "fs-0123456789abcdef0:/app /mnt/app"),
        ),
    ),
    Snippet(
        "instances-that-mount-a-directory-above-that-of-a-volume",
        stack(
            efs(f"{TLS}, RootDirectory: /app/data"),
            resources=instance("One", "fs-0123456789abcdef0:/app /mnt/app", "fs-0123456789abcdef0:/other /mnt/other"),
        ),
        "access-points: never",
    ),
    Snippet("host-path-that-climbs", plain("host: {sourcePath: /mnt/efs/../app}"), MAPPED),
    Snippet("host-path-that-looks-like-efs", plain("host: {sourcePath: /srv/efs data/app}")),
    Snippet(
        "host-path-of-an-expression",
        stack("Host: {SourcePath: !Sub '${Root}/efs/app'}", parameters="Root: {Type: String}"),
    ),
    Snippet(
        "host-path-of-efs-itself", stack("Host: {SourcePath: !Sub '/mnt/${System}/app'}", resources=SYSTEM % "'*'")
    ),
    Snippet(
        "host-path-mounted-with-an-unsupported-option",
        stack(
            "Host: {SourcePath: /mnt/efs}",
            resources=instance("One", "-o tls,az=eu-west-1a,mounttargetip=10.0.0.1 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "instances-that-mount-what-an-imported-path-may-need",
        stack(efs(POINT), resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs"))
        + "        - {Name: old, Host: {SourcePath: !ImportValue path}}\n",
    ),
    # EFS102
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
    # EFS103
    Snippet("plugin-volume", plain(docker("x: y", driver="'rexray/efs:latest'"))),
    Snippet("plugin-volume-of-cloudstor", plain(docker("backing: shared", driver="'cloudstor:aws'"))),
    Snippet("plugin-volume-on-ebs", plain(docker("backing: relocatable", driver="'cloudstor:aws'"))),
    Snippet("plugin-volume-with-a-type-of-ebs", plain(docker("ebstype: gp2", driver="'cloudstor:aws'"))),
    Snippet("plugin-volume-without-backing", plain(docker("size: 1", driver="'cloudstor:aws'"))),
    Snippet("managed-instances", stack(efs(), "RequiresCompatibilities: [MANAGED_INSTANCES]")),
    # EFS201
    *(
        Snippet(
            f"transit-encryption-{name}",
            plain(f"efsVolumeConfiguration: {{fileSystemId: {system}, transitEncryption: {written}}}"),
            "target: tls",
        )
        for name, system, written in (
            ("of-another-word", "fs-0123456789abcdef0", "'on'"),
            ("in-small-letters", "fs-0123456789abcdef0", "enabled"),
            ("disabled", "fs-0123456789abcdef0", "DISABLED"),
            ("empty", "fs-0123456789abcdef0", "''"),
            ("by-an-expression", "fs-0123456789abcdef0", "'${TLS}'"),
            ("of-no-file-system", "''", "DISABLED"),
        )
    ),
    # EFS202
    Snippet(
        "access-point-of-odd-paths",
        plain(
            "efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, rootDirectory: '/a b,c', transitEncryption: ENABLED}"
        ),
    ),
    Snippet(
        "access-point-of-the-root",
        plain("efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, transitEncryption: ENABLED}"),
    ),
    Snippet(
        "access-point-with-a-user",
        plain(
            "efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, rootDirectory: /app, transitEncryption: ENABLED}"
        ),
        "posix-users: {/app: {uid: 1000, gid: 1001}}",
    ),
    Snippet(
        "access-point-of-an-expression",
        stack(
            efs(f"{TLS}, RootDirectory: !If [Live, !ImportValue live, /test]"),
            head="Conditions: {Live: !Equals [a, b]}",
        ),
    ),
    Snippet(
        "access-point-of-parameters",
        stack(
            efs(f"{TLS}, RootDirectory: !Sub '/${{Stage}}/${{AWS::StackName}}/${{Name}}'"),
            parameters="Stage: {Type: String, AllowedValues: [live, test]}, Name: {Type: String}",
        ),
    ),
    Snippet(
        "access-point-of-a-parameter-that-ends-in-a-slash",
        stack(efs(f"{TLS}, RootDirectory: !Sub '/a/${{Name}}'"), parameters="Name: {Type: String, Default: b/}"),
    ),
    Snippet("access-point-of-a-path-that-cannot-be-read", stack(efs(f"{TLS}, RootDirectory: !ImportValue directory"))),
    Snippet("access-point-on-what-is-no-file-system", stack(efs(TLS, "my-files"))),
    Snippet(
        "access-point-of-another-user",
        stack(
            efs(f"{TLS}, RootDirectory: /app", "!Ref System"),
            resources=SYSTEM % "'*'"
            + """
    Point:
      Type: AWS::EFS::AccessPoint
      Properties: {FileSystemId: !Ref System, RootDirectory: {Path: /app}, PosixUser: {Uid: '7', Gid: '8'}}
    """,
        ),
    ),
    *(
        Snippet(
            f"access-point-of-{name}",
            stack(
                efs(f"{TLS}, RootDirectory: {directory}", "!Ref System"),
                resources="System: {Type: AWS::EFS::FileSystem}",
            ),
        )
        for name, directory in (
            ("a-directory-like-a-constant", "/JENKINS_HOME"),
            ("a-directory-of-words", "/my-wiki/upLoads"),
        )
    ),
    Snippet(
        "access-point-tagged-like-others",
        stack(
            efs(f"{TLS}, RootDirectory: /app", "!Ref System"),
            resources="System: {Type: AWS::EFS::FileSystem}\n"
            + "".join(
                f"{name}:\n  Type: AWS::EFS::AccessPoint\n  Properties:\n    FileSystemId: !Ref System\n"
                f"    RootDirectory: {{Path: /{name}}}\n    AccessPointTags: [{{Key: team, Value: web}}]\n"
                for name in ("Wiki", "Blog")
            ),
        ),
    ),
    # EFS203
    Snippet("iam-of-a-task-without-a-role", stack(efs(POINT), "RequiresCompatibilities: [FARGATE]")),
    Snippet("iam-of-a-task-on-instances", stack(efs(POINT), "NetworkMode: host")),
    Snippet(
        "iam-by-an-expression",
        plain(
            "efsVolumeConfiguration: {fileSystemId: fs-1, transitEncryption: ENABLED, authorizationConfig: {iam: '${IAM}'}}"
        ),
    ),
    Snippet(
        "iam-by-a-parameter",
        stack(efs(f"{TLS}, AuthorizationConfig: {{IAM: !Ref Authorize}}"), parameters="Authorize: {Type: String}"),
    ),
    Snippet(
        "iam-without-a-role",
        plain(
            "efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, transitEncryption: ENABLED, authorizationConfig: {iam: ENABLED}}"
        ),
    ),
    Snippet(
        "iam-on-what-is-no-file-system",
        stack(efs(POINT, "my-files"), "TaskRoleArn: arn:aws:iam::123456789012:role/app"),
    ),
    Snippet(
        "iam-of-a-role-that-may-be-absent",
        stack(
            efs(POINT),
            "TaskRoleArn: !If [Live, 'arn:aws:iam::123456789012:role/app', !Ref AWS::NoValue]",
            head="Conditions: {Live: !Equals [a, b]}",
        ),
    ),
    Snippet(
        "iam-of-a-role-and-a-file-system-of-different-conditions",
        stack(
            efs(POINT.replace("fsap-0123456789abcdef0", "!Ref Point"), "!Ref System"),
            "TaskRoleArn: !GetAtt Role.Arn",
            """
            Role: {Type: AWS::IAM::Role, Condition: A, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
            System: {Type: AWS::EFS::FileSystem, Condition: B}
            Point: {Type: AWS::EFS::AccessPoint, Condition: B, Properties: {FileSystemId: !Ref System}}
            """,
            head="Conditions: {A: !Equals [a, b], B: !Equals [b, c]}",
        ),
    ),
    Snippet(
        "iam-of-a-role-and-a-file-system-of-different-conditions-without-an-access-point",
        stack(
            efs(TLS, "!Ref System"),
            "TaskRoleArn: !GetAtt Role.Arn",
            """
            Role: {Type: AWS::IAM::Role, Condition: A, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
            System: {Type: AWS::EFS::FileSystem, Condition: B}
            """,
            head="Conditions: {A: !Equals [a, b], B: !Equals [b, c]}",
        ),
        "access-points: never",
    ),
    Snippet(
        "volumes-without-a-task",
        "volumes: [{name: data, efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, transitEncryption: ENABLED}}]\n",
    ),
    # EFS407, EFS408
    Snippet(
        "root-where-a-policy-allows-it",
        stack(
            efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"),
            "TaskRoleArn: !GetAtt Role.Arn",
            ROLES + SYSTEM % "'elasticfilesystem:ClientRootAccess', 'elasticfilesystem:ClientMount'",
        ),
    ),
    Snippet(
        "root-where-a-policy-does-not-allow-it",
        stack(
            efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"),
            "TaskRoleArn: !GetAtt Role.Arn",
            ROLES + SYSTEM % "'elasticfilesystem:ClientMount'",
        ),
    ),
    Snippet(
        "root-of-two-containers-where-a-policy-does-not-allow-it",
        stack(
            efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"),
            "TaskRoleArn: !GetAtt Role.Arn",
            ROLES + SYSTEM % "'elasticfilesystem:ClientMount'",
        ).replace(APP, APP + APP.replace("Name: app", "Name: other")),
    ),
    Snippet(
        "root-of-a-role-that-is-elsewhere",
        stack(
            efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"),
            "TaskRoleArn: arn:aws:iam::123456789012:role/app",
            SYSTEM % "'elasticfilesystem:ClientMount'",
        ),
    ),
    *(
        Snippet(
            f"root-where-a-policy-allows-it-through-{name}",
            stack(
                efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"),
                "TaskRoleArn: !GetAtt Role.Arn",
                ROLES
                + (SYSTEM % "'elasticfilesystem:ClientRootAccess'").replace(
                    "Resource: '*'",
                    "Resource: '*', Condition: {StringEquals: {'elasticfilesystem:AccessPointArn': !Sub "
                    f"'arn:${{AWS::Partition}}:elasticfilesystem:${{AWS::Region}}:${{AWS::AccountId}}:access-point/{point}'}}}}",
                ),
            ),
        )
        for name, point in (
            ("an-access-point-that-is-elsewhere", "fsap-0123456789abcdef0"),
            ("another-access-point-that-is-elsewhere", "fsap-0fedcba9876543210"),
        )
    ),
    Snippet(
        "root-where-the-role-allows-it",
        stack(
            efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"),
            "TaskRoleArn: !GetAtt Role.Arn",
            ALLOWED + SYSTEM % "'elasticfilesystem:ClientMount'",
        ),
    ),
    Snippet(
        "root-where-a-policy-allows-it-to-the-role-by-its-name",
        stack(
            efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"),
            "TaskRoleArn: !Ref Role",
            ROLES
            + (SYSTEM % "'elasticfilesystem:ClientRootAccess'").replace("'*'}, Action", "!GetAtt Role.Arn}, Action"),
        ),
    ),
    Snippet(
        "root-where-a-policy-allows-it-through-the-access-point",
        stack(
            efs(POINT.replace("}", ", IAM: ENABLED}").replace("fsap-0123456789abcdef0", "!Ref Point"), "!Ref System"),
            "TaskRoleArn: !GetAtt Role.Arn",
            ROLES
            + (SYSTEM % "'elasticfilesystem:ClientRootAccess', 'elasticfilesystem:ClientMount'").replace(
                "Resource: '*'",
                "Resource: '*', Condition: {StringEquals: {'elasticfilesystem:AccessPointArn': !GetAtt Point.Arn}}",
            )
            + """
    Point:
      Type: AWS::EFS::AccessPoint
      Properties: {FileSystemId: !Ref System, RootDirectory: {Path: /app}}
    """,
        ),
    ),
    Snippet(
        "anonymous-beside-other-servers",
        stack(efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"), "TaskRoleArn: !GetAtt Role.Arn", ROLES)
        + "\n".join(
            f"    - {{Name: {name}, DockerVolumeConfiguration: {{Driver: {driver}, DriverOpts: {{{options}}}}}}}\n"
            for name, driver, options in (
                ("server", "local", "type: nfs, device: 'nas:/x', o: nolock"),
                ("address", "local", "type: nfs, device: ':/x', o: addr=10.0.0.1"),
                ("none", "local", "type: nfs, device: ':/x'"),
                ("plugin", "rexray/efs", "size: 1"),
            )
        ).replace("    - ", "        - ")
        + "  System: {Type: AWS::EFS::FileSystem}\n",
    ),
    Snippet(
        "anonymous-where-a-policy-asks-who-it-is",
        stack(
            efs("", "!Ref System"), "TaskRoleArn: !GetAtt Role.Arn", ROLES + SYSTEM % "'elasticfilesystem:ClientMount'"
        ),
    ),
    # EFS301
    *(
        Snippet(
            f"root-directory-and-an-access-point-{name}",
            stack(
                efs(
                    f"{TLS}, RootDirectory: {directory}, AuthorizationConfig: {{AccessPointId: {point}}}", "!Ref System"
                ),
                resources=f"""
                System: {{Type: AWS::EFS::FileSystem}}
                Point:
                  Type: AWS::EFS::AccessPoint
                  Properties: {{FileSystemId: !Ref System, RootDirectory: {{Path: {path}}}}}
                """,
                head="Conditions: {Live: !Equals [a, b]}",
            ),
        )
        for name, directory, point, path in (
            ("that-agree", "/app", "!Ref Point", "/app"),
            ("that-differ", "/app", "!Ref Point", "/other"),
            ("of-another-source", "/app", "fsap-0123456789abcdef0", "/app"),
            ("that-may-be-left-out", "/app", "!If [Live, !Ref Point, !Ref AWS::NoValue]", "/app"),
            ("by-an-expression", "!ImportValue directory", "!Ref Point", "/app"),
        )
    ),
    # EFS401, EFS402
    Snippet(
        "platform-version-by-a-parameter",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            SERVICE,
            "Version: {Type: String, Default: 1.3.0, AllowedValues: [1.0.0, 1.2.0, 1.3.0]}",
        ),
    ),
    Snippet(
        "platform-version-by-a-parameter-from-the-highest",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            SERVICE,
            "Version: {Type: String, Default: 1.3.0, AllowedValues: [LATEST, 1.3.0, 1.2.0]}",
        ),
    ),
    Snippet(
        "platform-version-by-a-parameter-with-the-right-one",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            SERVICE,
            "Version: {Type: String, Default: 1.3.0, AllowedValues: [1.3.0, 1.4.0]}",
        ),
    ),
    Snippet(
        "platform-version-by-a-parameter-with-old-ones-beside-the-right-one",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            SERVICE,
            "Version: {Type: String, Default: 1.4.0, AllowedValues: [1.2.0, 1.3.0, 1.4.0]}",
        ),
    ),
    Snippet(
        "platform-version-by-a-parameter-without-a-default",
        stack(efs(POINT), "RequiresCompatibilities: [FARGATE]", SERVICE, "Version: {Type: String}"),
    ),
    Snippet(
        "instances-of-an-old-image",
        stack(efs(POINT), resources=instance("One").replace(*OLD)),
    ),
    Snippet(
        "instances-of-an-old-agent",
        stack(
            efs(POINT),
            resources=instance("One").replace(
                "ECS_CLUSTER", "docker pull amazon/amazon-ecs-agent:v1.36.1; echo ECS_CLUSTER"
            ),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-beside-others",
        stack(
            efs(POINT),
            resources=instance("One") + instance("Two").replace(*OLD),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-beside-fargate",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            instance("One").replace(*OLD),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-by-a-parameter",
        stack(
            efs(POINT),
            resources=instance("One").replace(
                "'{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}'", "!Ref Image"
            ),
            parameters="Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: "
            "/aws/service/ecs/optimized-ami/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20190301-x86_64-ebs/image_id}",
        ),
    ),
    Snippet(
        "instances-of-an-unknown-image-with-volumes-of-different-levels",
        stack(efs(POINT), resources=MOUNTED_ANYWHERE) + "        - {Name: old, Host: {SourcePath: /mnt/efs/old}}\n",
    ),
    Snippet(
        "instances-of-an-unknown-image-with-tasks-of-different-levels",
        stack(efs(POINT), resources=MOUNTED_ANYWHERE.replace("ECS_CLUSTER=default", "ECS_CLUSTER=one"))
        + """
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: one}}
  Service: {Type: AWS::ECS::Service, Properties: {Cluster: one, TaskDefinition: !Ref Other, LaunchType: EC2}}
  Other:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: app, Image: example/app, MountPoints: [{SourceVolume: old, ContainerPath: /old}]}]
      Volumes: [{Name: old, Host: {SourcePath: /mnt/efs/old}}]
""",
    ),
    Snippet(
        "access-points-of-two-tasks",
        stack(efs(f"{TLS}, RootDirectory: /one", "!Ref System"), resources="System: {Type: AWS::EFS::FileSystem}")
        + """
  Other:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: app, Image: example/app, MountPoints: [{SourceVolume: data, ContainerPath: /data}]}]
      Volumes:
        - Name: data
          EFSVolumeConfiguration: {FilesystemId: !Ref System, RootDirectory: /One, TransitEncryption: ENABLED}
        - Name: more
          EFSVolumeConfiguration: {FilesystemId: !Ref System, RootDirectory: /b/one, TransitEncryption: ENABLED}
""",
    ),
    # EFS404
    Snippet(
        "network-that-resolves-no-names",
        stack(
            efs(POINT, "!Ref System"),
            "RequiresCompatibilities: [FARGATE]\nNetworkMode: awsvpc",
            """
            System: {Type: AWS::EFS::FileSystem}
            Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, EnableDnsHostnames: false}}
            Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: app, VpcId: !Ref Vpc}}
            Target: {Type: AWS::EFS::MountTarget, Properties: {FileSystemId: !Ref System, SubnetId: subnet-1, SecurityGroups: [sg-1]}}
            Service:
              Type: AWS::ECS::Service
              Properties:
                TaskDefinition: !Ref Task
                LaunchType: FARGATE
                NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1], SecurityGroups: [!Ref Group]}}
            """,
        ),
    ),
    # EFS403
    *(
        Snippet(
            f"unsupported-platform-of-{name}",
            plain(volume, "runtimePlatform: {operatingSystemFamily: WINDOWS_SERVER_2022_CORE}", "[]"),
            f"target: {target}",
        )
        for name, volume, target in (
            ("a-volume-at-the-target", f"efsVolumeConfiguration: {{fileSystemId: fs-1{PLAIN_TLS}}}", "tls"),
            ("a-volume-below-the-target", "efsVolumeConfiguration: {fileSystemId: fs-1}", "tls"),
            (
                "a-volume-with-tls-below-the-target",
                f"efsVolumeConfiguration: {{fileSystemId: fs-1{PLAIN_TLS}}}",
                "access-point",
            ),
            ("a-volume-that-is-not-efs", "host: {sourcePath: 'C:/data'}", "iam"),
        )
    ),
    *(
        Snippet(
            f"docker-volume-on-bottlerocket-with-{option}",
            stack(
                "DockerVolumeConfiguration: {Driver: amazon-ecs-volume-plugin, DriverOpts: "
                f"{{type: efs, device: 'fs-0123456789abcdef0:/', o: {option}}}}}",
                resources=instance("One").replace(
                    "ecs/optimized-ami/amazon-linux-2/recommended", "bottlerocket/aws-ecs-1/x86_64/latest"
                ),
            ),
            "target: tls",
        )
        for option in ("iam", "tls", "ro")
    ),
]
