"""The step that gives a volume IAM authorization: the task role, new where there is none, and the grant that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rules.context import Context
from rules.facts.questions import RoleOf
from rules.facts.values import may_be_absent, shown, yaml_word
from rules.model import (
    ANYTHING,
    CLIENT_ACTIONS,
    ENABLED,
    AddPermissions,
    AddRole,
    Boundary,
    Change,
    EfsVolume,
    Key,
    NoSuchCondition,
    Role,
    SetStorage,
    SetTaskRole,
    Task,
    Value,
    Volume,
)
from rules.rule import Finding, Status, refusal
from rules.shared.grants import (
    Floor,
    actions,
    any_role,
    configured_role,
    family,
    grant,
    is_allowed,
    may_lack,
    missing,
    permissions,
    role_name,
)
from rules.shared.network_needs import own_interface
from rules.shared.new_names import role_name as new_role_name
from rules.shared.new_names import tags
from rules.shared.principals import floor

NEEDS_ROLE = "ECS refuses the definition as it is (EFS IAM authorization requires a task role)"
"""The reason to give a task a role whose volume says `iam: ENABLED`."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """The way to authorize one volume of a task, for the rule that asks."""

    rule: str
    volume: Volume
    storage: EfsVolume
    task: Task
    context: Context
    reason: str
    """The reason for the step, with which its message begins."""

    def step(self) -> Finding:
        """The step: with the role of the task, one that the configuration names, or a new one of this source."""
        task, context = self.task, self.context
        role = task.task_role or configured_role(task, context)
        if role is None and context.stack.names is not None:
            return self._with_new_role()
        if role is None:
            start = self.reason if self.storage.authorizes else "IAM authorization needs a task role"
            return Finding(
                self.rule,
                self.volume.key,
                Status.NEEDS_INPUT,
                message=f"{start}: configure `task-roles: {{{yaml_word(family(task))}: {any_role(task)}}}`",
                question=RoleOf(family(task)),
            )
        roles = task.task_roles or (role,)
        if may_be_absent(role) or (task.task_role is not None and task.may_lack_role):
            return self._refused(may_lack(role))
        changes: tuple[Change, ...] = () if task.task_role else (SetTaskRole(task.key, role),)
        own = [found for arm in roles if (found := context.own_role(arm)) is not None]
        outside = [arm for arm in roles if context.own_role(arm) is None]
        return self._with_roles(own, outside, (*changes, *self._switch()))

    def _switch(self) -> tuple[Change, ...]:
        """The change that switches IAM authorization on, if it is not."""
        on = self.storage.authorizes
        return () if on else (SetStorage(self.volume.key, replace(self.storage, iam=ENABLED)),)

    def _refused(self, message: str) -> Finding:
        return refusal(self.rule, self.volume, message)

    def _with_new_role(self) -> Finding:
        """The step for a task without a role, in a source that can hold a new one."""
        task, context = self.task, self.context
        name = new_role_name(task, context)
        kind = Key("role", task.key.document)
        key = kind.below(name)
        arn = context.reference(key, "Arn")
        role = Role(
            key,
            (context.reference(key, ""), arn),
            task.condition,
            tags=tags(kind, name, context),
            boundary=_of_siblings(kind, context),
        )
        finding = replace(self, task=task.with_role(arn))._with_roles(
            [role], [], (AddRole(role), SetTaskRole(task.key, arn), *self._switch())
        )
        if finding.status is Status.REFUSED:
            return finding
        # Containers of a Fargate task without a role have no credentials, so that a role takes nothing from them; but a
        # template without IAM is deployed without CAPABILITY_IAM, and what starts tasks must be allowed to pass the role.
        harmless = task.fargate_only and bool(context.stack.roles) and not context.stack.starts_tasks
        risk = ""
        if task.may_run_on_ec2:
            risk = (
                " On EC2 the containers' SDK calls used the instance profile and will use this role instead: it needs every "
                "permission they rely on."
            )
        elif not harmless:
            risk = (
                " The stack then needs CAPABILITY_IAM, and whatever starts the task must be allowed to pass the role."
            )
        return replace(
            finding,
            status=finding.status if harmless else Status.UNSAFE,
            message=f"{finding.message}, which is new",
            caveat=f"The task had no role.{risk} {finding.caveat or ''}".strip(),
            question=RoleOf(family(task)),
            label=f"create role {name}",
        )

    def _with_roles(self, own: Sequence[Role], outside: Sequence[Value], changes: tuple[Change, ...]) -> Finding:
        """The step for the roles that the task may have. It grants `own` roles, which this source creates, their
        permissions; for roles `outside` of it, the finding has the statement to attach."""
        volume, storage, task, context = self.volume, self.storage, self.task, self.context
        for role in own:
            if clash := _clash(role, storage, context):
                return self._refused(clash)
        had = _had(volume, storage, task, context=context)
        caveat = _caveat(storage, task, context)
        doubts = [had.doubt] if had.doubt else []
        granted = []
        for role in own:
            if lacks := permissions(volume, storage, task, context=context, role=role, floor=had):
                granted.append(role)
                changes = (AddPermissions(role.key, lacks), *changes)
            if role.unclear:
                doubts.append(
                    f"Policies of role {_name(role)} deny something or cannot be read: check that they do not forbid the mount."
                )
            needed = actions(volume, task, context, floor=had)
            if role.boundary is not None and role.boundary.actions is None:
                caveat.append(f"{_boundary(role)} has to allow {' and '.join(needed)}, too.")
            elif role.boundary is not None and (
                closed := [a for a in needed if a not in (role.boundary.actions or ())]
            ):
                doubts.append(
                    f"{_boundary(role)} does not allow {' and '.join(closed)}: without that the mount is denied."
                )
        allowed = grant(volume, storage, task, context=context, floor=had, roles=outside) if outside else None
        # A source that has the access point by now, because this run wrote it there, may not have been deployed yet.
        if allowed is not None and context.own_point_of(storage.access_point) and _has_policy(storage, context):
            doubts.append(
                f"{shown(storage.file_system)} has a policy: until the statement is attached the task cannot mount, and it can "
                "be attached only once the access point exists: deploy that first (`--target access-point`)."
            )
        steps = [] if storage.authorizes else ["set iam to ENABLED"]
        if task.task_role is None and outside:
            steps.append(f"set the task role {role_name(outside[0])}, as configured")
        if granted:
            steps.append(f"allow role {_names(granted)} to mount")
        step = " and ".join(steps)
        if own and not granted:
            step += f" (role {_names(own)} is allowed to mount)"
        point = shown(storage.access_point) if storage.access_point else "no access point"
        names = [_name(role) for role in own] + ([allowed.role] if allowed else [])
        return Finding(
            self.rule,
            volume.key,
            Status.UNSAFE if doubts else Status.FIXABLE,
            message=f"{self.reason}: {step}",
            caveat=" ".join([*caveat, *_kept(had, granted, outside), *doubts]) or None,
            changes=changes,
            grant=allowed,
            detail=f"{point}, {' and '.join(names)}",
            otherwise="" if storage.authorizes else "keep IAM authorization off",
        )


def _boundary(role: Role) -> str:
    """The permissions boundary of a role, as the subject of a sentence."""
    return f"The permissions boundary {shown(role.boundary.policy if role.boundary else None)} of role {_name(role)}"


def _of_siblings(kind: Key, context: Context) -> Boundary | None:
    """The permissions boundary that a new role gets, since all roles beside it have one; else None."""
    siblings = [role for role in context.stack.roles if role.key.document == kind.document]
    return siblings[0].boundary if siblings and all(role.boundary for role in siblings) else None


def reason(storage: EfsVolume, context: Context) -> str:
    """The reason for IAM authorization, in words."""
    system = context.own_file_system(storage.file_system)
    if system and system.policy and not system.policy.admits_anyone:
        return f"{shown(storage.file_system)} has a policy, and the mount does not say who it is"
    return f"anyone who reaches {shown(storage.file_system)} may mount it"


def lacking(volume: Volume, storage: EfsVolume, task: Task, context: Context) -> list[tuple[Role, tuple[str, ...]]]:
    """The roles of the task that this source shows not to be allowed what the mount needs, with the actions lacking."""
    return missing(volume, storage, task, context=context, floor=_had(volume, storage, task, context=context))


def _had(volume: Volume, storage: EfsVolume, task: Task, context: Context) -> Floor:
    """The access that the task had until now. If its mount is authorized already, nobody else's access is to be kept,
    and only a policy that lets nobody write says what the mount needs."""
    before = context.as_read(volume)
    if not (isinstance(before.storage, EfsVolume) and before.storage.authorizes) or before.misspelt:
        return floor(volume, storage, task, context=context)
    system = context.own_file_system(storage.file_system)
    policy = system.policy if system is not None else None
    let = {action for allowed in policy.allowances for action in allowed.actions} if policy is not None else set()
    mount, write, _ = CLIENT_ACTIONS
    meant = mount in let and write not in let
    return Floor(read_only=policy is not None and (meant or _instances_only_read(storage, context)))


def _instances_only_read(storage: EfsVolume, context: Context) -> bool:
    """Whether instances of this source mount the file system with IAM as a role that may not write: a volume that was
    migrated from such a mount was granted no more."""
    mount, write, _ = CLIENT_ACTIONS
    whole = replace(storage, access_point=None)
    mounts = (m for m in context.stack.host_mounts if m.file_system == storage.file_system and "iam" in m.options)
    roles = (role for m in mounts if (role := context.role_of(m.role)) is not None)
    return any(
        is_allowed(role, mount, whole, context=context) and not is_allowed(role, write, whole, context=context)
        for role in roles
    )


def _has_policy(storage: EfsVolume, context: Context) -> bool:
    """Whether the source shows that the file system has a policy under which anonymous clients may not mount."""
    system = context.own_file_system(storage.file_system)
    return system is not None and system.policy is not None and not system.policy.admits_anyone


def _clash(role: Role, storage: EfsVolume, context: Context) -> str | None:
    """The reason why no policy can name both the role and the access point or file system, or None: each may exist
    without the other, and no condition can say where both do."""
    point = context.own_point_of(storage.access_point)
    system = context.own_file_system(storage.file_system)
    condition = point.condition if point else system.condition if system else None
    try:
        context.stack.logic(role.key.document).both(role.condition, condition)
    except NoSuchCondition:
        pass
    else:
        return None
    return (
        f"role {_name(role)} is there under condition {role.condition} and {shown(storage.access_point or storage.file_system)} "
        f"under {condition}: a policy cannot name both"
    )


def _kept(had: Floor, lacking: Sequence[Role], outside: Sequence[Value]) -> Iterator[str]:
    """Sentences on access of the old mount because of which the grant is not the usual one."""
    if had.note:
        yield had.note
    if had.root_access and (lacking or outside):
        yield "ClientRootAccess is part of the grant because a policy let the old mount act as root."
    if had.read_only:
        yield "ClientWrite is not part of the grant: the file-system policy did not let the old mount write."


def _name(role: Role) -> str:
    return role.key.last


def _names(roles: Sequence[Role]) -> str:
    return " and ".join(map(_name, roles))


def _caveat(storage: EfsVolume, task: Task, context: Context) -> list[str]:
    parts = []
    if storage.access_point is None:
        parts.append(
            "Without an access point the statement covers the whole file system, not only the directory mounted."
        )
    if task.task_role is None and task.may_run_on_ec2:
        parts.append(
            "The task had no role: on EC2 its SDK calls used the instance profile and will use this role instead, so it needs "
            "every permission they rely on."
        )
    # A definition that is not seen at all may have any network mode, which is no reason to name this one.
    host = task.network_mode.may_be("host") and task.network_mode != ANYTHING
    if host and task.may_run_on_ec2 and own_interface(task, context).may_be(False):
        parts.append(
            "Task roles in host network mode need ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST=true on the instances."
        )
    return parts
