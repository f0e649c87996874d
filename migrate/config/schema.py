"""The JSON Schema of `.efs-migrate.yaml`, by which editors complete and check it.

The module `config` decides whether a configuration is valid; choices, patterns and rules are taken from there. A schema
sees neither tags (`!Ref`, `!ImportValue …`) nor the values of placeholders, so it accepts more: it must never reject
what `config` accepts.

Draft 7, because the YAML language server of most editors supports it.
"""

from __future__ import annotations

import json

from migrate.config.config import ACCESS_POINT, FILE_SYSTEM, ROLE, TARGETS
from rules import RULES
from rules.choices import AccessPoints

URL = "https://raw.githubusercontent.com/efs-migrate/efs-migrate/main/migrate/efs-migrate.schema.json"
"""The URL of the newest schema, which has every key of older releases, too."""

MODELINE = f"# yaml-language-server: $schema={URL}"
"""The first line of a configuration, by which editors find the schema."""

_Schema = dict[str, object]

# A path begins with `/` or with an expression for its first part: a placeholder, or a function in YAML form.
_PATH = r"^(?!(?:.*/)?\.\.(?:/|$))(?:/|[$<#%_@{\[]|!(?:Ref|ImportValue|FindInMap|Select|If) )"
# One of these is in every placeholder: ${EFS_ID}, {{ efs_id }}, <efs-id>, %EFS_ID%, __EFS_ID__, @EFS_ID@, #{EfsId}.
_PLACEHOLDER = r"[$<%@{\[#]|__"
_SWITCH = "[Oo]n|ON|[Oo]ff|OFF|[Yy]es|YES|[Nn]o|NO"


def text() -> str:
    """The schema as JSON, as it is printed and shipped."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> _Schema:
    """The schema as plain data."""
    file_system = _identifier(
        FILE_SYSTEM.pattern,
        "The file system's id, or how your definitions write it: ${EFS_ID}, !ImportValue shared-efs-id, !Ref FileSystemId.",
        "fs-0123456789abcdef0",
    )
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": URL,
        "title": "efs-migrate",
        "description": "What efs-migrate cannot see in the definitions, and how far it should go. Every key is optional.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "file-systems": {
                "description": "The EFS file systems, and where container instances mount them.",
                "type": ["array", "null"],
                "items": _members(
                    "One file system.",
                    {
                        "id": file_system,
                        "mounts": _by_path(
                            "Path on the container instance -> directory of the file system that is mounted there "
                            "(/proc/mounts on an instance shows both).",
                            _path("The directory of the file system; / is its root.", "/"),
                        ),
                        "access-points": _by_path(
                            "Directory of the file system -> access point that exists already.",
                            _identifier(
                                ACCESS_POINT.pattern,
                                "The access point's id, or how your definitions write it.",
                                "fsap-0123456789abcdef0",
                            ),
                        ),
                    },
                    required=["id"],
                ),
            },
            "docker-volumes": _mapping(
                "Docker volumes whose definition does not say which file system they are on (rexray/efs, cloudstor:aws), by "
                "name.",
                _members(
                    "Where the volume's data lies.",
                    {
                        "file-system": file_system,
                        "directory": _path("The directory that holds the volume's data.", "/jenkins"),
                    },
                    required=["file-system", "directory"],
                ),
            ),
            "task-roles": _mapping(
                'Task family -> the role to authorize with where a definition has none; "*" serves Fargate tasks only.',
                _identifier(
                    ROLE.pattern, "The role's ARN, or an expression.", "arn:aws:iam::123456789012:role/billing-api"
                ),
            ),
            "target": _choice("How far to climb.", [*TARGETS], "iam"),
            "access-points": _choice(
                "Which volumes get an access point: all, those below the file system's root, none.",
                [str(choice) for choice in AccessPoints],
                "always",
            ),
            "posix-users": _by_path(
                "Directories whose access point should enforce a user. Every file that is written then belongs to it.",
                _members(
                    "The user that the access point enforces.",
                    {"uid": _whole("User id."), "gid": _whole("Group id.")},
                    required=["uid", "gid"],
                ),
            ),
            "root-access": {
                "description": "Put ClientRootAccess into the grants: containers may act as root once a file-system policy "
                "exists.",
                "default": False,
                "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": f"^(?:{_SWITCH})$"}],
            },
            "rules": {
                "description": "Rules to switch off.",
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": {
                    rule.id: {
                        "description": f"{rule.name} ({rule.level}): {rule.title}.",
                        "anyOf": [
                            {"enum": ["off", "on", True, False]},
                            {"type": "string", "pattern": f"^(?:{_SWITCH}|[Tt]rue|TRUE|[Ff]alse|FALSE)$"},
                        ],
                    }
                    for rule in sorted(RULES, key=lambda rule: rule.id)
                },
            },
            "exclude": {
                "description": "Files to leave out: .gitignore patterns, relative to this file.",
                "type": ["array", "null"],
                "items": {"description": "One pattern.", "type": "string", "minLength": 1, "examples": ["vendor/**"]},
            },
        },
    }


def _mapping(description: str, value: _Schema) -> _Schema:
    return {"description": description, "type": ["object", "null"], "additionalProperties": value}


def _by_path(description: str, value: _Schema) -> _Schema:
    return {**_mapping(description, value), "propertyNames": {"pattern": _PATH}}


def _members(description: str, properties: dict[str, _Schema], required: list[str]) -> _Schema:
    return {
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required,
    }


def _choice(description: str, choices: list[str], default: str) -> _Schema:
    return {"description": description, "enum": choices, "default": default}


def _whole(description: str) -> _Schema:
    return {"description": description, "type": "integer", "minimum": 0, "maximum": 2**32 - 1, "examples": [1000]}


def _path(description: str, example: str) -> _Schema:
    return {"description": description, "type": "string", "pattern": _PATH, "examples": [example]}


def _identifier(pattern: str, description: str, example: str) -> _Schema:
    """The schema of an id or an expression: a word that may be the argument of a tag, unless it begins as an id does; a
    mapping with one function; or a list, the argument of a tag such as `!Join` or `!GetAtt`."""
    return {
        "description": description,
        "examples": [example],
        "anyOf": [
            {"type": "string", "pattern": f"^(?:{pattern})$"},
            {"type": "string", "pattern": rf"^(?!fs-|fsap-|arn:).|{_PLACEHOLDER}"},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "propertyNames": {"pattern": "^(?:Ref$|Condition$|Fn::(?!ForEach::))"},
            },
            {"type": "array", "minItems": 2},
        ],
    }
