"""What a module of troposphere does with its objects, and with their template, after it has made them."""

from __future__ import annotations

import pytest
from programs import said, troposphere

UNHARMED = {
    "other properties": 'td.Cpu = "1"\ntd.Tags = []',
    "a helper": "def tag(x):\n    x.Tags = []\ntag(td)",
    "an output": 't.add_output(Output("A", Value=Ref(td)))\nprint(td.title)',
    "another text": 'print(t.to_json().replace("TAG", "1.2"))',
}


@pytest.mark.parametrize("body", UNHARMED.values(), ids=UNHARMED)
def test_what_does_not_touch_the_volumes_does_no_harm(body: str) -> None:
    assert said(troposphere(body), "troposphere")["EFS203"][0] == "fixable"


ROLE_TOUCHED = {
    "del": "del td.TaskRoleArn",
    "delattr": 'delattr(td, "TaskRoleArn")',
    "a branch": 'if len("x"):\n    td.TaskRoleArn = ""',
    "properties": 't.resources["Td"].properties["TaskRoleArn"] = ""',
    "a loop": "for r in t.resources.values():\n    if isinstance(r, ecs.TaskDefinition):\n        r.TaskRoleArn = ''",
    "a loop over items": "for n, r in t.resources.items():\n    r.properties.pop('TaskRoleArn', None)",
    "a helper": "def f(x):\n    x.TaskRoleArn = ''\nf(td)",
    "another name": 'other = td\nother.TaskRoleArn = ""',
    "the dict": 'd = t.to_dict()\ndel d["Resources"]["Td"]["Properties"]["TaskRoleArn"]',
}


@pytest.mark.parametrize("body", ROLE_TOUCHED.values(), ids=ROLE_TOUCHED)
def test_a_role_that_may_be_gone_cannot_mount(body: str) -> None:
    found = said(troposphere(body), "troposphere")
    assert found["EFS202"][0] == "fixable"
    assert found["EFS203"][0] == "refused"
    assert "may delete or replace the task role" in found["EFS203"][1]


def test_a_role_that_an_assignment_sets_is_read() -> None:
    other = said(troposphere('td.TaskRoleArn = "arn:aws:iam::123456789012:role/other"'), "troposphere")["EFS203"]
    assert (other[0], "attach to role other" in other[1]) == ("fixable", True)
    assert (
        said(troposphere('td.TaskRoleArn = ""\nt.add_resource(td)', late=True), "troposphere")["EFS203"][0] == "refused"
    )
    assert said(troposphere("td.TaskRoleArn = NoValue"), "troposphere")["EFS203"][0] == "refused"


CHANGED = {
    "setattr": 'setattr(td, "Volumes", [])',
    "setattr by a variable": 'for k in ("Volumes",):\n    setattr(td, k, [])',
    "properties": 'td.properties["Volumes"] = []',
    "resources": 't.resources["Td"].Volumes = []',
    "deleted": 'del t.resources["Td"]',
    "popped": 't.resources.pop("Td")',
    "replaced": 'x = copy.deepcopy(td)\nx.Volumes = []\nt.resources["Td"] = x',
    "a helper for templates": 'def f(tpl):\n    tpl.resources["Td"].Volumes = []\nf(t)',
    "code of another module": "tweak(td)",
    "the dict of its JSON": 'd = json.loads(t.to_json())\nd["Resources"]["Td"]["Properties"]["Volumes"] = []',
    "the text": 'print(t.to_json().replace("/app", "/other"))',
    "a copy": 'y = copy.deepcopy(td)\ny.title = "Other"\nt.add_resource(y)',
}


@pytest.mark.parametrize("body", CHANGED.values(), ids=CHANGED)
def test_a_definition_that_may_be_changed_is_left_alone(body: str) -> None:
    status, message = said(troposphere(body, imports="from lib import tweak"), "troposphere")["EFS201"]
    assert status == "refused"
    assert "not possible here: line" in message


def test_a_definition_that_another_module_makes_anew() -> None:
    made = troposphere("t.add_resource(f(td))", imports="from lib import f", late=True)
    assert said(made, "troposphere")["EFS201"][0] == "refused"


def test_a_template_that_another_module_gets_is_for_a_person_to_look_at() -> None:
    status, message = said(troposphere("finish(t)", imports="from lib import finish"), "troposphere")["EFS201"]
    assert (status, "check that it changes neither" in message) == ("unsafe", True)


def test_a_role_that_another_module_gets_is_not_known() -> None:
    found = said(troposphere("restrict(role)", imports="from lib import restrict"), "troposphere")
    assert (found["EFS202"][0], found["EFS203"][0]) == ("fixable", "refused")


@pytest.mark.parametrize("is_later", [False, True])
def test_a_permissions_boundary_has_to_allow_the_mount(is_later: bool) -> None:
    arn = '"arn:aws:iam::123456789012:policy/b"'
    source = troposphere(
        f"role.PermissionsBoundary = {arn}" if is_later else "", role="" if is_later else f", PermissionsBoundary={arn}"
    )
    status, message = said(source, "troposphere")["EFS203"]
    assert (status, "has to allow elasticfilesystem:ClientMount" in message) == ("fixable", True)
