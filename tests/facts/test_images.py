"""Images of container instances: which of them support EFS volumes, and what to use instead."""

from __future__ import annotations

import pytest
from instance_templates import PATH

from rules.facts.images import Support, recommended, support_of

NAMES = [
    (f"{PATH}/amazon-linux-2/recommended/image_id", Support.GENERAL),
    (f"{PATH}/amazon-linux-2/recommended", Support.GENERAL),
    (f"{PATH}/amazon-linux-2/kernel-5.10/arm64/recommended/image_id", Support.GENERAL),
    (f"{PATH}/amazon-linux-2023/recommended/image_id", Support.GENERAL),
    (f"{PATH}/amazon-linux-2/recommended/image_id:27", Support.UNKNOWN),
    (f"{PATH}/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20191114-x86_64-ebs/image_id", Support.NONE),
    (f"{PATH}/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20191212-x86_64-ebs/image_id", Support.PREVIEW),
    (f"{PATH}/amazon-linux-2/gpu/amzn2-ami-ecs-gpu-hvm-2.0.20200218-x86_64-ebs", Support.PREVIEW),
    (f"{PATH}/amazon-linux-2/arm64/amzn2-ami-ecs-hvm-2.0.20200319-arm64-ebs", Support.GENERAL),
    (f"{PATH}/amazon-linux/amzn-ami-2018.03.20200205-amazon-ecs-optimized/image_id", Support.PREVIEW),
    ("amzn-ami-2017.09.l-amazon-ecs-optimized", Support.NONE),
    ("amzn2-ami-ecs-kernel-5.10-hvm-2.0.20221115-x86_64-ebs", Support.GENERAL),
    ("al2023-ami-ecs-hvm-2023.0.20240109-kernel-6.1-x86_64", Support.GENERAL),
    ("/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2", Support.UNKNOWN),
    ("/golden/image", Support.UNKNOWN),
    (None, Support.UNKNOWN),
]


@pytest.mark.parametrize(("name", "support"), NAMES)
def test_support_of_images(name: str | None, support: Support) -> None:
    assert support_of(name) is support


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NAMES[5][0], f"{PATH}/amazon-linux-2/recommended/image_id"),
        (NAMES[7][0], f"{PATH}/amazon-linux-2/gpu/recommended"),
        (NAMES[9][0], f"{PATH}/amazon-linux/recommended/image_id"),
        (NAMES[10][0], None),
        (NAMES[0][0], None),
    ],
)
def test_recommended(name: str, expected: str | None) -> None:
    assert recommended(name) == expected
