"""What a program does with the dict of a definition after it has written it."""

from __future__ import annotations

import ast

import pytest
from programs import boto3, said

from migrate.dialects.common.python.touches import Touches
from migrate.syntax.python import PythonDocument

REGISTER = "ecs.register_task_definition(**td)"
ROLE_TOUCHED = {
    "del": f'del td["taskRoleArn"]\n{REGISTER}',
    "del by a name": f'KEY = "taskRoleArn"\ndel td[KEY]\n{REGISTER}',
    "pop": f'td.pop("taskRoleArn", None)\n{REGISTER}',
    "update": f'td.update({{"taskRoleArn": ""}})\n{REGISTER}',
    "in a conditional expression": f'(td if x else {{}}).pop("taskRoleArn")\n{REGISTER}',
    "in a helper of a helper": f'def a(d):\n    d.pop("taskRoleArn")\ndef b(e):\n    a(d=e)\nb(td)\n{REGISTER}',
    "helper with any number of arguments": f'def strip(*ds):\n    for d in ds:\n        del d["taskRoleArn"]\nstrip(td)\n{REGISTER}',
    "helper with options": f'def strip(**ds):\n    del ds["d"]["taskRoleArn"]\nstrip(d=td)\n{REGISTER}',
    "update by keyword": f'td.update(taskRoleArn="")\n{REGISTER}',
    "comprehension": 'ecs.register_task_definition(**{k: v for k, v in td.items() if k != "taskRoleArn"})',
    "comprehension, not in": 'ecs.register_task_definition(**{k: v for k, v in td.items() if k not in ("taskRoleArn",)})',
    "copy": 'new = copy.deepcopy(td)\nnew["taskRoleArn"] = ""\necs.register_task_definition(**new)',
    "union": 'ecs.register_task_definition(**(td | {"taskRoleArn": ""}))',
    "helper": f'def strip(d):\n    del d["taskRoleArn"]\nstrip(td)\n{REGISTER}',
    "helper that returns it": 'def strip(d):\n    del d["taskRoleArn"]\n    return d\n'
    "ecs.register_task_definition(**strip(td))",
    "JSON": 'd = json.loads(json.dumps(td))\ndel d["taskRoleArn"]\necs.register_task_definition(**d)',
    "loop": 'for d in (td,):\n    del d["taskRoleArn"]\n    ecs.register_task_definition(**d)',
    "walrus": '(d := td).pop("taskRoleArn")\necs.register_task_definition(**d)',
    "method": "class Deploy:\n    def __init__(self, d):\n        self.d = d\n    def run(self):\n"
    '        del self.d["taskRoleArn"]\n        ecs.register_task_definition(**self.d)\nDeploy(td).run()',
}


@pytest.mark.parametrize("body", ROLE_TOUCHED.values(), ids=ROLE_TOUCHED)
def test_a_role_that_may_be_gone_cannot_mount(body: str) -> None:
    found = said(boto3(body), "boto3")
    assert found["EFS101"][0] == "fixable"
    assert found["EFS203"][0] == "refused"
    assert "may delete or replace the task role" in found["EFS203"][1]


@pytest.mark.parametrize("change", ['{"x": 1}, taskRoleArn=""', "load()", "**load()", "load(), x=1"], ids=str)
def test_a_definition_of_which_anything_may_be_replaced_is_left_alone(change: str) -> None:
    assert said(boto3(f"td.update({change})\n{REGISTER}"), "boto3")["EFS101"][0] == "refused"


@pytest.mark.parametrize(
    "body", ['td["taskRoleArn"] = None', '**{**td, "taskRoleArn": ""}', 'dict(td, taskRoleArn="")'], ids=str
)
def test_a_role_that_is_replaced_by_nothing_is_asked_for(body: str) -> None:
    call = f"{body}\n{REGISTER}" if body.startswith("td") else f"ecs.register_task_definition(**{body.lstrip('*')})"
    assert said(boto3(call), "boto3")["EFS203"][0] == "needs-input"


CHANGED = {
    "an unknown key": f'import os\ntd[os.environ["KEY"]] = ""\n{REGISTER}',
    "some keys": f"for key in list(td):\n    if key.startswith('t'):\n        del td[key]\n{REGISTER}",
    "a part in a helper": f'def move(d):\n    for v in d["volumes"]:\n        v["host"]["sourcePath"] += "/x"\n'
    f"move(td)\n{REGISTER}",
    "everything": f"td.clear()\n{REGISTER}",
    "code of another module": f"from lib import prepare\nprepare(td)\n{REGISTER}",
    "what code of another module returns": "from lib import prepare\necs.register_task_definition(**prepare(td))",
    "its JSON": 'text = json.dumps(td).replace("/mnt/efs", "/var/local")\necs.register_task_definition(**json.loads(text))',
    "its JSON in steps": 'text = json.dumps(td)\ntext = text.replace("/mnt", "/var")\n'
    "ecs.register_task_definition(**json.loads(text))",
    "each by a lambda": f'list(map(lambda v: v.update(host={{}}), td["volumes"]))\n{REGISTER}',
    "a generator": 'def each():\n    yield td\nfor d in each():\n    d["volumes"] = []\n    ecs.register_task_definition(**d)',
    "a decorator": "from lib import wrap\n@wrap\ndef made():\n    return td\necs.register_task_definition(**made())",
    "in a list": f"from lib import prepare\nprepare([td])\n{REGISTER}",
    "compared": f'assert td["volumes"] == VOLUMES\n{REGISTER}',
    "searched": f'assert "/mnt/efs/app" in json.dumps(td)\n{REGISTER}',
    "executed code": f'exec("td.clear()")\n{REGISTER}',
    "variables by name": f'globals()["td"]["volumes"] = []\n{REGISTER}',
    "its JSON in an f-string": 'text = f"{json.dumps(td)}".replace("efs", "x")\necs.register_task_definition(**json.loads(text))',
    "its JSON, split": 'text = "/var".join(json.dumps(td).split("/mnt"))\necs.register_task_definition(**json.loads(text))',
    "its JSON by a pattern": 'text = re.sub("/mnt/.*?/", "/x/", json.dumps(td))\n'
    "ecs.register_task_definition(**json.loads(text))",
}


@pytest.mark.parametrize("body", CHANGED.values(), ids=CHANGED)
def test_a_definition_that_is_changed_at_run_time_is_left_alone(body: str) -> None:
    status, message = said(boto3(body), "boto3")["EFS101"]
    assert status == "refused"
    assert "not possible here: line" in message


READ = {
    "subscript": 'import os\nos.makedirs(td["volumes"][0]["host"]["sourcePath"])',
    "loop": 'paths = {v["host"]["sourcePath"]: {"bind": "/d"} for v in td["volumes"]}',
    "get": 'print(td["volumes"][0].get("host", {}).get("sourcePath"))',
    "in": 'for v in td["volumes"]:\n    if "host" in v:\n        print(v["name"])',
    "helper": 'def show(volumes):\n    for v in volumes:\n        print(v["host"])\nshow(td["volumes"])',
    "lambda": 'print(list(map(lambda v: v["host"]["sourcePath"], td["volumes"])))',
    "pattern": 'for v in td["volumes"]:\n    match v:\n        case {"host": {"sourcePath": p}}:\n            print(p)',
    "name for the key": 'KEY = "ho" + "st"\nfor v in td["volumes"]:\n    print(v[KEY])',
    "keyword arguments": 'def show(name, host):\n    print(host)\nfor v in td["volumes"]:\n    show(**v)',
    "the answer of the API": 'for v in ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]["volumes"]:\n'
    '    print(v["host"]["sourcePath"])',
}


@pytest.mark.parametrize("body", READ.values(), ids=READ)
def test_a_host_path_that_code_reads_stays(body: str) -> None:
    status, message = said(boto3(f"{body}\n{REGISTER}"), "boto3")["EFS101"]
    assert status == "refused"
    assert "host path" in message.partition("not possible here")[2]


def test_a_host_path_in_a_constant_and_one_without_ecs() -> None:
    volume = '{"name": "data", "host": {"sourcePath": "/mnt/efs/app"}}'
    constant = boto3('import os\nos.makedirs(VOLUME["host"]["sourcePath"])\n' + REGISTER, volume="VOLUME")
    found = said(constant.replace("points =", f"VOLUME = {volume}\npoints ="), "boto3")
    assert "reads its host path" in found["EFS101"][1]
    local = f"""\
def run_local():
    spec = {{"containerDefinitions": [{{"name": "a"}}], "volumes": [{volume}]}}
    import docker
    docker.from_env().containers.run("x", volumes={{v["host"]["sourcePath"]: {{"bind": "/d"}} for v in spec["volumes"]}})
"""
    assert "line 4 reads its host path" in said(local, "boto3")["EFS101"][1]


def test_options_of_a_driver_that_code_reads_stay() -> None:
    volume = (
        '{"name": "data", "dockerVolumeConfiguration": {"driver": "local", "driverOpts": {"type": "nfs4", '
        '"device": ":/app", "o": "addr=fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com"}}}'
    )
    assert said(boto3(REGISTER, volume), "boto3")["EFS102"][0] == "fixable"
    read = 'print(td["volumes"][0]["dockerVolumeConfiguration"]["driverOpts"])\n' + REGISTER
    status, message = said(boto3(read, volume), "boto3")["EFS102"]
    assert (status, "reads its driver options" in message) == ("refused", True)


def test_a_root_directory_that_code_reads_stays() -> None:
    efs = '{"fileSystemId": "fs-0123456789abcdef0", "rootDirectory": "/app"}'
    volume = f'{{"name": "data", "efsVolumeConfiguration": {efs}}}'
    read = 'print(td["volumes"][0]["efsVolumeConfiguration"]["rootDirectory"])\n' + REGISTER
    found = said(boto3(read, volume), "boto3")
    assert found["EFS201"][0] == "fixable"
    assert (found["EFS202"][0], "reads its root directory" in found["EFS202"][1]) == ("refused", True)


UNHARMED = {
    "names": f'for v in td["volumes"]:\n    print(v["name"])\n{REGISTER}',
    "printed": f"print(json.dumps(td, indent=2))\n{REGISTER}",
    "written": f'with open("td.json", "w") as file:\n    json.dump(td, file)\n{REGISTER}',
    "an image": f'td["containerDefinitions"][0]["image"] = "y"\n{REGISTER}',
    "tags": f"td.update(tags=[])\n{REGISTER}",
    "a default": f'td.setdefault("tags", [])\n{REGISTER}',
    "without what is None": "ecs.register_task_definition(**{k: v for k, v in td.items() if v is not None})",
    "another text in its JSON": 'text = json.dumps(td).replace("TAG", "1.2")\n'
    "ecs.register_task_definition(**json.loads(text))",
    "compared with None": f'assert td["volumes"] is not None and td["family"] == "app"\n{REGISTER}',
    "lines of its JSON": f'print(len(json.dumps(td).split("\\n")))\n{REGISTER}',
    "another host": 'settings = json.load(open("s.json"))\nprint(settings["host"], settings["db"].get("host"))\n'
    + REGISTER,
    "passed on": "from lib import deploy\ndeploy(td)",
}


@pytest.mark.parametrize("body", UNHARMED.values(), ids=UNHARMED)
def test_what_does_not_touch_the_volumes_does_no_harm(body: str) -> None:
    found = said(boto3(body), "boto3")
    assert (found["EFS101"][0], found["EFS203"][0]) == ("fixable", "fixable")


# -- touches by themselves ----------------------------------------------------------------------------------------------


def touched(text: str) -> str:
    """What a program does with a dict, as `kind path`."""
    document = PythonDocument(f"td = {{'a': {{'b': 1}}, 'l': [{{'c': 1}}]}}\n{text}\n")
    made = next(one for one in document.names.places if isinstance(one, ast.Dict))
    found = Touches(document).of(made, document.names.places[made])
    words = {f"{t.kind} {'.'.join('*' if key is None else str(key) for key in t.path)} {t.word or ''}" for t in found}
    return ", ".join(sorted(word.strip() for word in words))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("td['a']['b'] = 2", "change a.b, read a"),
        ("td['a']['b']", "read a, read a.b"),
        ("del td['a']", "change a"),
        ("td[k] = 1", "change *"),
        ("td.pop('a')", "change a, read a"),
        ("td.get('a')", "read a"),
        ("td.setdefault('a', 1)", "change a, read a"),
        ("td.update({'a': 1})", "change a"),
        ("td.update(a=1)", "change a"),
        ("td.update(f())", "change"),
        ("td.update({'a': 1}, b=2)", "change"),
        ("td.update(**f())", "change"),
        ("td.clear()", "change"),
        ("td['l'].append(1)", "add l, read l"),
        ("td['l'] += [1]", "change l"),
        ("td |= {'a': 1}", "change a"),
        ("x = td | {'a': 1}", "change a"),
        ("x = {**td, 'a': 1}", "change a"),
        ("for x in td['l']:\n  x['c'] = 2", "change l.*.c, read l"),
        ("for k, v in td.items():\n  v['z'] = 1", "change *.*.z"),
        ("'a' in td", "read a"),
        ("k in td", ""),
        ("print(td)", ""),
        ("f(td)", "hand  f()"),
        ("f(json.dumps(td))", ""),
        ("x = copy.deepcopy(td)\nx['a'] = 1", "change a"),
        ("json.dumps(td).replace('b', 'c')", "replace  b"),
        ("re.sub('x', 'y', json.dumps(td))", "replace"),
        ("string.Template(json.dumps(td)).substitute(x=1)", "replace"),
        ("def g(d):\n  d['a'] = 1\ng(td)", "change a"),
        ("def g(*d):\n  d[0]['a'] = 1\ng(td)", "change a, read"),
        ("def g(**d):\n  d['x']['a'] = 1\ng(x=td)", "change a, read"),
        ("def g():\n  return td\ng()['a'] = 1", "change a"),
        ("x = td if c else {}\nx['a'] = 1", "change a"),
        ("x = 1 if td else 2\nx['a'] = 1", ""),
        ("x = [td]\nx[0]['a'] = 1", "change a, read"),
        ("x = {k: v for k, v in td.items() if k != 'a'}", "change a"),
        ("x = {k: v for k, v in td.items() if k not in ('a', 'l')}", "change a, change l"),
    ],
)
def test_touches(text: str, expected: str) -> None:
    assert touched(text) == expected
