"""The rules, and the knowledge of ECS and EFS behind them, as pure functions without files or syntax.

`RULES` is the only place where a rule is registered. A plan asks the rules in its order: first those that make a volume
readable, then those that look at its legacy form, then the steps from the lowest level up, then advice on the result.
"""

# Of ecs-efs-migrate: `migrate.launcher` looks for this name here, because other distributions have a package `rules`, too.

from __future__ import annotations

import copyreg
from collections.abc import Callable

from rules import (
    efs101_host_path_volume,
    efs102_docker_nfs_volume,
    efs103_docker_plugin_volume,
    efs201_transit_encryption,
    efs202_access_point,
    efs203_iam_authorization,
    efs204_missing_grant,
    efs301_root_directory_with_access_point,
    efs302_misspelt_property,
    efs303_fixed_transit_encryption_port,
    efs304_hidden_definition,
    efs401_fargate_platform_version,
    efs402_container_agent,
    efs403_unsupported_platform,
    efs404_network_path,
    efs405_leftover_host_mount,
    efs406_whole_file_system,
    efs407_root_squash,
    efs408_anonymous_access,
    efs409_lost_mount_options,
)
from rules.rule import Rule

RULES: tuple[Rule, ...] = (
    efs302_misspelt_property.RULE,
    efs403_unsupported_platform.RULE,
    efs409_lost_mount_options.RULE,
    efs101_host_path_volume.RULE,
    efs102_docker_nfs_volume.RULE,
    efs103_docker_plugin_volume.RULE,
    efs301_root_directory_with_access_point.RULE,
    efs201_transit_encryption.RULE,
    efs202_access_point.RULE,
    efs203_iam_authorization.RULE,
    efs204_missing_grant.RULE,
    efs401_fargate_platform_version.RULE,
    efs402_container_agent.RULE,
    efs303_fixed_transit_encryption_port.RULE,
    efs304_hidden_definition.RULE,
    efs404_network_path.RULE,
    efs405_leftover_host_mount.RULE,
    efs406_whole_file_system.RULE,
    efs407_root_squash.RULE,
    efs408_anonymous_access.RULE,
)


def _rule(id: str) -> Rule:
    return next(rule for rule in RULES if rule.id == id)


def _reduced(rule: Rule) -> tuple[Callable[[str], Rule], tuple[str]]:
    """The pickled form of a rule: its id."""
    return _rule, (rule.id,)


# Worker processes send rules along with the results of thousands of files. Pickled as ids, they leave their pages out.
copyreg.pickle(Rule, _reduced)
