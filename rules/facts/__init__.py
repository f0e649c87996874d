"""What is true of ECS, EFS and IAM, as constants and pure functions over the model."""

from __future__ import annotations
