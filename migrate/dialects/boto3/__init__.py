"""Python programs that register definitions through boto3, or pass the same dicts on."""

from __future__ import annotations
