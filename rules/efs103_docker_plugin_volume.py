"""A Docker volume whose plugin selects EFS by the volume's name

`rexray/efs` and Docker for AWS's `cloudstor:aws` keep the file system in the plugin's own settings: the task definition
names a volume, and nothing in it says which file system or directory that is. Tell the tool in the configuration
(`docker-volumes`) and the volume is migrated; until then it is left alone.

**Caveat.** rexray stores a volume's files in the directory `/data` of the file system, not in its root: check with `df`
and `ls` on an instance. The plugin's driver also steers placement (`ecs.capability.docker-plugin.…`); without it the
task may start on instances that it avoided before.

Source: REX-Ray EFS driver documentation; Docker for AWS, "Persistent data volumes".
"""

from __future__ import annotations

from rules.context import Context
from rules.facts.mounts import encrypts, split_options
from rules.facts.paths import text
from rules.facts.questions import StorageOf
from rules.facts.values import shown, shown_path, yaml_word
from rules.model import ENABLED, DockerVolume, EfsVolume, Level, SetStorage, Task, Volume
from rules.rule import Example, Finding, Rule, Status
from rules.shared.network_needs import over_the_network
from rules.shared.placement import is_plugin_volume, unknown_properties

_ID = "EFS103"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    if not isinstance(volume.storage, DockerVolume) or not is_plugin_volume(volume.storage):
        return None
    driver = shown(volume.storage.driver)
    configured = context.choices.docker_volumes.get(volume.name)
    if configured is None:
        is_rexray = driver.startswith("rexray")
        hint = "; rexray keeps a volume's files in the directory /data" if is_rexray else ""
        return Finding(
            _ID,
            volume.key,
            Status.NEEDS_INPUT,
            message=f"driver {driver} chooses the file system by the volume's name: configure "
            f"`docker-volumes: {{{yaml_word(volume.name)}: {{file-system: fs-…, directory: /…}}}}`{hint}",
            question=StorageOf(volume.name, "/data" if is_rexray else "/"),
        )
    if names := volume.storage.unknown:
        message = f"the Docker volume cannot be replaced: {unknown_properties(names)}"
        return Finding(_ID, volume.key, Status.REFUSED, message=message)
    # No plugin is known to take the mount helper's options, but what such an option asks for must not get lost.
    options = [*split_options(volume.storage.option("o")), *(name for name, _ in volume.storage.options)]
    if kept := {"iam", "accesspoint"} & {option.partition("=")[0] for option in options}:
        message = f"its option {min(kept)} asks for what an entry of `docker-volumes` cannot say"
        return Finding(_ID, volume.key, Status.REFUSED, message=f"the Docker volume cannot be replaced: {message}")
    root = None if configured.directory == "/" else text(configured.directory)
    target = f"{shown(configured.file_system)}:{shown_path(configured.directory)}"
    step = Finding(
        _ID,
        volume.key,
        Status.FIXABLE,
        message=f"driver {driver} mounts {target}, as configured: use efsVolumeConfiguration",
        caveat=f"Check on an instance that the plugin's volume {volume.name} really is {target}. Without the plugin's driver the "
        "task may also start on instances that lack it.",
        changes=(
            SetStorage(volume.key, EfsVolume(configured.file_system, root, ENABLED if encrypts(options) else None)),
        ),
        detail=target,
    )
    return over_the_network(step, task, context)


RULE = Rule(
    _ID,
    "docker-plugin-volume",
    "host → efs",
    default="needs input until `docker-volumes` maps the volume, then fixable",
    page=__doc__,
    check_volume=check,
    climbs_to=Level.EFS,
    examples=(
        Example(
            """
            family: jenkins
            containerDefinitions:
              - name: jenkins
                image: jenkins/jenkins
                mountPoints: [{sourceVolume: jenkins-home, containerPath: /var/jenkins_home}]
            volumes:
              - name: jenkins-home
                dockerVolumeConfiguration: {scope: shared, driver: rexray/efs}
            """,
            """
            family: jenkins
            containerDefinitions:
              - name: jenkins
                image: jenkins/jenkins
                mountPoints: [{sourceVolume: jenkins-home, containerPath: /var/jenkins_home}]
            volumes:
              - name: jenkins-home
                efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, rootDirectory: /data}
            """,
            """
            docker-volumes:
              jenkins-home: {file-system: fs-0123456789abcdef0, directory: /data}
            """,
        ),
    ),
)
