"""`kustomize build overlays/ENV` is `rendered/ENV/manifest.yaml`, whatever an environment changes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jvbundler.project.model import Project
from jvbundler.render.kubernetes.overlay import overlay
from jvbundler.render.kubernetes.resource import Resource, from_data
from jvbundler.render.kubernetes.target import render
from jvbundler.render.text.yaml_text import block
from tests.render.kubernetes.test_objects import ENABLED, files_of, project_of

Tool = Callable[[str], str]
Objects = dict[tuple[str, ...], Any]
Values = st.SearchStrategy[Any]


class Loader(yaml.CSafeLoader):  # type: ignore[misc, unused-ignore]
    """Kustomize writes the texts `=` and `<<` without quotes, which YAML 1.1 takes for something else."""


for tag in ("merge", "value"):
    Loader.add_constructor(f"tag:yaml.org,2002:{tag}", lambda _, node: node.value)


def objects(text: str) -> Objects:
    found: Objects = {}
    for item in yaml.load_all(text, Loader):
        about = item["metadata"]
        key = (item["apiVersion"], item["kind"], about.get("namespace", ""), about["name"])
        assert key not in found
        found[key] = item
    return found


def built(kustomize: str, folder: Path) -> Objects:
    done = subprocess.run([kustomize, "build", str(folder)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return objects(done.stdout)


def assert_overlays_are_the_manifests(project: Project, folder: Path, kustomize: str) -> None:
    for artifact in render(project):
        file = folder / artifact.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(artifact.text, encoding="utf-8")
    for manifest in sorted(folder.glob("kubernetes/rendered/*/manifest.yaml")):
        overlay_folder = folder / "kubernetes/overlays" / manifest.parent.name
        assert built(kustomize, overlay_folder) == objects(manifest.read_text(encoding="utf-8"))


CONFIGURATIONS = {
    "one environment": ENABLED,
    "three environments": """
environment: {LOG_LEVEL: DEBUG, GREETING: "hello $${USER}"}
kubernetes: {enabled: true, namespace: acme-dev, create_namespace: true, persistence: {enabled: true}}
environments:
  dev: {}
  staging:
    environment: {LOG_LEVEL: INFO}
    kubernetes: {namespace: acme-staging, deployment: {replicas: 2, strategy: {type: RollingUpdate}}}
  prod:
    app: {version: 2.0.0}
    environment: {LOG_LEVEL: null, GREETING: null, ZONE: eu}
    secrets: [A_TOKEN, Z_TOKEN, {name: DB_URI, kubernetes: {secret_name: db, key: uri}}]
    kubernetes:
      namespace: acme-prod
      create_namespace: false
      persistence: {enabled: false}
      external_secrets: {enabled: true, store: {name: vault}}
      ingress: {enabled: true, tls: [{hosts: [a.example.com]}]}
      autoscaling: {enabled: true}
      service: {type: LoadBalancer, port: 443, annotations: {a: "true"}}
      network_policy: {egress: [{ports: [{port: 443}]}]}
""",
    "another name, port and API version": """
kubernetes: {enabled: true, create_namespace: true, external_secrets: {enabled: true, store: {name: vault}}}
environments:
  same: {kubernetes: {external_secrets: {api_version: external-secrets.io/v1beta1, refresh_interval: 5m}}}
  other:
    app: {name: 3d-agent}
    kubernetes: {deployment: {container: {port: 9000}}, service: {target_port: 8080}}
""",
    "lists that grow, shrink and turn around": """
secrets: [A_TOKEN, M_TOKEN, Z_TOKEN]
kubernetes:
  enabled: true
  deployment:
    pod:
      extra_containers: [{name: one, image: a}, {name: two, image: a, env: [{name: A, value: "1"}]}]
      extra_volumes: [{name: x, emptyDir: {}}, {name: y, emptyDir: {}}]
    container: {extra_volume_mounts: [{name: x, mountPath: /x}, {name: y, mountPath: /y}]}
  tolerations: [{key: a}, {key: b}]
environments:
  same: {}
  turned:
    kubernetes:
      deployment:
        pod:
          extra_containers: [{name: two, image: a, env: [{name: B, value: "yes"}]}, {name: one, image: b}]
          extra_volumes: [{name: y, emptyDir: {sizeLimit: 1Gi}}, {name: x, configMap: {name: c}}]
        container: {extra_volume_mounts: [{name: y, mountPath: /y}, {name: x, mountPath: /z}]}
      tolerations: [{key: b}]
  less:
    secrets: [Z_TOKEN]
    kubernetes:
      deployment:
        pod: {extra_containers: [], extra_volumes: []}
        container: {extra_volume_mounts: []}
""",
    "objects of the user's": """
kubernetes:
  enabled: true
  create_namespace: true
  extra_resources: &all
    - {apiVersion: v1, kind: Namespace, metadata: {name: other}}
    - {apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: other}, data: {a: b}}
    - {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}
    - {apiVersion: cert-manager.io/v1, kind: ClusterIssuer, metadata: {name: ca.example}, spec: {a: [1, 2]}}
    - apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: r}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
      subjects:
        - {kind: ServiceAccount, name: acme-support}
        - {kind: ServiceAccount, name: default, namespace: other}
environments:
  all: {kubernetes: {namespace: acme-all}}
  few:
    kubernetes:
      namespace: acme-few
      extra_resources:
        - {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: null, b: "1"}}
        - {apiVersion: example.com/v1, kind: Foo, metadata: {name: foo}, spec: {a: null, b: [{name: c}]}}
        - apiVersion: rbac.authorization.k8s.io/v1
          kind: RoleBinding
          metadata: {name: r}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
          subjects: [{kind: ServiceAccount, name: acme-support}]
  patched:
    kubernetes:
      patches:
        - target: {kind: Deployment}
          patch: {spec: {template: {spec: {containers: [{name: acme-support, resources: null}]}}}}
        - {target: {}, patch: [{op: add, path: /metadata/labels, value: {x: "y"}}]}
""",
}


@pytest.mark.parametrize("text", CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_kustomize_builds_the_manifest(text: str, tmp_path: Path, tool: Tool) -> None:
    assert_overlays_are_the_manifests(project_of(text), tmp_path, tool("kustomize"))


@pytest.mark.parametrize("text", CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_an_environment_rendered_alone_is_the_same(text: str) -> None:
    project = project_of(text)
    together = {artifact.path: artifact.text for artifact in render(project)}
    for environment in project.environments:
        alone = project._replace(base=environment, environments=(environment,))
        path = f"kubernetes/rendered/{environment.name}/manifest.yaml"
        assert {a.path: a.text for a in render(alone)}[path] == together[path]


def test_an_environment_that_changes_nothing_is_the_base_in_its_namespace() -> None:
    files = files_of(ENABLED + "environments: {dev: {kubernetes: {namespace: acme-dev}}}")
    assert [name for name in files if name.startswith("overlays/")] == ["overlays/dev/kustomization.yaml"]
    assert yaml.safe_load(files["overlays/dev/kustomization.yaml"]) == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "acme-dev",
        "resources": ["../../base"],
    }
    assert "namespace:" not in "".join(text for name, text in files.items() if name.startswith("base/"))


def test_a_patch_reads_like_the_object_and_says_no_more_than_what_is_different() -> None:
    files = files_of(
        ENABLED
        + "environments: {prod: {image: {tag: '2.0'}, kubernetes: {deployment: {container: {name: app}}}}}"
    )
    head, _, patch = files["overlays/prod/patch-deployment.yaml"].partition("\n")
    assert head.startswith("# Generated by jvbundler")
    assert yaml.safe_load(patch)["spec"]["template"]["spec"].keys() == {"containers"}
    only_tag = files_of(ENABLED + "environments: {prod: {image: {tag: '2.0'}}}")
    assert only_tag["overlays/prod/patch-deployment.yaml"].partition("\n")[2] == (
        "apiVersion: apps/v1\n"
        "kind: Deployment\n"
        "metadata:\n"
        "  name: acme-support\n"
        "spec:\n"
        "  template:\n"
        "    spec:\n"
        "      containers:\n"
        "        - name: acme-support\n"
        "          image: acme-support:2.0\n"
    )


def test_an_object_that_the_environment_lacks_is_deleted() -> None:
    text = ENABLED + "environments: {dev: {kubernetes: {network_policy: {enabled: false}}}}"
    patch = yaml.safe_load(files_of(text)["overlays/dev/patch-network-policy.yaml"])
    assert patch == {
        "$patch": "delete",
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "acme-support"},
    }


any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
# Kustomize writes control characters in a way that no reader takes, and loses U+0085.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=20)
# A failure is looked at as it is: to shrink it takes many runs of Kustomize.
TOOL = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def texts_in(found: Objects) -> list[str]:
    by_kind = {(key[1], key[3]): item for key, item in found.items()}
    return [
        by_kind["ConfigMap", "acme-support"]["data"]["GREETING"],
        by_kind["Service", "acme-support"]["metadata"]["annotations"]["example.com/text"],
        by_kind["ConfigMap", "acme-support-files"]["data"]["a.conf"],
        by_kind["Ingress", "acme-support"]["metadata"]["annotations"]["example.com/ingress"],
    ]


@given(st.lists(any_text, min_size=4, max_size=4))
@settings(max_examples=30, deadline=None)
def test_any_text_comes_back_from_the_manifest(values: list[str]) -> None:
    project = project_with(project_of(ENABLED + "environments: {dev: {}, prod: {}}"), values)
    manifests = [a.text for a in render(project) if a.path.endswith("prod/manifest.yaml")]
    assert texts_in(objects(manifests[0])) == values


def project_with(project: Project, values: list[str]) -> Project:
    """The project with the texts in its environment `prod`, past the reader of deploy.yaml."""
    plain, annotation, file, ingress = values
    dev, prod = project.environments
    kubernetes: Any = {
        **prod.settings["kubernetes"],
        "annotations": {"example.com/text": annotation},
        "config_map": {"enabled": True, "data": {"a.conf": file}, "mount_path": "/etc/a"},
        "ingress": {
            **prod.settings["kubernetes"]["ingress"],
            "enabled": True,
            "annotations": {"example.com/ingress": ingress},
        },
    }
    changed: Any = {**prod.settings, "kubernetes": kubernetes}
    prod = prod._replace(settings=changed, kubernetes_variables={"GREETING": plain})
    return project._replace(environments=(dev, prod))


@given(st.lists(texts, min_size=4, max_size=4))
@TOOL
def test_any_text_comes_back_from_kustomize(
    tmp_path_factory: pytest.TempPathFactory, tool: Tool, values: list[str]
) -> None:
    project = project_with(project_of(ENABLED + "environments: {dev: {}, prod: {}}"), values)
    folder = tmp_path_factory.mktemp("texts")
    assert_overlays_are_the_manifests(project, folder, tool("kustomize"))
    assert texts_in(built(tool("kustomize"), folder / "kubernetes/overlays/prod")) == values


names = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1)
anything: Values = st.recursive(
    texts | st.integers(0, 9) | st.booleans() | st.none(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from("abc"), children),
    max_leaves=8,
)
variables: Values = st.sampled_from(
    [{"value": "1"}, {"value": "yes"}, {"value": "a\nb\n"}, {"valueFrom": {"a": "b"}}, {}]
)
sources: Values = st.sampled_from(
    [{"emptyDir": {}}, {"emptyDir": {"sizeLimit": "1Gi"}}, {"configMap": {"name": "c"}}]
)


@st.composite
def named(draw: st.DrawFn, values: Values, key: str = "name") -> list[Any]:
    """A list of maps with different names, in any order."""
    return [{key: name, **draw(values)} for name in draw(names)]


def with_some_of(required: dict[str, Values], optional: dict[str, Values]) -> Values:
    return st.fixed_dictionaries(required, optional=optional)


containers = with_some_of(
    {"image": st.sampled_from("xy")},
    {
        "env": named(variables),
        "envFrom": st.just([{"configMapRef": {"name": "c"}}]),
        "ports": st.lists(st.sampled_from([{"containerPort": 1}, {"containerPort": 2}]), min_size=1),
        "volumeMounts": named(st.just({"name": "v"}), "mountPath"),
    },
)
pods = with_some_of(
    {"containers": named(containers)},
    {
        "volumes": named(sources),
        "tolerations": st.lists(st.sampled_from([{"key": "a"}, {"key": "b"}]), min_size=1),
        "nodeSelector": st.dictionaries(st.sampled_from("abc"), texts),
    },
)


def object_of(kind: str, number: int, spec: Any) -> dict[str, Any]:
    api_version = "apps/v1" if kind == "Deployment" else "example.com/v1"
    about = {"name": f"{kind.lower()}-{number}"}
    return {"apiVersion": api_version, "kind": kind, "metadata": about, "spec": spec}


@given(st.lists(st.tuples(pods, pods, anything, anything), min_size=5, max_size=10))
@TOOL
def test_kustomize_turns_any_difference_back_into_the_object(
    tmp_path_factory: pytest.TempPathFactory, tool: Tool, pairs: list[tuple[Any, ...]]
) -> None:
    base: list[Resource] = []
    own: list[Resource] = []
    for number, (pod, other_pod, spec, other_spec) in enumerate(pairs):
        for kind, before, after in (
            ("Deployment", {"template": {"spec": pod}}, {"template": {"spec": other_pod}}),
            ("Foo", spec, other_spec),
        ):
            base.append(from_data(f"{kind}-{number}", object_of(kind, number, before), ""))
            own.append(from_data(f"{kind}-{number}", object_of(kind, number, after), "acme"))
    folder = tmp_path_factory.mktemp("difference")
    difference = overlay(base, own, "acme")
    write(
        folder / "base", {f"{one.stem}.yaml": one.text for one in base}, [f"{one.stem}.yaml" for one in base]
    )
    write(
        folder / "overlays/acme",
        difference.files,
        list(difference.resources),
        namespace="acme",
        patches=difference.patches,
    )
    found = built(tool("kustomize"), folder / "overlays/acme")
    for key, wanted in objects("---\n".join(one.text for one in own)).items():
        assert found[key] == wanted


def write(folder: Path, files: dict[str, str], resources: list[str], **fields: Any) -> None:
    folder.mkdir(parents=True)
    for name, text in {**files, "kustomization.yaml": block({"resources": resources, **fields})}.items():
        (folder / name).write_text(text, encoding="utf-8")
