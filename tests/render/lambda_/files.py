"""deploy.yaml as text → the files of the Lambda target, and how CloudFormation's tools read them."""

# samtranslator has no types.
# mypy: disable-error-code="import-untyped, no-any-return"

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from jvbundler.app.model import App
from jvbundler.project.build import build_project
from jvbundler.project.model import Project
from jvbundler.render.lambda_.target import render
from jvbundler.source.load import Source, parse_source
from jvbundler.values.node import Node
from jvbundler.values.problem import Place

# The same package, under the name that it had before it joined Python.
toml: Callable[[str], dict[str, Any]] = import_module(
    "tomllib" if sys.version_info >= (3, 11) else "tomli"
).loads

# What the account would answer at deployment; parameters that a template does not have are not used.
PARAMETER_VALUES = {
    "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/acme-support:1.2.3",
    "SubnetIds": "subnet-0123456789abcdef0",
    "SecurityGroupIds": "sg-0123456789abcdef0",
    "FileSystemId": "fs-0123456789abcdef0",
    "DomainName": "api.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    "FilesBucketName": "acme-support-files",
}


def app(*configured: tuple[str, str], description: str = "Answers support questions") -> App:
    return App(
        root=Path("acme"),
        shown_as="acme",
        id="acme_support",
        version="1.2.3",
        title="",
        description=description,
        author="",
        license="",
        homepage="",
        agents=(),
        actions=(),
        unlisted=(),
        requirements=(),
        requirements_file=False,
        lock=None,
        variables=(),
        configured=configured,
        has_env_file=False,
        jvagent_version="0.1.7",
        requires_python="",
        jvspatial="==0.0.17",
    )


def project(deploy_yaml: str, of: App | None = None) -> Project:
    source, problems = parse_source(deploy_yaml.encode(), "deploy.yaml", environ={})
    assert source is not None, problems
    built, more = build_project(source, of or app())
    assert built is not None, (problems, more)
    return built


def files(deploy_yaml: str, of: App | None = None) -> dict[str, str]:
    """The rendered files by path."""
    return {artifact.path: artifact.text for artifact in render(project(deploy_yaml, of))}


def files_of(document: dict[str, Any]) -> dict[str, str]:
    """The same for a document whose texts stand as they are: no `${NAME}` in them is looked up."""
    built, problems = build_project(Source("deploy.yaml", node(document), {}), app())
    assert built is not None, problems
    return {artifact.path: artifact.text for artifact in render(built)}


def node(value: Any) -> Node:
    if isinstance(value, dict):
        return Node({key: node(child) for key, child in value.items()}, Place("deploy.yaml"))
    if isinstance(value, list):
        return Node([node(child) for child in value], Place("deploy.yaml"))
    return Node(value, Place("deploy.yaml"))


class CloudFormationLoader(yaml.SafeLoader):
    """`!Ref X` as `{"Ref": "X"}`, and `!Sub` and the like in their long forms."""


def intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)
    value = loader.construct_scalar(node)
    return {name: value.split(".", 1) if suffix == "GetAtt" else value}


CloudFormationLoader.add_multi_constructor("!", intrinsic)


def parsed(template: str) -> dict[str, Any]:
    return yaml.load(template, CloudFormationLoader)


def template(deploy_yaml: str, of: App | None = None) -> dict[str, Any]:
    """template.yaml of the only environment."""
    return parsed(files(deploy_yaml, of)["lambda/default/template.yaml"])


def expanded(template: str, **values: str) -> dict[str, Any]:
    """The CloudFormation template that the SAM transform makes of `template`."""
    managed_policies: dict[str, str] = {}
    translator = Translator(managed_policies, Parser(), boto_session=SimpleNamespace(region_name="us-east-1"))
    return translator.translate(parsed(template), {**PARAMETER_VALUES, **values})


def own_name(root: str) -> dict[str, object]:
    """As a stack of the same name that was deleted kept its groups, the stack's id is part of the name."""
    identity = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    return {"Fn::Join": ["/", [root, {"Ref": "AWS::StackName"}, identity]]}
