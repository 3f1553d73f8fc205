"""The app that the tests of deployments deploy, on stub tools and for their recordings."""

from __future__ import annotations

from pathlib import Path

DIGEST = "sha256:" + "ab" * 32
# The keys of the app's Secret.
KEYS = ("JVAGENT_ADMIN_PASSWORD", "JVSPATIAL_JWT_SECRET_KEY", "OPENAI_API_KEY")

DEPLOY = f"""\
app:
  name: acme-support
  version: 1.2.3
image:
  digest: {DIGEST}  # of the last push
secrets:
  - OPENAI_API_KEY
kubernetes:
  enabled: true
  context: test-cluster
  namespace: acme
  registry:
    url: ghcr.io/acme
environments:
  dev: {{}}
  prod:
    kubernetes:
      namespace: acme-prod
      context: prod-cluster
protected:
  - prod
"""


def write_app(folder: Path, deploy: str) -> Path:
    root = folder / "support"
    agent = root / "agents" / "acme" / "helper"
    agent.mkdir(parents=True)
    (agent / "agent.yaml").write_text("agent: acme/helper\nactions: []\n")
    (root / "app.yaml").write_text("app: support\nversion: 1.2.0\nagents:\n  - acme/helper\n")
    (root / "deploy.yaml").write_text(deploy)
    return root
