"""The picture of what runs in an environment, as a Mermaid diagram: for the README and `show --graph`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from jvbundler.project.model import Environment, Platform
from jvbundler.render.kubernetes.names import service_name
from jvbundler.render.text.escaping import mermaid_label

# The outlines of a node, around its label.
BOX, ROUND, STORE, KEYS = ("[", "]"), ("([", "])"), ("[(", ")]"), ("[/", "/]")
DATABASE = "JVSPATIAL_DB_TYPE"
# Kept in a file, which is on the volume or lost with the process.
IN_FILES = ("json", "sqlite")


class Node(NamedTuple):
    """A box of the diagram; `name` is ours, and the parts of the label may be anybody's."""

    name: str
    label: tuple[str, ...]
    outline: tuple[str, str] = BOX

    def __str__(self) -> str:
        before, after = self.outline
        return f"{self.name}{before}{mermaid_label(self.label)}{after}"


class Edge(NamedTuple):
    """An arrow; a weak one is for what is read once, or reached only from inside."""

    source: str
    target: str
    is_weak: bool = False

    def __str__(self) -> str:
        return f"{self.source} {'-.->' if self.is_weak else '-->'} {self.target}"


Part = Node | Edge


def diagram(environment: Environment) -> str:
    """The lines of the diagram; only the client where no platform is enabled."""
    lines = ["flowchart LR", f"  {Node('client', ('Client',), ROUND)}"]
    settings = environment.settings
    if settings["lambda"]["enabled"]:
        title = ("AWS Lambda", settings["lambda"]["region"])
        lines += _platform("lambda", title, list(_lambda_parts(environment)))
    if settings["kubernetes"]["enabled"]:
        title = ("Kubernetes", environment.namespace)
        lines += _platform("kubernetes", title, list(_kubernetes_parts(environment)))
    lines += [f"  {part}" for part in _databases(environment)]
    return "\n".join(lines)


def _platform(name: str, title: tuple[str, str], parts: list[Part]) -> Iterator[str]:
    """The nodes inside a frame, the arrows after it."""
    yield f"  subgraph {name}[{mermaid_label(title)}]"
    yield from (f"    {part}" for part in parts if isinstance(part, Node))
    yield "  end"
    yield from (f"  {part}" for part in parts if isinstance(part, Edge))


def _lambda_parts(environment: Environment) -> Iterator[Part]:
    settings = environment.settings["lambda"]
    api, url = settings["api_gateway"], settings["function_url"]
    if api["enabled"]:
        domain = api["custom_domain"]["domain_name"] if api["custom_domain"]["enabled"] else ""
        yield Node("api", ("API Gateway", domain))
        yield Edge("client", "api")
        yield Edge("api", "function")
    if url["enabled"]:
        signed = "signed with IAM" if url["auth_type"] == "AWS_IAM" else "public"
        yield Node("url", ("Function URL", signed))
        yield Edge("client", "url")
        yield Edge("url", "function")
    yield Node("function", ("Function", environment.function_name))
    if environment.settings["proactive_ticks"]:
        yield Node("schedule", ("EventBridge Scheduler",))
        yield Edge("schedule", "function")
    if settings["efs"]["enabled"]:
        yield Node("files", ("EFS", settings["efs"]["mount_path"]), STORE)
        yield Edge("function", "files")
    names = tuple(secret.name for secret in environment.lambda_secrets)
    if names:
        source = "Parameters" if settings["secrets"]["source"] == "parameter" else "Secrets Manager"
        yield Node("lambda_secrets", (source, *names), KEYS)
        yield Edge("lambda_secrets", "function", is_weak=True)


def _kubernetes_parts(environment: Environment) -> Iterator[Part]:
    settings = environment.settings["kubernetes"]
    ingress, service = settings["ingress"], settings["service"]
    yield Node("service", ("Service", f"{service_name(environment)}:{service['port']}"))
    if ingress["enabled"]:
        hosts = (rule["host"] or "every host" for rule in ingress["rules"])
        yield Node("ingress", ("Ingress", *dict.fromkeys(hosts)))
        yield Edge("client", "ingress")
        yield Edge("ingress", "service")
    else:
        yield Edge("client", "service", is_weak=service["type"] == "ClusterIP")
    yield Node("pods", ("Pods", _replicas(environment)))
    yield Edge("service", "pods")
    if environment.settings["proactive_ticks"]:
        yield Node("ticks", ("CronJob",))
        yield Edge("ticks", "service")
    volume = settings["persistence"]
    if volume["enabled"]:
        yield Node("volume", ("Volume", volume["existing_claim"] or volume["size"]), STORE)
        yield Edge("pods", "volume")
    yield from _kubernetes_secrets(environment)


def _kubernetes_secrets(environment: Environment) -> Iterator[Part]:
    """A node for each Secret, with its keys; they come from a store where one fills them."""
    external = environment.settings["kubernetes"]["external_secrets"]
    keys: dict[str, list[str]] = {}
    for secret in environment.kubernetes_secrets:
        keys.setdefault(secret.kubernetes_secret, []).append(secret.kubernetes_key)
    for number, (name, held) in enumerate(keys.items(), 1):
        yield Node(f"secret_{number}", (f"Secret {name}", *dict.fromkeys(held)), KEYS)
        yield Edge(f"secret_{number}", "pods", is_weak=True)
        if external["enabled"]:
            yield Edge("store", f"secret_{number}", is_weak=True)
    if keys and external["enabled"]:
        yield Node("store", (external["store"]["kind"], external["store"]["name"]), STORE)


def _replicas(environment: Environment) -> str:
    settings = environment.settings["kubernetes"]
    if settings["autoscaling"]["enabled"]:
        return f"{settings['autoscaling']['min_replicas']} to {settings['autoscaling']['max_replicas']}"
    return str(settings["deployment"]["replicas"])


def _databases(environment: Environment) -> Iterator[Part]:
    """The database servers that the variables name, outside of both platforms."""
    users: dict[str, list[str]] = {}
    runs: tuple[tuple[Platform, str], ...] = (("lambda", "function"), ("kubernetes", "pods"))
    for platform, user in runs:
        settings: Any = environment.settings[platform]
        kind = environment.variables(platform).get(DATABASE, "")
        if settings["enabled"] and kind and kind.lower() not in IN_FILES:
            users.setdefault(kind, []).append(user)
    for number, (kind, named) in enumerate(users.items(), 1):
        yield Node(f"database_{number}", ("Database", kind), STORE)
        yield from (Edge(user, f"database_{number}") for user in named)
