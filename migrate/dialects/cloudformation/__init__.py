"""CloudFormation and SAM templates in JSON and YAML."""

from __future__ import annotations
