"""Python that registers definitions through boto3, or hands on the same dictionaries."""

from __future__ import annotations
