"""The Secrets of a deployment: whether their keys are there, before the first change; how they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.command import Command, SecretData
from jvbundler.deploy.execution import Execution, execute
from jvbundler.deploy.kubernetes import commands
from jvbundler.deploy.kubernetes.workload import Workload
from jvbundler.deploy.secrets import Holder, holders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jvbundler.deploy.release import Release
    from jvbundler.runner import Completed


class Secrets(NamedTuple):
    """The Secrets that the manifest needs and does not bring, and what is missing of them."""

    holders: tuple[Holder, ...]
    missing: tuple[SecretData, ...] = ()
    notes: tuple[str, ...] = ()


def needed_secrets(release: Release, workload: Workload) -> tuple[Holder, ...]:
    """Those that somebody has to make; what the manifest brings itself, an operator may make later."""
    brought = {o.name for o in workload.objects if o.kind.endswith("Secret")}
    found = holders(release.environment, workload.context)
    return tuple(
        holder
        for holder in found
        if holder.platform == "kubernetes"
        and holder.kind in ("secret", "pull-secret")
        and holder.name not in brought
    )


def look_at_secrets(release: Release, workload: Workload, execution: Execution, *, create: bool) -> Secrets:
    """The keys that each Secret has; whoever may not look is told that nobody did.

    An optional key is missing only where it can be made: with `create`, and from a variable that is set.
    """
    needed = needed_secrets(release, workload)
    missing, notes = [], []
    for holder in needed:
        done = execute(commands.secret_keys(holder), execution)
        if done.code:
            notes.append(
                f"it is not known whether the Secret '{holder.name}' has its keys: {_first_line(done)}"
            )
            continue
        found, *there = done.text.splitlines() or [""]
        keys = tuple(
            (key, variable)
            for key, variable in holder.keys
            if key not in there
            and (key not in holder.optional or (create and execution.environ.get(variable)))
        )
        if keys:
            missing.append(SecretData(holder.name, holder.within, keys, is_there=bool(found)))
    return Secrets(needed, tuple(missing), tuple(notes))


def _first_line(done: Completed) -> str:
    return next(iter(done.stderr.decode("utf-8", "replace").splitlines()), "kubectl said nothing")


def refusal(environment: str, missing: Iterable[SecretData]) -> str:
    """Why nothing is deployed, and what to do about it."""
    lines = [
        f"  the Secret '{data.name}' in namespace '{data.namespace}' "
        + ("has no " if data.is_there else "is not there: it needs ")
        + ", ".join(key for key, _ in data.keys)
        for data in missing
    ]
    way = f"'jvbundler secrets -e {environment}' prints the commands that make it"
    advice = f"{way}; '--create-secrets' makes it from the variables of this shell"
    return "\n".join(["the pods could not start; nothing was changed", *lines, advice])


def fill_commands(workload: Workload, secrets: Secrets, *, create: bool) -> tuple[Command, ...]:
    """Of a pull secret only the user knows the value."""
    own = [data for data in secrets.missing if data.keys[0][1]]
    if not create or not own:
        return ()
    new = any(not data.is_there for data in own)
    return (
        *(commands.create_namespace(workload) if new else ()),
        *(commands.fill_secret(workload, data) for data in own),
    )
