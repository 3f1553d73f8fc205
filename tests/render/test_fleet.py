"""The root of a fleet, and what an app of one is told of it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from jvbundler.project.gitops import FleetPath, fleet_fault, fleet_path
from jvbundler.project.model import Project
from jvbundler.render import readme
from jvbundler.render.fleet import go_text, render_roots
from jvbundler.render.gitops import render
from tests.rules.projects import project

KUBERNETES = "kubernetes: {enabled: true, registry: {url: r.io}}\n"
URL = "https://git.example.com/a/b.git"


def app(gitops: str, path: str = "gitops/support", more: str = "") -> Project:
    text = f"{KUBERNETES}gitops: {{repo_url: '{URL}', fleet: {{enabled: true}}, {gitops}}}\n{more}"
    return project(text)._replace(repository_path=path, folder="support")


def roots(made: Project) -> dict[str, list[dict[str, Any]]]:
    return {root.artifact.path: list(yaml.safe_load_all(root.artifact.text)) for root in render_roots(made)}


def test_one_application_set_finds_the_apps_by_their_folders() -> None:
    [found] = roots(app("argocd: {enabled: true}"))["argocd/default.yaml"]
    assert found == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "fleet", "namespace": "argocd"},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [
                {
                    "git": {
                        "repoURL": URL,
                        "revision": "main",
                        "directories": [{"path": "gitops/*/kubernetes/rendered/default"}],
                    }
                }
            ],
            "syncPolicy": {"preserveResourcesOnDeletion": True},
            "template": {
                "metadata": {
                    "name": "{{ index .path.segments 1 }}",
                    "annotations": {"argocd.argoproj.io/manifest-generate-paths": "."},
                },
                "spec": {
                    "project": "default",
                    "source": {"repoURL": URL, "targetRevision": "main", "path": "{{ .path.path }}"},
                    "destination": {"server": "https://kubernetes.default.svc"},
                    "syncPolicy": {
                        "automated": {"prune": True, "selfHeal": True},
                        "syncOptions": ["ServerSideApply=true"],
                    },
                },
            },
        },
    }


def test_flux_has_a_source_for_all_and_one_that_lists_them() -> None:
    source, listed, kustomization = roots(app("flux: {enabled: true, secret_name: key}"))["flux/default.yaml"]
    assert [source["metadata"]["name"], listed["metadata"]["name"]] == ["fleet", "fleet-apps"]
    assert source["spec"]["ignore"] == "/*\n!/gitops/*/kubernetes/rendered/default\n"
    assert listed["spec"]["ignore"] == "/*\n!/gitops/*/gitops/flux/default.yaml\n"
    for each in (source, listed):
        spec = {**each["spec"], "ignore": ""}
        assert spec == {
            "interval": "5m",
            "url": URL,
            "ref": {"branch": "main"},
            "secretRef": {"name": "key"},
            "ignore": "",
        }
    assert kustomization["spec"] == {
        "interval": "5m",
        "wait": False,
        "prune": True,
        "sourceRef": {"kind": "GitRepository", "name": "fleet-apps"},
        "path": "./",
    }


def test_an_app_of_a_fleet_has_a_kustomization_and_no_source_of_its_own() -> None:
    made = app("argocd: {enabled: true}, flux: {enabled: true, timeout: 9m}")
    [artifact] = render(made)
    assert artifact.path == "gitops/flux/default.yaml"
    found = yaml.safe_load(artifact.text)
    assert (found["kind"], found["metadata"]["name"]) == ("Kustomization", "support")
    assert found["spec"]["sourceRef"] == {"kind": "GitRepository", "name": "fleet"}
    assert found["spec"]["path"] == "gitops/support/kubernetes/rendered/default"
    assert found["spec"]["timeout"] == "9m"


@pytest.mark.parametrize(
    ("argocd", "differs"),
    [
        ("cascade: true", lambda spec: "syncPolicy" not in spec),
        ("automated: false", lambda spec: "automated" not in spec["template"]["spec"]["syncPolicy"]),
        ("prune: false", lambda spec: not spec["template"]["spec"]["syncPolicy"]["automated"]["prune"]),
        (
            "self_heal: false",
            lambda spec: not spec["template"]["spec"]["syncPolicy"]["automated"]["selfHeal"],
        ),
        ("project: apps", lambda spec: spec["template"]["spec"]["project"] == "apps"),
    ],
)
def test_what_argo_cd_is_told_of_one_app_it_is_told_of_all(argocd: str, differs: Any) -> None:
    [plain] = roots(app("argocd: {enabled: true}"))["argocd/default.yaml"]
    [found] = roots(app(f"argocd: {{enabled: true, {argocd}}}"))["argocd/default.yaml"]
    assert not differs(plain["spec"])
    assert differs(found["spec"])


def test_an_environment_has_a_root_of_its_own() -> None:
    named, off = "{gitops: {fleet: {name: acme}}}", "{kubernetes: {enabled: false}}"
    more = f"environments: {{dev: {{}}, prod: {named}, test: {off}}}\n"
    found = roots(app("argocd: {enabled: true}", more=more))
    assert sorted(found) == ["argocd/dev.yaml", "argocd/prod.yaml"]
    assert found["argocd/prod.yaml"][0]["metadata"]["name"] == "acme-prod"
    template = found["argocd/dev.yaml"][0]["spec"]["template"]
    assert template["metadata"]["name"] == "{{ index .path.segments 1 }}-dev"


def test_outputs_beside_the_apps_are_a_fleet_as_well() -> None:
    made = app("argocd: {enabled: true}", "teams/a/apps/support/deploy")
    [found] = roots(made)["argocd/default.yaml"]
    [generator] = found["spec"]["generators"]
    assert generator["git"]["directories"] == [{"path": "teams/a/apps/*/deploy/kubernetes/rendered/default"}]
    assert found["spec"]["template"]["metadata"]["name"] == "{{ index .path.segments 3 }}"
    assert "kubectl apply -f ../../fleet/argocd/default.yaml" in readme.render(made).text


def test_a_text_is_no_template() -> None:
    assert go_text("https://{{ .secret }}") == 'https://{{ "{{" }} .secret }}'


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("gitops/support", FleetPath("gitops/", "")),
        ("support", FleetPath("", "")),
        ("apps/support/deploy", FleetPath("apps/", "deploy/")),
        ("support/support/deploy", FleetPath("support/", "deploy/")),
        ("./apps/support/", FleetPath("apps/", "")),
        ("deploy", None),
        (".", None),
    ],
)
def test_the_place_of_all_outputs_is_told_from_that_of_one(path: str, found: FleetPath | None) -> None:
    assert fleet_path(path, "support") == found


@pytest.mark.parametrize(
    ("path", "name", "said"),
    [
        ("gitops/support", "support", ""),
        ("", "support", "no git work tree"),
        ("deploy", "support", "in no folder of its name"),
        ("gitops/fleet", "fleet", "the one for the roots"),
        ("gitops/Support", "Support", "no name for an object"),
        ("gitops/a.b", "a.b", "no name for an object"),
        (f"gitops/{'a' * 64}", "a" * 64, "more than 63 characters"),
        ("my apps/support", "support", "a pattern cannot have 'my apps'"),
        ("a*/support", "support", "a pattern cannot have 'a*'"),
        ("support/[x]", "support", "a pattern cannot have '[x]'"),
    ],
)
def test_what_a_pattern_does_not_find_is_told(path: str, name: str, said: str) -> None:
    fault = fleet_fault(path, name, app("argocd: {enabled: true}").environments[0])
    assert said in fault
    assert bool(fault) == bool(said)
