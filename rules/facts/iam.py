"""IAM as EFS clients meet it: actions, statements and conditions."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """A least-privilege IAM statement for a role that the source does not hold. All members as they are written.

    Sources: EFS user guide, "Using IAM to control file system data access" (actions, resource type, condition keys that
    NFS clients are checked against). The resource of every action is the file system, never the access point.
    """

    role: str
    arn_prefix: str
    """`arn:PARTITION:elasticfilesystem:REGION:ACCOUNT`"""
    file_system: str
    access_points: tuple[str, ...]
    """Empty: the whole file system."""
    actions: tuple[str, ...]

    def statement(self) -> dict[str, object]:
        """The statement as it stands in a policy document."""
        arns = [f"{self.arn_prefix}:access-point/{point}" for point in self.access_points]
        condition: dict[str, object] = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
        if arns:
            scope = arns if len(arns) > 1 else arns[0]
            condition = {"StringEquals": {"elasticfilesystem:AccessPointArn": scope}}
        return {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": f"{self.arn_prefix}:file-system/{self.file_system}",
            "Condition": condition,
        }

    def demand(self) -> str:
        """What has to be done with the statement, which follows."""
        scope = f"access point {', '.join(self.access_points)}" if self.access_points else "the whole file system"
        return f"attach to role {self.role} this statement, which covers {scope}"

    def sentence(self) -> str:
        return f"Before you deploy, {self.demand()}: {json.dumps(self.statement(), ensure_ascii=False)}"
