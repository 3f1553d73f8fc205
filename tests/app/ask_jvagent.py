"""Run by the Python that has jvagent: what jvagent itself resolves for an app, and what it would install.

Only the installer is replaced, by one that writes down what it is asked for.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from jvagent.action.loader import action_loader  # type: ignore[import-not-found]
from jvagent.core import dependency_installer  # type: ignore[import-not-found]
from jvagent.core.agent_loader import AgentLoader  # type: ignore[import-not-found]
from jvagent.core.app_loader import AppLoader  # type: ignore[import-not-found]

logging.disable(logging.CRITICAL)
registries: list[Any] = []
wanted: set[tuple[str, str]] = set()


class Remembered(action_loader.ActionRegistry):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        registries.append(self)


def write_down(metadata: dict[str, Any], action_name: str) -> bool:
    dependencies = metadata["package"].get("dependencies") or {}
    wanted.update((action_name, text) for text in dependencies.get("pip") or [])
    return True


action_loader.ActionRegistry = Remembered
dependency_installer.install_action_dependencies = write_down

root = sys.argv[1]
app = AppLoader(root).load_app_descriptor()
loader = AgentLoader(root)
loader.action_loader.pre_import_action_modules_for_agents(app.agents)
for ref in app.agents:
    agent = loader.load_agent_descriptor(*ref.split("/", 1))
    if agent and agent.actions:
        loader.action_loader.load_actions_for_agent(agent.namespace, agent.name, "id", agent.actions)

closure = set().union(*(registry.resolved_actions for registry in registries))
print(json.dumps({"closure": sorted(closure), "wanted": sorted(wanted)}))
