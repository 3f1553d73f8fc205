"""Run by the Python that has jvagent: what jvagent itself resolves for each app, and what it would install.

Only the installer is replaced, by one that writes down what it is asked for.
"""

from __future__ import annotations

import json
import logging
import sys
from importlib import import_module
from typing import Any

action_loader: Any = import_module("jvagent.action.loader.action_loader")
installer: Any = import_module("jvagent.core.dependency_installer")
agent_loader: Any = import_module("jvagent.core.agent_loader")
app_loader: Any = import_module("jvagent.core.app_loader")
jvagent_version: str = import_module("jvagent.version").__version__

logging.disable(logging.CRITICAL)
registries: list[Any] = []
wanted: set[tuple[str, str]] = set()


new_registry = action_loader.ActionRegistry


def remembered_registry() -> Any:
    registries.append(new_registry())
    return registries[-1]


def write_down(metadata: dict[str, Any], action_name: str) -> bool:
    dependencies = metadata["package"].get("dependencies") or {}
    wanted.update((action_name, text) for text in dependencies.get("pip") or [])
    return True


action_loader.ActionRegistry = remembered_registry
installer.install_action_dependencies = write_down


def answer(root: str) -> dict[str, Any]:
    registries.clear()
    wanted.clear()
    app = app_loader.AppLoader(root).load_app_descriptor()
    loader = agent_loader.AgentLoader(root)
    loader.action_loader.pre_import_action_modules_for_agents(app.agents)
    for ref in app.agents:
        agent = loader.load_agent_descriptor(*ref.split("/", 1))
        if agent and agent.actions:
            loader.action_loader.load_actions_for_agent(agent.namespace, agent.name, "id", agent.actions)
    # `resolved_actions` has those as well that jvagent found nowhere and skips.
    closure = set().union(*(registry.action_metadata for registry in registries))
    return {"version": jvagent_version, "closure": sorted(closure), "wanted": sorted(wanted)}


print(json.dumps([answer(root) for root in sys.argv[1:]]))
