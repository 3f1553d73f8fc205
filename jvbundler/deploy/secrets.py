"""`secrets`: what has to hold the secrets of an app, how to fill it, and which secrets are missing.

Knows only names. A command takes values from the variables of the shell that it is pasted into, through
builtins and process substitution, so that no value is part of an argv. The check reads names of keys; a value
is neither kept nor shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from jvbundler.pipeline.compile import Compiled, compile_project
from jvbundler.pipeline.request import Options, Selection
from jvbundler.project.model import Environment, Platform, Secret
from jvbundler.runner import Completed, masked, run
from jvbundler.values.problem import InputError, ToolFailed
from jvbundler.values.safe_text import shell_word

Kind = Literal["secret", "external-secret", "store", "pull-secret", "secretsmanager", "arn", "parameter"]

PULL_KEY = ".dockerconfigjson"
DEPLOY = "jvbundler deploy"
# Prints the JSON for Secrets Manager; json.dumps escapes what a shell could not.
_JSON = (
    "import json, os, sys; "
    'print(json.dumps({k[0]: os.environ.get(k[-1], "") for k in (a.rsplit("=", 1) for a in sys.argv[1:])}))'
)
READ_SECONDS = 60.0
# The AWS CLI exits with these if the service refused: 254 since 2020, 255 before.
_REFUSED = (254, 255)


class Holder(NamedTuple):
    """Something that holds secrets: a Kubernetes Secret, an entry of a store, a secret in Secrets Manager.

    `keys` pairs each of its keys with the variable that its value is handed over from; the app starts
    without those that are `optional`. `within` is its namespace, region or store. A holder of kind
    `parameter` is the shell that deploys; `arn` gives the app only the ARN.
    """

    environment: str
    platform: Platform
    kind: Kind
    name: str
    within: str
    keys: tuple[tuple[str, str], ...]
    context: str = ""
    creates_namespace: bool = False
    optional: frozenset[str] = frozenset()

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(variable for _, variable in self.keys))

    @property
    def required_variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(variable for key, variable in self.keys if key not in self.optional))


class Step(NamedTuple):
    """A command for a shell, and its purpose."""

    purpose: str
    command: str


def holders(environment: Environment, context: str = "") -> Iterator[Holder]:
    """Everything that has to hold secrets for this environment, on the platforms that it is deployed to."""
    if environment.settings["kubernetes"]["enabled"]:
        yield from _kubernetes(environment, context or environment.settings["kubernetes"]["context"])
    if environment.settings["lambda"]["enabled"]:
        yield from _lambda(environment)


def _kubernetes(environment: Environment, context: str) -> Iterator[Holder]:
    settings = environment.settings["kubernetes"]
    external = settings["external_secrets"]
    secrets = environment.kubernetes_secrets
    creates = settings["create_namespace"]
    place = (environment.namespace,)
    kind: Kind = "external-secret" if external["enabled"] else "secret"
    for name, keys, optional in _grouped(secrets, lambda s: (s.kubernetes_secret, s.kubernetes_key)):
        yield Holder(environment.name, "kubernetes", kind, name, *place, keys, context, creates, optional)
    if external["enabled"]:
        store = f"{external['store']['kind']} {external['store']['name']}"
        for name, keys, optional in _grouped(secrets, lambda s: (s.external_key, s.external_property)):
            yield Holder(environment.name, "kubernetes", "store", name, store, keys, optional=optional)
    registry = settings["registry"]
    if registry["secret_name"] and not registry["create_secret"]:
        pull: Kind = "pull-secret"
        name = registry["secret_name"]
        keys = ((PULL_KEY, ""),)
        yield Holder(environment.name, "kubernetes", pull, name, *place, keys, context, creates)


def _lambda(environment: Environment) -> Iterator[Holder]:
    settings = environment.settings["lambda"]
    source = settings["secrets"]["source"]
    secrets = environment.lambda_secrets
    if source == "parameter":
        for name, keys, optional in _grouped(secrets, lambda s: (environment.stack_name, s.source)):
            unique = tuple(dict.fromkeys(keys))
            region = settings["region"]
            yield Holder(environment.name, "lambda", "parameter", name, region, unique, optional=optional)
        return
    kind: Kind = "arn" if source == "arn" else "secretsmanager"
    for name, keys, optional in _grouped(secrets, lambda s: (s.lambda_secret_id, s.lambda_json_key)):
        yield Holder(environment.name, "lambda", kind, name, settings["region"], keys, optional=optional)


def _grouped(
    secrets: Iterable[Secret], place: Callable[[Secret], tuple[str, str]]
) -> list[tuple[str, tuple[tuple[str, str], ...], frozenset[str]]]:
    """Each holder, its keys with their variables in the order of the secrets, and which keys are optional.

    `place` gives the holder and the key of a secret. A key that two secrets share is optional if both are.
    """
    found: dict[str, list[tuple[str, Secret]]] = {}
    for secret in secrets:
        holder, key = place(secret)
        found.setdefault(holder, []).append((key, secret))
    return [
        (
            holder,
            tuple((key, secret.source) for key, secret in keyed),
            frozenset(key for key, _ in keyed) - {key for key, secret in keyed if not secret.optional},
        )
        for holder, keyed in found.items()
    ]


def steps(holder: Holder, app: str = ".") -> tuple[Step, ...]:
    """The commands that create or change the holder; none where something else fills it."""
    if holder.kind in ("secret", "pull-secret"):
        return (*_namespace_step(holder), *_secret_steps(holder))
    if holder.kind in ("secretsmanager", "arn"):
        return _secrets_manager_steps(holder)
    if holder.kind == "parameter" and holder.required_variables:
        where = "" if app == "." else f" {shell_word(app)}"
        deploy = f"{DEPLOY} lambda{where} -e {holder.environment}"
        return (Step(f"see that all are set, as '{deploy}' takes them from there", _required(holder)),)
    return ()


def _namespace_step(holder: Holder) -> tuple[Step, ...]:
    """Applied, as it may be there already."""
    make = f"kubectl create namespace {shell_word(holder.within)} --dry-run=client --output=yaml"
    command = f"{make} |\n  kubectl {_context(holder)} apply --server-side --filename=-"
    when = "if the first deployment has not yet" if holder.creates_namespace else "if it is not there yet"
    return (Step(f"create the namespace, {when}", command),)


def _secret_steps(holder: Holder) -> tuple[Step, ...]:
    place = f"{_context(holder)} --namespace {shell_word(holder.within)}"
    apply = Step(
        "create or change it",
        f"{_made(holder)} --output=yaml |\n  kubectl {place} apply --server-side --filename=-",
    )
    sealed = shell_word(f"{holder.name}.sealed.yaml")
    seal = Step(
        "or seal it, as a SealedSecret that may be committed",
        f"{_made(holder)} --output=json |\n  kubeseal {_context(holder)} --format=yaml > {sealed}",
    )
    return apply, seal


def _made(holder: Holder) -> str:
    """`kubectl create` as a filter: it prints the Secret without asking a cluster."""
    words = ["kubectl create secret generic", f"--namespace={shell_word(holder.within)}"]
    if holder.kind == "pull-secret":
        words += [
            "--type=kubernetes.io/dockerconfigjson",
            f'--from-file={PULL_KEY}="$HOME/.docker/config.json"',
        ]
        guard = ""
    else:
        guard = f"{_required(holder)} &&\n"
        words += [
            f"--from-file={shell_word(key)}=<(printf %s {_value(holder, key, name)})"
            for key, name in holder.keys
        ]
    words += ["--dry-run=client"]
    return guard + f"{words[0]} {shell_word(holder.name)} " + " \\\n  ".join(words[1:])


def _secrets_manager_steps(holder: Holder) -> tuple[Step, ...]:
    pairs = (shell_word(key if key == variable else f"{key}={variable}") for key, variable in holder.keys)
    made = " \\\n  ".join([f"{_required(holder)} &&\npython3 -c {shell_word(_JSON)}", *pairs])
    place = f"--region {shell_word(holder.within)}"
    value = "--secret-string file:///dev/stdin"
    name = shell_word(holder.name)
    create = Step("create it", f"{made} |\n  aws secretsmanager create-secret {place} --name {name} {value}")
    change = Step(
        "or replace all of its keys, if it exists",
        f"{made} |\n  aws secretsmanager put-secret-value {place} --secret-id {name} {value}",
    )
    # What has an ARN exists already.
    return (change,) if holder.name.startswith("arn:") else (create, change)


def _required(holder: Holder) -> str:
    """Fails if a variable is not set: an empty secret would be created silently."""
    return " ".join([":", *(f'"${{{variable}:?}}"' for variable in holder.required_variables)])


def _value(holder: Holder, key: str, variable: str) -> str:
    """The value of a variable; an optional one may be unset, also in a shell that calls that an error."""
    return f'"${{{variable}-}}"' if key in holder.optional else f'"${variable}"'


def _context(holder: Holder) -> str:
    """The context option; by default a variable to set: kubectl's current one was not chosen for this app."""
    return "--context " + (shell_word(holder.context) if holder.context else '"${KUBE_CONTEXT:?}"')


def keys_argv(holder: Holder) -> tuple[str, ...]:
    """The command that asks for the keys of a Secret; the values stay in kubectl."""
    template = 'found{{"\\n"}}{{range $key, $value := .data}}{{if $value}}{{$key}}{{"\\n"}}{{end}}{{end}}'
    return (
        *("kubectl", "--context", holder.context, "--namespace", holder.within, "get", "secret", holder.name),
        *("--ignore-not-found", f"--output=go-template={template}", "--request-timeout=20s"),
    )


def secret_value_argv(holder: Holder) -> tuple[str, ...]:
    """The command whose answer holds the keys of a secret, and their values."""
    return (
        *("aws", "secretsmanager", "get-secret-value", "--region", holder.within),
        *("--secret-id", holder.name, "--query", "SecretString", "--output", "json"),
    )


def describe_argv(holder: Holder) -> tuple[str, ...]:
    """The command that says whether a secret exists; it needs no permission to read the value."""
    return (
        *("aws", "secretsmanager", "describe-secret", "--region", holder.within),
        *("--secret-id", holder.name, "--query", "Name", "--output", "json"),
    )


class State(NamedTuple):
    """The state of a holder. `missing` are its keys that do not exist, or are empty; an optional one may.

    But in Secrets Manager an optional key has to exist, as CloudFormation resolves no reference without it.
    """

    holder: Holder
    is_there: bool
    missing: tuple[str, ...]


def load_holders(
    app_root: Path, shown_as: str, options: Options, *, selection: Selection, context: str = ""
) -> tuple[Compiled, tuple[Holder, ...]]:
    """The holders of the selected environments and platforms. Raises InputError with every problem."""
    compiled = compile_project(app_root, shown_as, options, selection.environments)
    found = (
        holder
        for environment in compiled.project.environments
        if not selection.environments or environment.name in selection.environments
        for holder in holders(environment, context)
        if not selection.targets or holder.platform in selection.targets
    )
    return compiled, tuple(found)


def states(found: Iterable[Holder], environ: Mapping[str, str]) -> Iterator[State]:
    """The state of each holder; a store is not checked, only the Secret that is filled from it.

    Raises InputError if no cluster is named, and ToolFailed if a tool is missing or is refused.
    """
    asked = [holder for holder in found if holder.kind != "store"]
    _require_context(asked)
    mask = [environ.get(variable, "") for holder in asked for variable in holder.variables]
    for holder in asked:
        keys = _keys(holder, environ, mask)
        wanted = dict.fromkeys(key for key, _ in holder.keys if key not in may_be_missing(holder))
        yield State(holder, keys is not None, tuple(key for key in wanted if keys is None or key not in keys))


def may_be_missing(holder: Holder) -> frozenset[str]:
    """The keys without which a deployment works."""
    return frozenset() if holder.kind == "secretsmanager" else holder.optional


def _require_context(asked: Iterable[Holder]) -> None:
    for holder in asked:
        if holder.platform == "kubernetes" and not holder.context:
            raise InputError(
                f"which cluster is '{holder.environment}' in? set 'kubernetes.context' in deploy.yaml or "
                "give --context; 'kubectl config get-contexts -o name' lists them"
            )


def _keys(holder: Holder, environ: Mapping[str, str], mask: Sequence[str]) -> frozenset[str] | None:
    """The keys that have a value; None if the holder does not exist."""
    if holder.kind == "parameter":
        return frozenset(name for name in holder.variables if environ.get(name))
    if holder.kind == "arn":
        is_there = _aws(describe_argv(holder), environ, mask) is not None
        return frozenset(key for key, _ in holder.keys) if is_there else None
    if holder.kind == "secretsmanager":
        return _keys_of_json(_aws(secret_value_argv(holder), environ, mask), holder.optional)
    found, *keys = run(
        keys_argv(holder), env=environ, timeout_seconds=READ_SECONDS, mask=mask
    ).text.splitlines() or [""]
    return frozenset(keys) if found else None


def _aws(argv: tuple[str, ...], environ: Mapping[str, str], mask: Sequence[str]) -> Completed | None:
    """The answer, or None if there is no such secret."""
    done = run(
        argv,
        env=environ,
        timeout_seconds=READ_SECONDS,
        expected=(0, *_REFUSED),
        mask=mask,
        secret_output=True,
    )
    if not done.code:
        return done
    words = masked(done.stderr.decode("utf-8", "replace").strip(), mask)
    if "(ResourceNotFoundException)" in words:
        return None
    raise ToolFailed(f"'aws' failed with exit code {done.code}\n  {' '.join(argv)}\n{words}")


def _keys_of_json(done: Completed | None, may_be_empty: Container[str]) -> frozenset[str] | None:
    if done is None:
        return None
    try:
        text = json.loads(done.text)
        values = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        # Not `from`: the parser's message may repeat the text.
        values = None
    found = values if isinstance(values, dict) else {}
    return frozenset(key for key, value in found.items() if value or key in may_be_empty)
