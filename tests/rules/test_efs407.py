"""EFS407 root-squash: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import ALLOWED, APP, POINT, ROLES, SYSTEM, Snippet, efs, stack

SNIPPETS = [
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
    *(
        Snippet(
            f"root-behind-an-access-point-that-enforces-{name}",
            stack(
                efs(POINT.replace("}", ", IAM: ENABLED}").replace("fsap-0123456789abcdef0", "!Ref Point")),
                "TaskRoleArn: !GetAtt Role.Arn",
                f"""{ROLES}
    Point:
      Type: AWS::EFS::AccessPoint
      Properties:
        FileSystemId: fs-0123456789abcdef0
        PosixUser: {{{user}}}
        RootDirectory: {{Path: /app}}
    """,
                "Uid: {Type: String}",
            ),
        )
        for name, user in (
            ("a-user", "Uid: '1000', Gid: '1000'"),
            ("root", "Uid: '0', Gid: '0'"),
            ("the-group-of-root", "Uid: 1000, Gid: 0"),
            ("an-unknown-user", "Uid: !Ref Uid, Gid: '1000'"),
        )
    ),
    Snippet(
        "root-of-a-role-that-may-act-as-root",
        stack(
            efs(POINT.replace("}", ", IAM: ENABLED}")),
            "TaskRoleArn: !GetAtt Role.Arn",
            ALLOWED.replace("!GetAtt System.Arn", "'*'"),
        ),
    ),
]

test_efs407 = one_by_one("EFS407", SNIPPETS)
