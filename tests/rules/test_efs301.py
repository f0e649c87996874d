"""EFS301 root-directory-with-access-point: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import TLS, Snippet, efs, stack

SNIPPETS = [
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
]

test_efs301 = one_by_one("EFS301", SNIPPETS)
