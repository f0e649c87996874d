"""Texts that hold the words of volumes: those that only talk about them cost no parse, and none with a volume is passed over."""

from __future__ import annotations

import pytest

from migrate.files.language import DATA, JSON, PYTHON, YAML, Language
from migrate.files.screen import screen

SERVICE_MODEL = """\
{"shapes": {"Volume": {"type": "structure", "members": {
  "host": {"shape": "HostVolumeProperties"},
  "efsVolumeConfiguration": {"shape": "EFSVolumeConfiguration", "documentation": "<p>The <code>efsVolumeConfiguration</code>: see"}}},
 "EFSVolumeConfiguration":{"type":"structure","required":["fileSystemId"]},
 "HostVolumeProperties": {"type": "structure", "members": {"sourcePath": {"shape": "String"}}}}}
"""
JSON_SCHEMA = """\
{"$schema": "http://json-schema.org/draft-07/schema#", "typeName": "AWS::ECS::TaskDefinition", "definitions": {
  "EFSVolumeConfiguration": {"additionalProperties": false, "required": ["FilesystemId"]},
  "Volume": {"properties": {"EFSVolumeConfiguration": {"$ref": "#/definitions/EFSVolumeConfiguration"},
    "Host": {"properties": {"SourcePath": {"type": ["string", "null"]}}}},
    "dependentExcluded": {"EFSVolumeConfiguration": ["DockerVolumeConfiguration"]}}},
 "createOnlyProperties": ["/properties/Volumes/*/EFSVolumeConfiguration", "/properties/Volumes/*/Host/SourcePath"]}
"""
RESOURCE_SPECIFICATION = """\
{"PropertyTypes": {"AWS::ECS::TaskDefinition.EFSVolumeConfiguration": {"Documentation": "http://docs.aws.amazon.com/x"},
 "AWS::ECS::TaskDefinition.Volume": {"Properties": {
    "EFSVolumeConfiguration": {"Documentation": "http://docs.aws.amazon.com/x", "Required": false}}}}}
"""
CRD = """\
kind: CustomResourceDefinition
spec:
  versions:
  - schema:
      openAPIV3Schema:
        properties:
          efsVolumeConfiguration:
            description: efsVolumeConfiguration, as in the API
            properties:
              fileSystemID: {type: string}
          host:
            properties:
              sourcePath:
                type: string
"""
LOCK = '{"packages": {"node_modules/@cdk/efs-volumes": {"version": "1.0.0"}, "node_modules/host-source-path": {}}}\n'
LINTER = (
    '{"op": "add", "path": "/definitions/EFSVolumeConfiguration/properties/RootDirectory/pattern", "value": "^/"}\n'
)
BINDINGS = "import jsii\nclass EfsVolumeConfiguration:\n    def __init__(self, *, root_directory=None): ...\npublication.publish()\n"
TYPED = 'class Volume(TypedDict):\n    efsVolumeConfiguration: NotRequired["EFSVolumeConfigurationTypeDef"]\n'
TROPOSPHERE = """\
class EFSVolumeConfiguration(AWSProperty):
    \"\"\"`EFSVolumeConfiguration <http://docs.aws.amazon.com/aws-properties-ecs-taskdefinition-efsvolumeconfiguration.html>`__\"\"\"
class Volume(AWSProperty):
    props: PropsDictType = {"EFSVolumeConfiguration": (EFSVolumeConfiguration, False)}
class Host(AWSProperty):
    props: PropsDictType = {"SourcePath": (str, False)}
"""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param(SERVICE_MODEL, JSON, id="service model"),
        pytest.param(SERVICE_MODEL.replace("\n", "").replace(": ", ":"), JSON, id="minified service model"),
        pytest.param(JSON_SCHEMA, JSON, id="JSON schema"),
        pytest.param(RESOURCE_SPECIFICATION, JSON, id="resource specification"),
        pytest.param(CRD, YAML, id="definition of a custom resource"),
        pytest.param(CRD.replace("\n", "\r\n"), YAML, id="with CRLF"),
        pytest.param(LOCK, JSON, id="package lock"),
        pytest.param(LINTER, JSON, id="linter's patch"),
        pytest.param("- We now support efsVolumeConfiguration, see the guide.\n", YAML, id="prose"),
        pytest.param("resourcePath: /x\nhost: example.com\n", YAML, id="the path of a resource"),
        pytest.param(BINDINGS, PYTHON, id="bindings by jsii"),
        pytest.param(TYPED, PYTHON, id="typed dictionaries"),
        pytest.param(TROPOSPHERE, PYTHON, id="classes of a library"),
    ],
)
def test_what_only_talks_about_volumes_costs_no_parse(text: str, language: Language) -> None:
    assert not screen(text.encode(), language)


VOLUME = '{"name": "d", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}'


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param(SERVICE_MODEL + VOLUME, JSON, id="model with an example"),
        pytest.param(f'{{"$schema": "https://ecs-intellisense/schema.json", "volumes": [{VOLUME}]}}', JSON, id="named schema"),
        pytest.param('{"type": "object", "efsVolumeConfiguration": {}}', JSON, id="empty"),
        pytest.param('{"efsVolumeConfiguration": "${efs}"}', JSON, id="placeholder"),
        pytest.param('{"efsVolumeConfiguration": ${efs}}', JSON, id="bare placeholder"),
        pytest.param('{"efsVolumeConfig": {"fileSystemId": "fs-1"}}', JSON, id="misspelt"),
        pytest.param("efsVolumeConfiguration:  # description:\n  fileSystemId: fs-1\n", YAML, id="comment"),
        pytest.param("efsVolumeConfiguration: &efs\n  type: x\n", YAML, id="anchor"),
        pytest.param("efsVolumeConfiguration: *efs\n", YAML, id="alias"),
        pytest.param("efsVolumeConfiguration: !If [A, {FilesystemId: fs-1}, !Ref AWS::NoValue]\n", YAML, id="condition"),
        pytest.param('{"Body": "{\\"host\\": {\\"sourcePath\\": \\"/mnt/efs\\"}}"}', JSON, id="embedded"),
        pytest.param('{"Body": "x:\\nefsVolumeConfiguration:\\n  a: b"}', JSON, id="embedded YAML"),
        pytest.param("- {op: replace, path: /Resources/T/Properties/Volumes/0/Host/SourcePath, value: /mnt/efs}\n", YAML, id="patch"),
        pytest.param("# schema: {efsVolumeConfiguration: {type: object}}\nhost:\n  sourcePath: /mnt/efs\n", YAML, id="both"),
        pytest.param("host: {? sourcePath : /mnt/efs}\n", YAML, id="explicit key"),
        pytest.param("from aws_cdk.aws_ecs import EfsVolumeConfiguration as Efs\nEfs(file_system_id=f)\n", PYTHON, id="import"),
        pytest.param('"__jsii_type__"\nvolume["efsVolumeConfiguration"] = x\n', PYTHON, id="mark of jsii in a string"),
        pytest.param(TROPOSPHERE + "Volume(Host=Host(SourcePath=path))\n", PYTHON, id="library that makes a volume"),
        pytest.param("Volume(Host(source_path), False)\n", PYTHON, id="argument before False"),
    ],
)  # fmt: skip
def test_what_may_hold_a_volume_is_parsed(text: str, language: Language) -> None:
    assert screen(text.encode(), language)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("MountPoints: [{SourceVolume: d}]\nVolumes: !FindInMap [Vols, !Ref Env, All]\n", True),
        ('"MountPoints": [{"SourceVolume": "d"}], "Volumes": {"Fn::GetAtt": ["Custom", "Volumes"]}', True),
        ("SourceVolume: d\nVolumes:\n  - !GetAtt Custom.Volume\n", True),
        ('{"mountPoints": [{"sourceVolume": "d"}], "volumes": ${volumes}}', True),
        ('{"mountPoints": [{"sourceVolume": "d"}], "volumes": "{{ volumes }}"}', True),
        ("SourceVolume: d\nVolumes:\n  - Name: d\n", False),
        ("SourceVolume: d\nVolumes: !If [Prod, [{Name: d}], []]\n", False),
        ('{"mountPoints": [{"sourceVolume": "d"}], "volumes": [{"name": "d"}]}', False),
        ("storage:\n  volumes:\n    d: {path: /d, efs: {id: fs-1}}\n", True),
        ("storage:\n  volumes:\n    d: {path: /d}\n", False),
        ("type: aws:ecs:TaskDefinition\nproperties: {volumes: [{name: d, hostPath: /mnt/efs}]}\n", True),
        ("kind: Pod\nspec: {volumes: [{name: d, hostPath: {path: /mnt/efs}}]}\n", False),
    ],
)
def test_volumes_without_any_of_the_words(text: str, parsed: bool) -> None:
    assert screen(text.encode(), DATA) is parsed
