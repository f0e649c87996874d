"""Mounts of other files, which lead to a question and never to a change."""

from __future__ import annotations

from dataclasses import replace

from migrate.dialects.common.values import parse_text
from migrate.engine.process import process
from rules.choices import Choices
from rules.context import Context
from rules.facts.other_files import Proposal, SeenMount, SeenMounts
from rules.facts.questions import MountAt
from rules.model import (
    Stack,
)
from rules.shared.proposals import mount_entry, propose, where


def seen_mount(file: str = "cluster.yaml", host_path: str = "/mnt/efs", directory: str = "/") -> SeenMount:
    return SeenMount(file, 7, "Launch", "fs-0123456789abcdef0", host_path, directory)


def test_the_deepest_mount_of_every_other_file() -> None:
    mounts = [seen_mount(host_path="/mnt"), seen_mount("b.yaml", "/mnt/X"), seen_mount("own.yaml", "/mnt/X")]
    seen = SeenMounts(mounts).besides("own.yaml")
    assert seen.holding("/mnt/X/") == (mounts[1], mounts[0])
    assert seen.holding("/mnt/Xx") == (mounts[0],)
    assert seen.holding("/srv") == ()


def test_where_mounts_were_seen() -> None:
    one = "cluster.yaml mounts fs-0123456789abcdef0:/ at /mnt/efs (line 7, Launch)"
    assert where([seen_mount()]) == one
    assert where([seen_mount()] * 3) == ", ".join([one] * 3)
    assert where([seen_mount()] * 5) == f"{', '.join([one] * 3)} (and 2 more)"


def test_a_mount_as_the_configuration_has_it() -> None:
    assert mount_entry(seen_mount(directory="/a b: c")) == '/mnt/efs: "/a b: c"'
    assert (
        mount_entry(seen_mount(host_path=parse_text("/mnt/${A}").coded, directory=parse_text("/${B}").coded)) == "…: …"
    )


def test_what_other_files_show_for_sure() -> None:
    template, plain = Context(Stack((), names=frozenset({"Task"})), Choices()), Context(Stack(()), Choices())
    known = replace(seen_mount(), id="fs-0123456789abcdef0")
    imported = replace(seen_mount(), id="!ImportValue efs")
    assert propose([known], plain) == (Proposal(known, known.id, sure=True),)
    assert propose([imported], plain) == (Proposal(imported),)
    assert propose([imported], template) == (Proposal(imported, imported.id, sure=True),)


def test_a_mount_of_another_file_is_asked_about() -> None:
    seen = SeenMounts([replace(seen_mount(), id="fs-0123456789abcdef0")])
    text = '{"family": "app", "containerDefinitions": [{"name": "app"}], "volumes": [{"name": "data", "host": {"sourcePath": "/mnt/efs/a"}}]}'
    (found,) = process(text, "app", Choices(seen=seen)).findings
    assert found.finding.question == MountAt("/mnt/efs/a", (("/mnt/efs", "fs-0123456789abcdef0", "/"),))
