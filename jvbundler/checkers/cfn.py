"""Checks SAM and CloudFormation templates with cfn-lint: the text, and its expansion by AWS.

cfn-lint does not expand SAM, so the text alone hides most mistakes in functions and APIs; samtranslator is
AWS's own expansion. Both come with `jvbundler[validate]`; neither uses a network or credentials.
"""
# Neither package has types.
# mypy: disable-error-code="import-untyped, no-any-return"

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from jvbundler.checkers.manifest import dotted, place_of
from jvbundler.values.problem import Place, Problem, Severity, error, problem

if TYPE_CHECKING:
    import yaml
    from cfnlint.match import Match

TRANSLATOR_RULE = "samtranslator"
# The region whose resource types and limits count; AWS introduces each of them here first.
REGION = "us-east-1"
SAM_TRANSFORM = "AWS::Serverless-2016-10-31"

Path = tuple["str | int", ...]


def available() -> bool:
    """Whether `jvbundler[validate]` is installed; imports nothing."""
    from importlib.util import find_spec

    return find_spec("cfnlint") is not None and find_spec("samtranslator") is not None


def check_template(path: str, text: str) -> tuple[Problem, ...]:
    """Every finding of cfn-lint on the text, and its errors on the expansion, placed in the text."""
    template, unreadable = _decoded(text)
    if unreadable:
        return tuple(_problem_in_text(path, match) for match in unreadable)
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        # cfn-lint itself fails on these.
        return (error("cfn-lint", Place(path), "not a template: it has no mapping 'Resources'"),)
    on_text = _lint(text)
    problems = [_problem_in_text(path, match) for match in on_text]
    if SAM_TRANSFORM in json.dumps(template.get("Transform", "")):
        problems += _problems_in_expansion(path, text, template, on_text)
    return tuple(sorted(problems, key=lambda problem: problem.place))


def _problems_in_expansion(
    path: str, text: str, template: dict[str, Any], on_text: Sequence[Match]
) -> Iterator[Problem]:
    import yaml
    from samtranslator.model.exceptions import InvalidDocumentException

    root: yaml.Node = yaml.compose(text)  # type: ignore[assignment]
    try:
        expanded = _expansion(template)
    except InvalidDocumentException as failure:
        for cause in failure.causes:
            place = place_of(path, root, _path_in_text(root, ("Resources", _logical_id(cause.message))))
            yield error(TRANSLATOR_RULE, place, cause.message)
        return
    said = {(match.rule.id, _path(match)) for match in on_text}
    for match in _lint(json.dumps(expanded)):
        where = _path(match)
        if match.rule.severity == "error" and (match.rule.id, where) not in said:
            place = place_of(path, root, _path_in_text(root, where))
            yield error(_rule(match), place, f"as SAM expands it, {dotted(where)}: {match.message}")


def _expansion(template: dict[str, Any]) -> dict[str, Any]:
    """What CloudFormation gets; the waivers in a resource's Metadata are kept."""
    import logging

    from samtranslator.metrics.metrics import Metrics
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import (
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    # It logs which of AWS's own switches are off; what is wrong with a template, it raises.
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    # A real boto3 session would read the user's AWS configuration, and only the region is needed.
    session = cast(Any, SimpleNamespace(region_name=REGION))
    metrics = Metrics("jvbundler")
    parameters: dict[str, Any] = {}
    to_py27_compatible_template(template, parameters)
    translator = Translator(None, Parser(), boto_session=session, metrics=metrics)
    try:
        # samtranslator knows AWS's managed policies; the last argument would ask IAM for more.
        expanded = translator.translate(
            template, parameters, passthrough_metadata=True, get_managed_policy_map=dict
        )
    finally:
        # It sends nothing, but unpublished metrics cause a warning on stderr.
        metrics.publish()
    return undo_mark_unicode_str_in_template(expanded)


def _decoded(text: str) -> tuple[Any, list[Match]]:
    """The template as plain dicts, its short intrinsics (`!Ref`) written out."""
    from cfnlint.decode.decode import decode_str

    template, unreadable = decode_str(text)
    # An unquoted date is text to CloudFormation.
    return json.loads(json.dumps(template, default=str)), unreadable


def _lint(text: str) -> list[Match]:
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    # An empty configuration file, so that no .cfnlintrc of this machine changes the result.
    settings = {"regions": [REGION], "config_file": os.devnull}
    return lint(text, config=cast(ManualArgs, settings))


def _problem_in_text(path: str, match: Match) -> Problem:
    severity: Severity = "error" if match.rule.severity == "error" else "warning"
    where = dotted(_path(match))
    message = f"{where}: {match.message}" if where else match.message
    return problem(_rule(match), severity, Place(path, match.linenumber, match.columnnumber), message)


def _rule(match: Match) -> str:
    return f"cfn-lint {match.rule.id}"


def _path(match: Match) -> Path:
    return tuple(getattr(match, "path", None) or ())


def _logical_id(message: str) -> str:
    found = re.search(r"Resource with id \[(\w+)\]", message)
    return found[1] if found else ""


def _path_in_text(root: yaml.Node, path: Path) -> Path:
    """The path under the resource that was written: SAM makes `AppRole` and `AppAliaslive` from `App`."""
    if len(path) < 2 or path[0] != "Resources":
        return path
    resources = _child(root, "Resources")
    written = [key.value for key, _ in resources.value] if resources else []
    owners = [name for name in written if str(path[1]).startswith(name)]
    return ("Resources", max(owners, key=len), *path[2:]) if owners else path


def _child(node: yaml.Node, name: str) -> yaml.MappingNode | None:
    import yaml

    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == name and isinstance(value, yaml.MappingNode):
            return value
    return None
