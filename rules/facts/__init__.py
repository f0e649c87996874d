"""Facts about ECS, EFS and IAM, as constants and pure functions over the model. They know no plan and no rule."""

from __future__ import annotations
