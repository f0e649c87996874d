"""A volume that mounts the file system directly instead of through an access point

An access point fixes the directory a client sees, and gives IAM something to grant: a task role can be allowed this
directory and no other. One access point serves every volume of the same file system and directory.

With an access point the volume's `rootDirectory` must go: the access point's own path takes its place. A plain task
definition cannot create an access point; name the one to use in the configuration (`file-systems`, `access-points`), or
turn this rule's demand down with `access-points: subdirectories` or `never`.

No POSIX user is enforced unless you ask for one: it would replace the owner of every request and lock processes out of
files that other users own. `CreationInfo` of root, root, 0755 is what Docker would have created and does nothing to a
directory that exists.

**Caveat.** An access point whose path is wrong is created empty, and the task starts with an empty directory: compare
its path with the directory that is mounted today.

An access point's path has at most four levels and 100 characters, and no component may start with a dot; a directory
that does not fit keeps `rootDirectory` and this rule says `refused`. Where a template's parameters decide a part of the
path, so does a default or an allowed value with which it would not fit.

In a template, an access point that several tasks share exists wherever one of them does, under a condition of theirs. None
is made on a file system whose id is a parameter that may be empty, unless a condition rules that out.

Source: Amazon ECS developer guide, "Using Amazon EFS access points"; EFS API `CreateAccessPoint`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from rules.choices import AccessPoints, Choices
from rules.context import Context
from rules.facts.paths import FILE_SYSTEM, FILE_SYSTEM_NAME, access_point_problem
from rules.facts.questions import AccessPointOf, Question
from rules.facts.values import directory, given, shown, shown_path, yaml_word
from rules.model import (
    AccessPoint,
    AddAccessPoint,
    Change,
    Directory,
    EfsVolume,
    Key,
    Level,
    Ref,
    SetStorage,
    Task,
    Text,
    Value,
    Volume,
)
from rules.rule import Example, Finding, Rule, Stage, Status
from rules.shared.new_names import access_point_name, tags

_ID = "EFS202"

_ONE_COMPONENT = re.compile(r"\$\{AWS::(AccountId|Partition|Region|StackName|URLSuffix)\}")
"""CloudFormation's pseudo parameters whose values are always one component of a path."""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]+")


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if (
        not isinstance(storage, EfsVolume)
        or storage.access_point
        or not storage.encrypts
        or storage.file_system is None
    ):
        return None
    wanted = context.choices.access_points
    path = directory(storage)
    if wanted is AccessPoints.NEVER or (wanted is AccessPoints.SUBDIRECTORIES and path == "/"):
        return None
    if path is None:
        return _finding(volume, Status.REFUSED, "rootDirectory is an expression that cannot be read here")
    usual, *others = _ways(volume, storage, task, path=path, context=context)
    return replace(
        usual,
        alternatives=tuple(other for other in others if other.changes) if usual.changes else (),
        otherwise=f"keep mounting {shown(storage.file_system)}:{shown_path(path)} without an access point",
    )


def _ways(volume: Volume, storage: EfsVolume, task: Task, path: Directory, context: Context) -> Iterator[Finding]:
    """The steps that give the volume an access point, the usual one first. The last ones, with access points that
    enforce a user, are never taken by default."""
    assert storage.file_system is not None
    condition = _condition(volume, storage, task, context=context)
    point = context.access_point(storage.file_system, path)
    if point is not None:
        yield _through(volume, storage, point, path=path, context=context)
    own = context.own_access_point(storage.file_system, path)
    shared = replace(own, condition=condition) if own is not None else None
    if own is not None and shared is not None and _new(own, context) and not context.no_place([AddAccessPoint(shared)]):
        yield _through(
            volume,
            storage,
            own.ref,
            path=path,
            context=context,
            more=(AddAccessPoint(shared),),
        )
        return  # the plan adds this access point for another volume already
    logic = context.stack.logic(task.key.document)
    existing = [p for p in context.access_points_on(storage.file_system, path) if logic.implies(condition, p.condition)]
    existing.sort(key=lambda p: p is not own)  # stable: the others stay in their order
    yield from (_through(volume, storage, p.ref, path=path, context=context) for p in existing if p.user is None)
    yield _new_one(volume, storage, task, path=path, context=context)
    yield from (
        _through_another_user(volume, storage, p, path=path, context=context) for p in existing if p.user is not None
    )


def _new_one(volume: Volume, storage: EfsVolume, task: Task, path: Directory, context: Context) -> Finding:
    """The step that creates the access point in this source, or the finding that says why it cannot or where to create
    it."""
    assert storage.file_system is not None
    file_system = shown(storage.file_system)
    for case in _cases(path):
        if isinstance(case, str) and (
            problem := access_point_problem(case) or _value_problem(Text.decode(case), volume, context)
        ):
            return _finding(
                volume,
                Status.REFUSED,
                f"directory {shown_path(case)} of {file_system} cannot be an access point's path: {problem}; rootDirectory "
                "stays",
            )
    literal = storage.file_system.literal
    named = context.stack.names is None and literal is not None and FILE_SYSTEM_NAME.fullmatch(literal)
    if literal is not None and not FILE_SYSTEM.fullmatch(literal) and not named:
        return _finding(volume, Status.REFUSED, f"{file_system} is no file-system id, so no access point can be on it")
    if context.stack.names is not None:
        if context.may_be_empty(storage.file_system, volume, task):
            return _finding(
                volume,
                Status.REFUSED,
                f"parameter {file_system} may be empty, and no access point can be made then: put the task under a condition "
                "that rules this out, or take the empty default from the parameter",
            )
        return _create(volume, storage, task, path=path, context=context)
    return Finding(
        _ID,
        volume.key,
        Status.NEEDS_INPUT,
        message=f"no access point is known for {file_system}:{shown_path(path)}: create one and configure `file-systems: "
        f"[{{id: {yaml_word(file_system)}, access-points: {{{yaml_word(shown_path(path))}: fsap-…}}}}]`, or set `access-points: "
        f"{'subdirectories' if path == '/' else 'never'}`",
        help=_create_command(file_system, shown_path(path), context.choices),
        question=_question(storage, path, context),
    )


def _question(storage: EfsVolume, path: Directory, context: Context) -> Question | None:
    """The question which access point serves the directory; None if the configuration cannot name one."""
    system = storage.file_system
    if system is None or context.own_file_system(system) or not shown_path(path).startswith("/"):
        return None
    return AccessPointOf(system, shown_path(path))


def _through(
    volume: Volume,
    storage: EfsVolume,
    point: Value,
    path: Directory,
    context: Context,
    more: tuple[Change, ...] = (),
) -> Finding:
    """The step to mount through an access point that exists or that the plan adds; `more` are further changes to that
    one."""
    target = f"{shown(storage.file_system)}:{shown_path(path)}"
    caveat = None
    if more:
        caveat = _created(target, path, volume, context=context)
    elif context.own_point_of(point) is None:  # this source does not show the access point's path
        caveat = (
            f"Check that access point {shown(point)} has the path {shown_path(path)}: a wrong path starts the task on another "
            "directory, an empty one if it does not exist yet."
        )
    return Finding(
        _ID,
        volume.key,
        Status.FIXABLE,
        message=f"{target} has access point {shown(point)}: mount through it",
        caveat=caveat,
        changes=(*more, SetStorage(volume.key, replace(storage, access_point=point, root_directory=None))),
        detail=f"{shown(point)} for {target}",
        label=f"mount through access point {shown(point)}",
    )


def _through_another_user(
    volume: Volume, storage: EfsVolume, point: AccessPoint, path: Directory, context: Context
) -> Finding:
    """The step to mount through an access point that enforces a user. It is unsafe, because the task then reads and
    writes files as that user."""
    user = ":".join(point.user or ())
    finding = _through(volume, storage, point.ref, path=path, context=context)
    return replace(
        finding,
        status=Status.UNSAFE,
        caveat=f"Access point {shown(point.ref)} enforces user {user}: whoever a container runs as, its files are read and "
        f"written as {user}, which locks it out of what others own.",
        label=f"{finding.label}, which enforces user {user}",
    )


def _create(volume: Volume, storage: EfsVolume, task: Task, path: Directory, context: Context) -> Finding:
    """The step that creates the access point in this source."""
    name = access_point_name(volume, path, task, context=context)
    user = context.choices.posix_users.get(path) if isinstance(path, str) else None
    made = context.owner(storage.file_system, path) if storage.file_system else None
    creation = (made.uid, made.gid, made.mode) if made else ("0", "0", "0755")
    if user is not None:
        creation = (str(user[0]), str(user[1]), "0755")
    enforced = creation[:2] if user is not None else None
    kind = Key("access point", task.key.document)
    key = kind.below(name)
    point = AccessPoint(
        key,
        context.reference(key, ""),
        context.reference(key, "Arn"),
        file_system=storage.file_system,
        path=path,
        creation=None if path == "/" else creation,  # the root of a file system exists
        user=enforced,
        condition=_condition(volume, storage, task, context=context),
        tags=tags(kind, name, context),
    )
    target = f"{shown(storage.file_system)}:{shown_path(path)}"
    return Finding(
        _ID,
        volume.key,
        Status.FIXABLE,
        message=f"nothing confines the mount to {target}: create access point {name} and mount through it",
        caveat=_created(target, path, volume, context=context),
        changes=(
            AddAccessPoint(point),
            SetStorage(volume.key, replace(storage, access_point=point.ref, root_directory=None)),
        ),
        detail=f"{name} for {target}",
        question=_question(storage, path, context),
        label=f"create access point {name}",
    )


def _created(target: str, path: Directory, volume: Volume, context: Context) -> str | None:
    """The caveat of an access point that the plan creates; None for the root of a file system, which is always there."""
    if path == "/":
        return None
    compare = (
        f"Compare {target} with the directory that is mounted today: a path that does not exist is created, empty."
    )
    return compare + _unknown(path, volume, context)


def _cases(path: Directory) -> list[Directory]:
    """The directories among which conditions choose, as they are written: the root for a case without the property."""
    if isinstance(path, str) or not path.cases:
        return [path]
    return [case.coded if isinstance(case, Text) else case or "/" for case in path.cases]


def _value_problem(path: Text, volume: Volume, context: Context) -> str | None:
    """The reason why a path with parameters cannot be an access point's, for values of these that the source shows;
    None if it can."""
    parameters = [parameter for parameter in context.parameters(path, volume.key) if parameter.values]
    cases = [{parameter: value} for parameter in parameters for value in parameter.values]
    cases.append({parameter: parameter.default for parameter in parameters if parameter.default is not None})
    for case in cases:
        problem = access_point_problem(given(path, {parameter.ref: value for parameter, value in case.items()}).coded)
        if problem:
            values = " and ".join(f"{parameter.name} is {json.dumps(value)}" for parameter, value in case.items())
            return f"where {values}, {problem}"
    return None


def _unknown(path: Directory, volume: Volume, context: Context) -> str:
    """A sentence for the caveat on the parts of a path that the source does not show; "" if it shows all of them."""
    cases = _cases(path)
    texts = [Text.decode(case) for case in cases if isinstance(case, str)]
    if len(texts) < len(cases):
        return " An expression decides its path: its values must be absolute, with at most four levels in all."
    parameters = (parameter for text in texts for parameter in context.parameters(text, volume.key))
    known = {parameter.ref for parameter in parameters if parameter.allowed is not None and parameter.values}
    refs = dict.fromkeys(part for text in texts for part in text.parts if isinstance(part, Ref) and part not in known)
    names = [ref.source for ref in refs if not _ONE_COMPONENT.fullmatch(ref.source)]
    if not names:
        return ""
    return (
        f" The value of {' and '.join(names)} is not known: with it, the path must be absolute, have at most four levels, "
        "none of them empty or beginning with a dot, and not end with a slash."
    )


def _new(point: AccessPoint, context: Context) -> bool:
    """Whether the plan adds the access point, so that its condition may still change."""
    return all(p.key != point.key for p in context.stack.access_points)


def _condition(volume: Volume, storage: EfsVolume, task: Task, context: Context) -> str | None:
    """The condition of the volume's new access point: the one under which the volume exists or, if that is always, that
    of the file system, which the access point cannot exist without."""
    system = context.own_file_system(storage.file_system)
    there = context.existence(volume, task)
    if system is None or system.condition is None:
        return there
    # What refers to a file system under another condition relies on it, and so would the access point.
    return there if context.stack.logic(task.key.document).implies(there, system.condition) else system.condition


def _finding(volume: Volume, status: Status, message: str) -> Finding:
    return Finding(_ID, volume.key, status, message=message)


def _create_command(file_system: str, path: str, choices: Choices) -> str:
    """The command of the AWS CLI that creates the access point."""
    uid, gid = choices.posix_users.get(path, (0, 0))
    enforced = f" --posix-user Uid={uid},Gid={gid}" if path in choices.posix_users else ""
    creation = "" if path == "/" else f",CreationInfo={{OwnerUid={uid},OwnerGid={gid},Permissions=0755}}"
    root = f"Path={path}{creation}"
    if not _PLAIN_PATH.fullmatch(path):  # the AWS CLI's shorthand splits at commas
        info = {"OwnerUid": uid, "OwnerGid": gid, "Permissions": "0755"}
        root = json.dumps({"Path": path, "CreationInfo": info}, ensure_ascii=False)
    return (
        f"aws efs create-access-point --file-system-id {shlex.quote(file_system)}{enforced} "
        f"--root-directory {shlex.quote(root)}"
    )


RULE = Rule(
    _ID,
    "access-point",
    "tls → access-point",
    default="fixable with an access point of the source or the configuration; plain files without one need input",
    page=__doc__,
    check_volume=check,
    stage=Stage.ACCESS_POINTS,
    climbs_to=Level.ACCESS_POINT,
    examples=(
        Example(
            """
            containerDefinitions:
              - name: blog
                image: wordpress
            volumes:
              - name: uploads
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  rootDirectory: /uploads
                  transitEncryption: ENABLED
            """,
            """
            containerDefinitions:
              - name: blog
                image: wordpress
            volumes:
              - name: uploads
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  transitEncryption: ENABLED
                  authorizationConfig:
                    accessPointId: fsap-0123456789abcdef0
            """,
            """
            file-systems:
              - id: fs-0123456789abcdef0
                access-points: {/uploads: fsap-0123456789abcdef0}
            """,
        ),
    ),
)
