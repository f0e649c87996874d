"""Names and tags of new resources, in the habits of those that are there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tasks import FS, OTHER, task

from rules.choices import Choices
from rules.context import Context
from rules.facts.identifiers import short
from rules.facts.name_habits import Naming
from rules.model import (
    AccessPoint,
    EfsVolume,
    Key,
    Role,
    Stack,
    Tag,
    Tagging,
    Text,
    Volume,
)
from rules.shared.new_names import access_point_name, tags
from rules.shared.new_names import role_name as new_role_name


def test_the_name_of_an_access_point_is_that_of_one_directory() -> None:
    given = replace(task(), key=Key.of("task", 0, "Task"))
    context = Context(Stack((), names=frozenset({"Task", "FileSystem"})), Choices())

    def named(system: Text, path: str) -> str:
        return access_point_name(Volume(Key.of("v"), "uploads", EfsVolume(system)), path, given, context)

    assert named(FS, "/uploads") == "UploadsAccessPoint"
    assert named(FS, "/uploads") == "UploadsAccessPoint"
    assert named(OTHER, "/uploads") == "BlogUploadsAccessPoint"
    assert named(OTHER, "/other") == "UploadsAccessPoint2"


@pytest.mark.parametrize(
    ("names", "cased"),
    [
        ({"Wiki", "Blog"}, "WikiAccessPoint"),
        ({"wiki", "blog", "Task"}, "wikiAccessPoint"),
        ({"my-wiki", "task"}, "wiki-access-point"),
        ({"my-wiki", "myTask"}, "wikiAccessPoint"),
        (None, "WikiAccessPoint"),
    ],
)
def test_names_are_written_as_those_around(names: set[str] | None, cased: str) -> None:
    stack = Stack((), names=frozenset(names) if names else None)
    assert Naming(stack).cased("WikiAccessPoint") == cased


def test_a_synthesised_id_is_called_without_its_hash() -> None:
    assert short("WikiTaskF0A1B2C3") == "WikiTask"
    assert short("0123ABCD") == "0123ABCD"
    assert short("x" * 300) == "x" * 200


def test_names_have_what_all_of_their_kind_in_a_document_have() -> None:
    def named(*names: str) -> Naming:
        roles = [Role(Key.of("role", 1, name), ()) for name in names]
        points = [AccessPoint(Key.of("access-point", 1, n), Text.of(n), Text.of(n), FS, f"/{n}") for n in names]
        return Naming(Stack((), roles=tuple(roles), access_points=tuple(points)))

    assert named("TaskRoleWiki", "TaskRoleBlog").of_roles(1) == ("TaskRole", "")
    assert named("TaskRoleWiki", "TaskRoleBlog").of_roles(2) == ("", "")
    assert named("TaskRoleWiki").of_roles(1) == ("", "")
    assert named("TaskRoleWiki", "OtherRoleBlog").of_roles(1) == ("", "")
    assert named("AccessPointWiki", "AccessPointBlog").of_access_points(1) == ("AccessPoint", "")
    assert named("AccessPointWiki").of_access_points(1) == ("", "AccessPoint")
    assert named("WikiAP", "BlogAP").of_access_points(1) == ("", "AP")
    roles = tuple(Role(Key.of("role", 1, name), ()) for name in ("TaskRoleWiki", "TaskRoleBlog"))
    context = Context(Stack((), roles=roles, names=frozenset({"TaskRoleWiki"})), Choices())
    assert new_role_name(replace(task(), key=Key.of("task", 1, "Forum"), name="Forum"), context) == "TaskRoleForumTask"


def test_tags_are_those_of_all_others_of_the_kind() -> None:
    team, stage = (Tag(Text.of(name), Text.of("x")) for name in ("team", "stage"))
    roles = Tagging(Key.of("role"), (team, stage))
    points = Tagging(Key.of("access-point"), (team, stage), Text.of("my-"), 1)
    context = Context(Stack((), tagging=(roles, points)), Choices())
    assert tags(Key.of("role"), "TaskRole", context) == (team, stage)
    named = Tag(Text.of("Name"), Text.of("my-uploads-access-point"))
    assert tags(Key.of("access-point"), "UploadsAccessPoint", context) == (team, named, stage)
    assert tags(Key.of("access-point"), "MyUploads", context)[1] == Tag(Text.of("Name"), Text.of("my-uploads"))
    assert tags(Key.of("volume"), "Uploads", context) == ()
