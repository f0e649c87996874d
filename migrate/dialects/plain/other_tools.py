"""Files of tools whose task definitions are not edited: the Serverless Framework, AWS Copilot, Dagster, Pulumi's YAML,
operators of Kubernetes, Elastic Beanstalk, Terraform's JSON.

Each volume on EFS in such a file is reported as a hidden definition, so that no file passes for one without volumes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.nodes import key_text, walk
from migrate.dialects.common.values import child, items, mapping, text, value
from migrate.dialects.dialect import Reading
from migrate.syntax import resolve
from migrate.syntax.node import Entry, Expression, Mapping, Node, Scalar
from migrate.syntax.unit import Unit
from rules.facts.paths import looks_like_efs
from rules.model import Key, Stack

Place = tuple[Node, str, str | None]
"""A node, the name of the volume that is there, and the subject of a sentence about it; no subject if nothing is to be
said of it."""

_FOLDED = str.maketrans("", "", "_-")
_STORAGE = ("efsvolumeconfiguration", "dockervolumeconfiguration")
_POINTER = re.compile(r"/Volumes(?:/(?:\d+|-)(?:/.*)?)?\Z")
_KUBERNETES = re.compile(r"(?:batch|ecs)\.(?:services\.k8s\.aws|aws\.(?:m\.)?(?:upbound\.io|crossplane\.io))/")
_PULUMI = re.compile(r"aws:(?:ecs|batch)[:/]")
_COPILOT = re.compile(r"(Load Balanced Web|Backend|Worker|Static Site|Request-Driven Web) Service|Scheduled Job", re.I)


@dataclass(frozen=True)
class Tool:
    """A tool by its name, with the function that recognises the root of its files, the function that finds volumes in
    one, and advice."""

    name: str
    recognises: Callable[[Node], bool]
    places: Callable[[Node], Iterator[Place]]
    advice: str


class OtherTools(PlainDialect[DefinitionNodes]):
    """The dialect of files of other tools: all their volumes are hidden definitions."""

    name = "other-tool"

    def read(self, unit: Unit) -> Reading[DefinitionNodes] | None:
        collector, recognised = Collector(self, unit, DefinitionNodes()), False
        for index, root in enumerate(unit.document.roots):
            tool = next((tool for tool in _TOOLS if tool.recognises(root)), None)
            if tool is None:
                continue
            recognised = True
            for node, name, subject in tool.places(root):
                collector.regions.append((node.start, node.end))
                if subject is not None:
                    what = f"{subject} stands in a file of {tool.name}, which is not edited"
                    collector.add_hidden(Key("hidden", index, (name,)), node.start, what, advice=tool.advice)
        return collector.reading(collector.stack() or Stack(()) if recognised else None)


# -- finding volumes --------------------------------------------------------------------------------------------------


def _volumes(root: Node) -> Iterator[Place]:
    """The volumes in the ECS API's shape anywhere in a document, whatever the case of its keys: those on EFS, Docker's,
    and host paths that may be on EFS. There is nothing to say of those on which nothing is to be done."""
    for node in walk([root]):
        if not isinstance(node, Mapping):
            continue
        entries = _members(node)
        name = text(_value_of(entries, "name"))
        path = _value_of(entries, "hostpath") or _value_of(_members(_value_of(entries, "host")), "sourcepath")
        storage = next((entries[key] for key in _STORAGE if key in entries), None)
        if storage is not None:
            is_done = value(storage.value) is None or _is_done(_members(storage.value))
            yield node, name or "a volume", None if is_done else key_text(storage)
        elif path is not None and "name" in entries:
            yield node, name or "a volume", _host_path(path)
        elif (given := _given_list(node)) is not None:
            yield given.key, text(_value_of(entries, "family")) or "a task", key_text(given)


def _given_list(node: Mapping) -> Entry | None:
    """The list of a task definition's volumes if a placeholder gives it."""
    entries = _members(node)
    volumes = entries.get("volumes")
    if volumes is None or not {"containerdefinitions", "family"} & entries.keys():
        return None
    given = value(volumes.value) if isinstance(resolve(volumes.value), Scalar | Expression) else None
    return volumes if given is not None and given.literal is None else None


def _value_of(entries: dict[str, Entry], name: str) -> Node | None:
    """The value of the entry with a name, if there is one."""
    return entries[name].value if name in entries else None


def _members(node: Node | None) -> dict[str, Entry]:
    """The entries of a mapping by their keys, without regard to case, `_` and `-`."""
    found = mapping(node)
    return {key_text(entry).lower().translate(_FOLDED): entry for entry in found.entries} if found else {}


def _is_done(efs: dict[str, Entry]) -> bool:
    """Whether an EFS configuration has encryption in transit, an access point and IAM authorization."""
    authorization = _members(_value_of(efs, "authorizationconfig"))
    enabled = (_value_of(efs, "transitencryption"), _value_of(authorization, "iam"))
    return "accesspointid" in authorization and all(text(node) == "ENABLED" for node in enabled)


def _host_path(node: Node) -> str | None:
    """The subject of a sentence about a host path; None for one that does not look like EFS."""
    path = value(node)
    if path is None or (path.literal is not None and not looks_like_efs(path.source)):
        return None
    return f"the host path {path.source}, which may be on EFS,"


def _in_manifest(root: Node) -> Iterator[Place]:
    """The volumes of a manifest of AWS Copilot, and of its environments, that name a file system of their own. Copilot
    makes the others itself, with an access point and IAM authorization, and encrypts the transit of all."""
    for node in (found for found in walk([root]) if isinstance(found, Mapping)):
        volumes = mapping(child(mapping(child(node, "storage")), "volumes"))
        for entry in volumes.entries if volumes else ():
            efs = resolve(child(mapping(entry.value), "efs"))
            if isinstance(efs, Mapping) and child(efs, "id") is not None and not _is_complete(efs):
                yield entry.key, key_text(entry), "a volume that names its file system"
            elif isinstance(efs, Scalar) and efs.text.lower() not in ("true", "false", "", "null", "~"):
                yield entry.key, key_text(entry), "a volume whose file system is an expression"


def _is_complete(efs: Mapping) -> bool:
    """Whether a volume of Copilot has an access point and does not turn IAM authorization off."""
    auth = mapping(child(efs, "auth"))
    return child(auth, "access_point_id") is not None and (text(child(auth, "iam")) or "true").lower() == "true"


def _in_patch(root: Node) -> Iterator[Place]:
    """The volumes that the operations of a JSON patch add or change."""
    for item in items(root) or ():
        patch = mapping(item)
        path = text(child(patch, "path")) or ""
        if patch is None or not _POINTER.search(path):
            continue
        if text(child(patch, "op")) in ("remove", "test"):
            yield patch, path, None
            continue
        given, where = child(patch, "value"), path.rpartition("/Resources/")[2]
        for node, _, subject in _volumes(given) if given is not None else ():
            yield node, where, subject
        source = given if path.endswith("/SourcePath") else _value_of(_members(given), "sourcepath")
        if "VolumeConfiguration" in path:
            yield patch, where, path
        elif source is not None and path.endswith(("/SourcePath", "/Host")) and (subject := _host_path(source)):
            yield patch, where, subject


# -- the tools --------------------------------------------------------------------------------------------------------


def _is_serverless(root: Node) -> bool:
    keys = _keys(root)
    return "resources" in keys and "service" in keys and not {"Resources", "services"} & keys


def _is_manifest(root: Node) -> bool:
    return {"name", "type"} <= _keys(root) and _COPILOT.fullmatch(text(child(mapping(root), "type")) or "") is not None


def _is_patch(root: Node) -> bool:
    listed = items(root) or []
    return bool(listed) and all({"op", "path"} <= _keys(item) for item in listed)


def _is_dagster(root: Node) -> bool:
    return bool({"run_launcher", "container_context"} & _keys(root)) or any(
        "ecs" in _keys(e.value) and key_text(e) in ("container_context", "runLauncher", "locations")
        for e in getattr(root, "entries", ())
    )


def _is_pulumi(root: Node) -> bool:
    listed = mapping(child(mapping(root), "resources"))
    types = (text(child(mapping(entry.value), "type")) for entry in (listed.entries if listed else ()))
    return any(kind and _PULUMI.match(kind) for kind in types)


def _is_kubernetes(root: Node) -> bool:
    return _KUBERNETES.match(text(child(mapping(root), "apiVersion")) or "") is not None


def _is_beanstalk(root: Node) -> bool:
    return "AWSEBDockerrunVersion" in _keys(root)


def _is_terraform(root: Node) -> bool:
    declared = mapping(child(mapping(root), "resource"))
    return bool({"aws_ecs_task_definition", "aws_batch_job_definition"} & _keys(declared))


def _keys(node: Node | None) -> set[str]:
    found = mapping(node) if node is not None else None
    return {key_text(entry) for entry in found.entries} if found else set()


_BY_HAND = "migrate the volume by hand"
_TOOLS = (
    Tool(
        "the Serverless Framework",
        _is_serverless,
        places=_volumes,
        advice="keep the resources in a template of their own (`resources: ${file(resources.yml)}`), and migrate that",
    ),
    Tool(
        "AWS Copilot",
        _is_manifest,
        places=_in_manifest,
        advice="give it an access point and IAM authorization in `efs: {id: …, auth: {access_point_id: …, iam: true}}`",
    ),
    Tool("AWS Copilot or another tool that patches templates", _is_patch, places=_in_patch, advice=_BY_HAND),
    Tool("Dagster", _is_dagster, places=_volumes, advice=_BY_HAND),
    Tool("Pulumi", _is_pulumi, places=_volumes, advice=_BY_HAND),
    Tool("a Kubernetes operator", _is_kubernetes, places=_volumes, advice=_BY_HAND),
    Tool(
        "Elastic Beanstalk",
        _is_beanstalk,
        places=_volumes,
        advice="it knows host volumes only: run the containers in a task of ECS to mount EFS without the host",
    ),
    Tool("Terraform", _is_terraform, places=_volumes, advice=_BY_HAND),
)
