"""Of a file with a mistake, the rules judge what is known, and nothing that the user did not write."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvbundler.pipeline.compile import compile_project
from jvbundler.pipeline.request import Options
from jvbundler.project.keys import load_schema
from jvbundler.project.known import FIELDS, KnownEnvironment, KnownPart, fields, known_part
from jvbundler.project.model import Environment, Unknown
from jvbundler.values.problem import InputError, Problem
from tests.rules.cases import CASES, INVALID, arguments, checkout, environ
from tests.rules.projects import project
from tests.test_schema_effect import documents, keys

WRONG = {"no": {"such": "thing"}}


@pytest.mark.parametrize(("path", "schema"), [pytest.param(p, s, id=p) for p, s in keys(load_schema())])
def test_each_field_of_an_environment_is_known_to_follow_from_its_keys(
    path: str, schema: dict[str, Any]
) -> None:
    base, changed = documents(path, schema)
    before = built(base)
    follows = {*fields(tuple(path.replace("[]", "").split("."))), "node", "settings"}
    for document in changed:
        after = built(document)
        assert {n for n in Environment._fields if getattr(after, n) != getattr(before, n)} <= follows


def built(document: dict[str, Any]) -> Environment:
    from jvbundler.project.build import build_project
    from jvbundler.source.load import parse_source
    from tests.rules.projects import support_app

    source, _ = parse_source(yaml.safe_dump(document).encode(), "deploy.yaml", environ={})
    assert source is not None
    made, problems = build_project(source, support_app())
    assert made is not None, problems
    return made.environments[0]


def test_every_field_is_one_of_an_environment() -> None:
    assert {field for names in FIELDS.values() for field in names} <= set(Environment._fields)


def test_an_unknown_setting_cannot_be_read_in_any_way() -> None:
    part = known_part({"a": 1, "b": {"c": 2, "d": 3}}, [("b", "c")])["b"]
    assert isinstance(part, KnownPart)
    assert (part["d"], part.get("d"), part.get("e", 5)) == (3, 3, 5)
    assert "c" in part
    for read in (
        lambda: part["c"],
        lambda: part.get("c"),
        lambda: list(part),
        lambda: {**part},
        lambda: bool(part),
    ):
        with pytest.raises(Unknown):
            read()


def test_a_field_that_follows_from_it_cannot_be_read() -> None:
    environment = KnownEnvironment(*project("kubernetes: {enabled: true}\n").environments[0])
    environment.unknown = frozenset({"image_tag"})
    assert environment.image_name == "acme-support"
    for name in ("image_tag", "kubernetes_image"):
        with pytest.raises(Unknown):
            getattr(environment, name)


@pytest.mark.parametrize("case", [case for case in CASES if (INVALID / case / "deploy.yaml").is_file()])
def test_a_mistake_makes_no_rule_find_more(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each key of the case in turn gets a value of the wrong type."""
    app = checkout(case, tmp_path / "app", neighbour=True)
    monkeypatch.chdir(app)
    text = (app / "deploy.yaml").read_text("utf-8") if (app / "deploy.yaml").exists() else ""
    document = yaml.safe_load(text) or {}
    allowed = {said(p) for p in found(case, app, text)}
    for path in leaves(document):
        spoiled = yaml.safe_dump(with_value(document, path, WRONG), sort_keys=False)
        more = {said(p) for p in found(case, app, spoiled)} - allowed
        assert {what for what in more if not what.startswith(("JVB1", "JVB9"))} == set(), path


def test_a_key_in_the_wrong_place_is_not_judged_by_its_default_in_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kubernetes.replicas` means `kubernetes.deployment.replicas`, whose default is one pod."""
    case = "JVB405-all-must-stay"
    app = checkout(case, tmp_path / "app", neighbour=True)
    monkeypatch.chdir(app)
    document = yaml.safe_load((app / "deploy.yaml").read_text("utf-8"))
    document["kubernetes"]["pod_disruption_budget"]["enabled"] = True
    del document["kubernetes"]["deployment"]["replicas"]
    assert "JVB405" in rules_of(found(case, app, yaml.safe_dump(document)))
    document["kubernetes"]["replicas"] = 3
    rules = rules_of(found(case, app, yaml.safe_dump(document)))
    assert "JVB104" in rules
    assert "JVB405" not in rules


def rules_of(problems: Iterable[Problem]) -> set[str]:
    return {problem.rule for problem in problems}


def found(case: str, app: Path, text: str) -> tuple[Problem, ...]:
    (app / "deploy.yaml").write_text(text, encoding="utf-8")
    options = Options(environ=environ(INVALID / case), assignments=tuple(arguments(INVALID / case)[0]))
    try:
        return compile_project(app, ".", options).problems
    except InputError as failure:
        return failure.problems


def said(problem: Problem) -> str:
    """Without the environments that have it, as a spoiled one may no longer be among them."""
    message = re.sub(r"^in ('[^']*'(, )?)+: ", "", problem.message)
    return f"{problem.rule} {message}"


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, child in value.items() if isinstance(value, dict) else ():
        if isinstance(child, dict) and child:
            yield from leaves(child, (*path, key))
        else:
            yield (*path, key)


def with_value(document: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    result = copy.deepcopy(document)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return result
