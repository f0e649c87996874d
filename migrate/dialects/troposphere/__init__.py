"""Troposphere: Python that makes CloudFormation templates."""

from __future__ import annotations
