"""All resources of a template, by type, name and mention."""

from __future__ import annotations

import re

MOST_RESOURCES = 500
"""How many resources a template may have. Source: CloudFormation user guide, "Understand CloudFormation quotas"."""

MENTION = re.compile(r"(?<!::)\b[A-Za-z0-9]++(?![\"']?\s*+:)")
"""Whatever may be a resource's name: neither a key nor a part of a type, as `Service` is in `AWS::ECS::Service`."""
LOOP = "Fn::ForEach::"
"""How the keys of loops start (`AWS::LanguageExtensions`)."""
