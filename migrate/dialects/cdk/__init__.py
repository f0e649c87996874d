"""Python programs of the AWS CDK, v1 and v2."""

from __future__ import annotations
