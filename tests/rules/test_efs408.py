"""EFS408 anonymous-access: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import POINT, ROLES, SYSTEM, Snippet, efs, stack

SNIPPETS = [
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
]

test_efs408 = one_by_one("EFS408", SNIPPETS)
