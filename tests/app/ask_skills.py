"""Run by the Python that has jvagent: the skills that jvagent's own orchestrator surfaces for each agent.

Only the graph is replaced, by the actions that jvagent's loader makes of agent.yaml; one whose packages are
not installed here counts by its class alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

agent_loader: Any = import_module("jvagent.core.agent_loader")
app_context: Any = import_module("jvagent.core.app_context")
app_loader: Any = import_module("jvagent.core.app_loader")
installer: Any = import_module("jvagent.core.dependency_installer")
module: Any = import_module("jvagent.action.orchestrator.orchestrator_interact_action")
skills: Any = import_module("jvagent.action.orchestrator.skills")

logging.disable(logging.CRITICAL)
installer.install_action_dependencies = lambda *_: True
Orchestrator: Any = module.OrchestratorInteractAction


def answer(root: str) -> dict[str, list[str]]:
    app_context.set_app_root(root)
    app = app_loader.AppLoader(root).load_app_descriptor()
    loader = agent_loader.AgentLoader(root)
    loader.action_loader.pre_import_action_modules_for_agents(app.agents)
    found = {}
    for ref in app.agents:
        namespace, name = ref.split("/", 1)
        agent = loader.load_agent_descriptor(namespace, name)
        loader.action_loader.create_action_instance = partial(
            created, loader.action_loader.create_action_instance
        )
        actions = loader.action_loader.load_actions_for_agent(namespace, name, "id", agent.actions)
        found[ref] = surfaced(SimpleNamespace(namespace=namespace, name=name), actions)
    return found


def created(create: Any, metadata: Any, *args: Any, **kwargs: Any) -> Any:
    action = create(metadata, *args, **kwargs)
    return action or type(metadata.archetype, (), {"enabled": metadata.enabled})()


def surfaced(agent: Any, actions: list[Any]) -> list[str]:
    on = {type(action).__name__: action for action in actions if action.enabled}
    orchestrator = on.get("OrchestratorInteractAction")
    if orchestrator is None:
        return []
    docs = Orchestrator._discover_skills(orchestrator, agent)

    async def resolve(name: str) -> Any:
        return on.get(name)

    asked = SimpleNamespace(_resolve_action=resolve)
    kept = asyncio.run(Orchestrator._enforce_required_actions(asked, docs))
    return sorted(doc.name for doc in kept)


print(json.dumps([answer(root) for root in sys.argv[1:]]))
