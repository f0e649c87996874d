"""EFS203 iam-authorization: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import POINT, TLS, Snippet, efs, plain, stack

SNIPPETS = [
    Snippet("iam-of-a-task-without-a-role", stack(efs(POINT), "RequiresCompatibilities: [FARGATE]")),
    Snippet("iam-of-a-task-on-instances", stack(efs(POINT), "NetworkMode: host")),
    Snippet(
        "iam-by-an-expression",
        plain(
            "efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, transitEncryption: ENABLED, authorizationConfig: {iam: '${IAM}'}}"
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
            head="Parameters: {P: {Type: String}}\nConditions: {A: !Equals [!Ref P, a], B: !Equals [!Ref P, b]}",
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
            head="Parameters: {P: {Type: String}}\nConditions: {A: !Equals [!Ref P, a], B: !Equals [!Ref P, b]}",
        ),
        "access-points: never",
    ),
    Snippet(
        "volumes-without-a-task",
        "volumes: [{name: data, efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, transitEncryption: ENABLED}}]\n",
    ),
]

test_efs203 = one_by_one("EFS203", SNIPPETS)
