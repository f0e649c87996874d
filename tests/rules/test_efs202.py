"""EFS202 access-point: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import SYSTEM, TLS, Snippet, efs, plain, stack

SNIPPETS = [
    Snippet(
        "access-point-on-what-the-configuration-refuses",
        plain("efsVolumeConfiguration: {fileSystemId: fs-abc123, transitEncryption: ENABLED}"),
    ),
    Snippet(
        "access-point-on-a-name-in-capitals",
        plain("efsVolumeConfiguration: {fileSystemId: fs-YOUR_EFS_ID, transitEncryption: ENABLED}"),
    ),
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
]

test_efs202 = one_by_one("EFS202", SNIPPETS)
