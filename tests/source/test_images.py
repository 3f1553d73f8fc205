"""images.yaml as it is read: what it stands for in deploy.yaml, and what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

import fastjsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jvbundler.pipeline.compile import compile_project
from jvbundler.pipeline.images import with_image
from jvbundler.pipeline.request import Options
from jvbundler.source.images import parse_images
from jvbundler.source.load import Source, load_source
from jvbundler.values.node import find, plain
from jvbundler.values.packaged import packaged_text
from jvbundler.values.problem import InputError, Problem
from jvbundler.values.reference import DIGEST, REPOSITORY, TAG, Reference, parse_reference
from tests.deploy.app import write_app

SHA = "sha256:" + "ab" * 32


def loaded(folder: Path, deploy: str, images: str, **given: str) -> tuple[Source, tuple[Problem, ...]]:
    (folder / "deploy.yaml").write_text(deploy)
    (folder / "images.yaml").write_text(images)
    source, problems = load_source(
        folder / "deploy.yaml", "deploy.yaml", environ={}, assignments=tuple(given.items())
    )
    assert source is not None
    return source, problems


def test_it_counts_instead_of_deploy_yaml_and_the_command_line_instead_of_it(tmp_path: Path) -> None:
    deploy = (
        "kubernetes: {registry: {url: ghcr.io/a, tag: old, digest: " + SHA + "}}\nenvironments: {dev: {}}\n"
    )
    images = 'dev:\n  kubernetes:\n    tag: 1.10 # {"$imagepolicy": "flux-system:a:tag"}\n'
    source, problems = loaded(tmp_path, deploy, images)
    registry = find(source.environments["dev"], ("kubernetes", "registry"))
    assert registry
    assert plain(registry) == {"url": "ghcr.io/a", "tag": 1.1, "digest": ""}
    tag = find(registry, ("tag",))
    assert tag
    assert (tag.text, tag.comment, tag.place.file) == (
        "1.10",
        '{"$imagepolicy": "flux-system:a:tag"}',
        "images.yaml",
    )
    assert plain(source.base)["kubernetes"]["registry"]["tag"] == "old", "the base is of all environments"
    assert [problem.rule for problem in problems] == ["JVB124", "JVB124"]
    source, _ = loaded(tmp_path, deploy, images, **{"kubernetes.registry.tag": "mine"})
    assert plain(source.environments["dev"])["kubernetes"]["registry"]["tag"] == "mine"


def test_an_app_with_one_environment_calls_it_default(tmp_path: Path) -> None:
    source, problems = loaded(tmp_path, "kubernetes: {enabled: true}\n", "default: {kubernetes: {tag: a}}\n")
    assert problems == ()
    assert plain(source.base)["kubernetes"]["registry"] == {"digest": "", "tag": "a"}


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "dev:\n", "dev: {}\n"])
def test_a_file_that_says_nothing_changes_nothing(tmp_path: Path, text: str) -> None:
    source, problems = loaded(tmp_path, "environments: {dev: {}}\n", text)
    assert problems == ()
    assert plain(source.environments["dev"]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "default: {kubernetes: {repository: ghcr.io/acme/support}}",
        "default: {kubernets: {tag: 1.2.3}}",
        "default: [1.2.3]",
        "prod: {kubernetes: {tag: 1.2.3}}",
        "default: {",
        "default: {kubernetes: {repository: '${REGISTRY}', tag: 1.2.3}}",
    ],
)
def test_no_rule_judges_the_image_of_a_broken_file(tmp_path: Path, text: str) -> None:
    """Without the file the image would have no registry (JVB444), and a tag that says nothing (JVB505)."""
    write_app(tmp_path, "image: {tag: latest}\nkubernetes: {enabled: true}\n")
    app = tmp_path / "support"
    assert {"JVB444", "JVB505"} <= rules(app)
    (app / "images.yaml").write_text(text)
    found = rules(app)
    assert found & {"JVB123", "JVB101"}
    assert not found & {"JVB444", "JVB505"}


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    write_app(tmp_path, "kubernetes: {enabled: true}\n")
    text = "default: {kubernetes: {digest: sha256:12}, lambda: {tag: 'a b'}}\nprod: {}\n"
    (tmp_path / "support/images.yaml").write_text(text)
    assert {"JVB103", "JVB123"} <= rules(tmp_path / "support")
    with pytest.raises(InputError) as failure:
        compile_project(tmp_path / "support", "support", Options(environ={}))
    wrong = [problem for problem in failure.value.problems if problem.is_error]
    assert [problem.rule for problem in wrong] == ["JVB123", "JVB103", "JVB103", "JVB123"]
    assert {problem.place.file for problem in wrong} == {"support/images.yaml"}


def rules(app: Path) -> set[str]:
    try:
        return {problem.rule for problem in compile_project(app, "support", Options(environ={})).problems}
    except InputError as failure:
        return {problem.rule for problem in failure.problems}


@pytest.mark.parametrize("name", ["../images.yaml", "/etc/images.yaml", "a/../../images.yaml"])
def test_the_file_is_below_the_folder_of_deploy_yaml(tmp_path: Path, name: str) -> None:
    (tmp_path / "app").mkdir()
    source, problems = loaded(
        tmp_path / "app", f"image: {{file: {name}}}\n", "default: {kubernetes: {tag: a}}\n"
    )
    assert not source.images.exists
    assert problems == (), "the schema says it"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "theirs.yaml").write_text("default: {kubernetes: {tag: a}}\n")
    (tmp_path / "app/deploy.yaml").write_text("kubernetes: {enabled: true}\n")
    (tmp_path / "app/images.yaml").symlink_to(tmp_path / "theirs.yaml")
    _, problems = load_source(tmp_path / "app/deploy.yaml", "deploy.yaml", environ={})
    assert [problem.rule for problem in problems] == ["JVB207"]


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("dev: {kubernetes: {tag: 1.10}}", True),
        (f"dev: {{lambda: {{repository: a.b/c, tag: x, digest: '{SHA}'}}}}", True),
        ("dev: {kubernetes: {digest: x}}", False),
        ("dev: {k8s: {tag: x}}", False),
        ("dev: {kubernetes: {tag: x, name: y}}", False),
        ("dev: {kubernetes: x}", False),
        ("dev: [x]", False),
    ],
)
def test_its_schema_says_the_same(text: str, *, is_valid: bool) -> None:
    _, problems = parse_images(text.encode(), "images.yaml", ["dev"])
    assert (problems == ()) is is_valid
    check = fastjsonschema.compile(yaml.safe_load(packaged_text("schemas/images.schema.json")))
    if is_valid:
        check(yaml.safe_load(text))
    else:
        with pytest.raises(fastjsonschema.JsonSchemaValueException):
            check(yaml.safe_load(text))


REFERENCES = st.builds(
    Reference,
    st.from_regex(REPOSITORY, fullmatch=True).filter(lambda text: len(text) <= 255),
    st.from_regex(TAG, fullmatch=True),
    st.just("") | st.from_regex(DIGEST, fullmatch=True),
)


@given(REFERENCES)
def test_a_reference_reads_as_it_is_written(image: Reference) -> None:
    assert parse_reference(str(image)) == image


@given(REFERENCES, st.sampled_from(["", "dev:\n  kubernetes:\n    tag: old # kept\n", "# only a comment\n"]))
def test_an_edit_reads_back_as_this_image_and_keeps_comments(image: Reference, before: str) -> None:
    text = with_image(before, "dev", "kubernetes", image)
    trees, problems = parse_images(text.encode(), "images.yaml", ["dev"])
    assert problems == ()
    registry = plain(trees["dev"])["kubernetes"]["registry"]
    assert {name: str(value) for name, value in registry.items()} == image._asdict()
    assert all(comment in text for comment in re.findall("#.*", before))
