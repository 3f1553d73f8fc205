"""`invoke k8s`: the real kubectl opens a port through the API server and a kubelet to the real jvagent."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.cluster.kubelet.forward import ADDRESS
from tests.e2e.kubernetes.conftest import App
from tests.talk.conftest import SECRETS, Running, create, jvagent, provider, running
from tests.talk.provider import ANSWER

__all__ = ["create", "jvagent", "provider", "running"]


@pytest.mark.usefixtures("our_kubelet")
def test_the_agent_answers_through_the_service(app: App, running: Running) -> None:
    file = app.folder / "app/deploy.yaml"
    text = file.read_text().replace("  LOG_LEVEL: INFO", "  JVAGENT_ADMIN_EMAIL: me@acme.example")
    pod = f"{{annotations: {{{ADDRESS}: '{urlsplit(running.url).netloc}'}}}}"
    file.write_text(text.replace("  deployment:\n", f"  deployment:\n    pod: {pod}\n"))
    app.first_deployment()
    words = ("invoke", "k8s", "Hello", "app", "--agent", "bot", "--json")
    told = json.loads(app.jvbundler(*words, env=SECRETS).stdout)
    assert (told["agent"], told["answer"]) == ("acme/bot", ANSWER)
