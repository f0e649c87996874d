"""Clusters, which expressions cannot name one and the same; and the instances on which a task may run."""

from __future__ import annotations

import pytest

from rules.facts.capacity import Capacity, differ
from rules.model import Cluster, Engine, Instance, Key, Launch, Opaque, Ref, Stack, Task, TaskRunner, Text


def refs(*parts: str) -> Cluster:
    return Cluster(Text(tuple(Ref(part) if part.startswith("$") else part for part in parts)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (refs("a"), refs("a"), False),
        (refs("a"), refs("b"), True),
        (refs("${A}", "-a"), refs("${A}", "-b"), True),
        (refs("${A}", "-a"), refs("${A}"), True),
        (refs("a-", "${A}"), refs("b-", "${A}"), True),
        (refs("${A}", "-a"), refs("${B}", "-a"), False),
        (refs("${A}"), refs("${A}", "${A}"), False),
        (refs("${A}"), refs("${B}", "${A}"), False),
        (refs("a"), Cluster(Opaque("f()")), False),
        (refs("${A}", "x", "${A}"), refs("${A}", "x", "${A}", "x", "${A}"), False),
    ],
)
def test_differ(one: Cluster, other: Cluster, expected: bool) -> None:
    assert differ(one, other) is expected
    assert differ(other, one) is expected


def created(name: str) -> Cluster:
    return Cluster(Text((Ref(name),)), created=True, generated=True)


IMPORTED = Cluster(Text((Ref("!ImportValue c"),)), imported=True)
EITHER = Cluster(Text((Ref("!If c"),)), cases=(created("A"), created("B")))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (created("A"), created("A"), False),
        (created("A"), created("B"), True),
        (created("A"), IMPORTED, True),
        (IMPORTED, IMPORTED, False),
        (IMPORTED, refs("a"), False),
        (created("A"), refs("a"), True),
        (created("A"), refs("${C}"), False),
        (created("A"), EITHER, False),
        (created("C"), EITHER, True),
        (EITHER, EITHER, False),
        (Cluster(refs("${X}").name, created=True), Cluster(refs("${Y}").name, created=True), True),
    ],
)
def test_clusters_of_the_source(one: Cluster, other: Cluster, expected: bool) -> None:
    assert differ(one, other) is expected
    assert differ(other, one) is expected


def instance(name: str, **more: object) -> Instance:
    return Instance(Key.of(name), name, **{"scripted": True, **more})  # type: ignore[arg-type]  # fields of the test's choice


def hosts(*instances: Instance, launches: tuple[Launch, ...] = (), engine: Engine = Engine.ECS) -> tuple[str, str]:
    """The names of the instances that may run a task, and why others may, too."""
    task = Task(Key.of("t"), "t", (), engine=engine)
    runners = tuple(TaskRunner(Key.of(f"r{n}"), f"r{n}", (task.key,), launch=one) for n, one in enumerate(launches))
    found = Capacity(Stack(tasks=(task,), runners=runners, instances=instances)).hosts(task)
    return " ".join(one.name for one in found.instances), found.unseen or ""


A, B = created("A"), created("B")
IN_A, IN_B = instance("a", clusters=(A,), hosts_containers=True), instance("b", clusters=(B,), hosts_containers=True)
OF_P = instance("p", providers=frozenset(("P",)), hosts_containers=True)
ANY = instance("any", hosts_containers=True)


@pytest.mark.parametrize(
    ("launches", "names", "because"),
    [
        ((), "a b p", ""),
        ((Launch((A,)),), "a p", ""),
        ((Launch((A,)), Launch((B,))), "a b p", ""),
        ((Launch((), frozenset("P")),), "p", ""),
        ((Launch((A,), frozenset("P")),), "p", ""),
        ((Launch((A,), frozenset("Q")),), "", ""),
        ((Launch((), unseen="capacity provider x", unseen_only=True),), "", "r0 runs the task on capacity provider x"),
        ((Launch((A,), unseen="capacity provider x"),), "a p", "r0 runs the task on capacity provider x"),
        ((Launch((A,)), Launch((), unseen="capacity provider x")), "a b p", "r1 runs the task on capacity provider x"),
        ((Launch(elsewhere=True),), "", ""),
        ((Launch(elsewhere=True), Launch((B,))), "b p", ""),
    ],
)
def test_where_a_runner_puts_its_tasks(launches: tuple[Launch, ...], names: str, because: str) -> None:
    assert hosts(IN_A, IN_B, OF_P, launches=launches) == (names, because)


def test_a_cluster_without_members_is_elsewhere() -> None:
    named, because = hosts(IN_A, launches=(Launch((refs("prod"),)),))
    assert (named, because) == (
        "",
        "r0 runs the task in cluster prod, which no instance of this source is known to join",
    )
    assert hosts(IN_A, ANY, launches=(Launch((refs("prod"),)),)) == ("any", "")
    both = instance("both", clusters=(A, B), hosts_containers=True)  # joins one of them, nobody knows which
    assert "cluster A," in hosts(both, launches=(Launch((A,)),))[1]
    assert "cluster B," in hosts(IN_A, launches=(Launch((EITHER,)),))[1]
    assert hosts(IN_A, IN_B, launches=(Launch((EITHER,)),)) == ("a b", "")
    same = instance("same", clusters=(EITHER,), hosts_containers=True)
    assert hosts(same, launches=(Launch((EITHER,)),)) == ("same", "")


def test_a_source_without_instances_says_nothing_about_others() -> None:
    assert hosts(launches=(Launch((), unseen="capacity provider x", unseen_only=True),)) == ("", "")
    assert hosts(instance("ecs", engine=Engine.ECS), engine=Engine.BATCH) == ("", "")


def test_an_instance_that_may_run_something_else() -> None:
    pinned = instance("pinned", clusters=(A,), hosts_containers=True, unseen="it pins version 1")
    assert hosts(pinned, IN_B) == ("pinned b", "it pins version 1")
    assert hosts(pinned, IN_B, launches=(Launch((B,)),)) == ("b", "")


@pytest.mark.parametrize(
    ("instances", "names", "because"),
    [
        ((instance("web"), instance("app")), "web app", ""),
        ((instance("web"), instance("app", hosts_containers=True)), "app", ""),
        ((instance("web"), instance("bastion")), "web", ""),
        ((instance("web"), instance("box", alone=True)), "web", ""),
        ((instance("web"), instance("bare", scripted=False)), "web", ""),
        ((instance("bare", scripted=False),), "bare", ""),
        ((instance("bastion"),), "bastion", "nothing in this source shows that bastion runs the container agent"),
        ((instance("x", alone=True), instance("y", alone=True)), "x y", "that x, y run the container agent"),
    ],
)
def test_instances_without_a_cluster(instances: tuple[Instance, ...], names: str, because: str) -> None:
    found = hosts(*instances)
    assert found[0] == names
    assert because in found[1]
    assert bool(because) is bool(found[1])


def test_jobs_run_on_the_instances_of_their_compute_environments() -> None:
    of_batch = instance("batch", engine=Engine.BATCH)
    of_ecs = instance("ecs", engine=Engine.ECS)
    assert hosts(of_batch, of_ecs, ANY, engine=Engine.BATCH) == ("batch", "")
    assert hosts(of_ecs, ANY, engine=Engine.BATCH) == ("any", "")
    assert hosts(of_batch, of_ecs, engine=Engine.ECS) == ("ecs", "")
    assert hosts(of_batch, of_ecs, engine=Engine.UNKNOWN) == ("batch ecs", "")


def test_the_reason_names_the_runner_of_each_task() -> None:
    tasks = tuple(Task(Key.of(name), name, ()) for name in "tu")
    launch = Launch((), unseen="capacity provider x")
    runners = tuple(TaskRunner(Key.of(f"r{t.name}"), f"r{t.name}", (t.key,), launch=launch) for t in tasks)
    capacity = Capacity(Stack(tasks=tasks, runners=runners, instances=(ANY,)))
    assert [str(capacity.hosts(task).unseen).partition(" ")[0] for task in tasks] == ["rt", "ru"]
    assert Capacity(Stack(tasks=tasks, instances=(ANY,))).hosts(tasks[0]).unseen is None
