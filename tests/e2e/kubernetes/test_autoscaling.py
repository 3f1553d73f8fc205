"""Turning autoscaling on and off keeps the pods that run."""

from __future__ import annotations

import threading
import time

from tests.cluster.cluster import eventually
from tests.e2e.kubernetes.conftest import ROOT, App

ON = (
    *("--set", "kubernetes.autoscaling.enabled=true"),
    *("--set", "kubernetes.autoscaling.min_replicas=2"),
    *("--set", "kubernetes.autoscaling.max_replicas=6"),
)


class Fewest:
    """The smallest number of pods that the Deployment asked for while the block ran."""

    def __init__(self, app: App) -> None:
        self._app, self.seen = app, []  # type: tuple[App, list[int]]
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.is_set():
            self.seen.append(int(self._app.deployment()["spec"]["replicas"]))

    def __enter__(self) -> Fewest:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()


def test_the_number_of_pods_is_kept_when_autoscaling_is_turned_on(app: App) -> None:
    app.first_deployment("--set", "kubernetes.deployment.replicas=4")
    with Fewest(app) as fewest:
        said = app.deploy(*ON).stderr
        # The autoscaler looks every 2 s here.
        time.sleep(5)
    assert "keep 4 pods until the autoscaler decides" in said
    assert set(fewest.seen) == {4}
    # Now that the number is not ours, a further deployment leaves it alone.
    app.kubectl("scale", "deployment/e2e-agent", "--replicas=5")
    again = app.deploy(*ON, "--env", "LOG_LEVEL=DEBUG").stderr
    assert "pods until" not in again
    assert app.deployment()["spec"]["replicas"] == 5


def test_without_a_word_to_the_contrary_the_server_would_drop_to_one_pod(app: App) -> None:
    """What the risk in `diff` says, as Flux and Argo CD apply: the reason for the step above."""
    app.first_deployment("--set", "kubernetes.deployment.replicas=4")
    app.jvbundler("render", "app", *ON)
    manifest = app.folder / "app/deploy/kubernetes/rendered/default/manifest.yaml"
    app.kubectl("delete", "horizontalpodautoscalers", "--all")
    text = "---\n".join(
        part for part in manifest.read_text().split("---\n") if "kind: HorizontalPodA" not in part
    )
    app.cluster.kubectl("apply", "--server-side", "--field-manager=jvbundler", "--filename=-", given=text)
    assert app.deployment()["spec"]["replicas"] == 1


def test_what_docs_deploying_says_to_do_before_a_gitops_controller_turns_it_on(app: App) -> None:
    app.first_deployment("--set", "kubernetes.deployment.replicas=4")
    app.jvbundler("render", "app", *ON)
    page = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
    part = page.partition("<<'JSON'\n")[2].partition("\nJSON\n")[0].replace("NAME", "e2e-agent")
    app.kubectl("apply", "--server-side", "--field-manager=autoscaling", "--filename=-", given=part)
    manifest = str(app.folder / "app/deploy/kubernetes/rendered/default/manifest.yaml")
    app.cluster.kubectl("apply", "--server-side", "--field-manager=jvbundler", f"--filename={manifest}")
    assert app.deployment()["spec"]["replicas"] == 4


def test_autoscaling_of_pods_that_were_kept_is_turned_off_again(app: App) -> None:
    app.first_deployment("--set", "kubernetes.deployment.replicas=4")
    app.deploy(*ON)
    app.deploy("--set", "kubernetes.deployment.replicas=3")
    assert app.deployment()["spec"]["replicas"] == 3


def test_autoscaling_is_turned_off_again(app: App) -> None:
    app.first_deployment(*ON)
    eventually(lambda: app.deployment()["spec"]["replicas"] == 2, "the autoscaler sets its minimum")
    app.deploy("--set", "kubernetes.deployment.replicas=3")
    assert not app.get("horizontalpodautoscalers").get("items")
    assert app.deployment()["spec"]["replicas"] == 3
