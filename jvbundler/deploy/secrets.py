"""`secrets`: what has to hold the secrets of an app. `secrets check`: which of them are missing.

Reads names of keys; a value is neither kept nor shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jvbundler.deploy.secret_holders import Holder, describe_argv, holders, keys_argv, secret_value_argv
from jvbundler.pipeline.compile import Compiled, compile_project
from jvbundler.pipeline.request import Options, Selection
from jvbundler.runner import Completed, masked, run
from jvbundler.values.problem import InputError, ToolFailed

READ_SECONDS = 60.0
# The AWS CLI leaves with these where the service said no: 254 since 2020, 255 before.
_REFUSED = (254, 255)


class State(NamedTuple):
    """What is there of a holder. `missing` are its keys that are not there, or are empty."""

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
    """What is there of each holder; a store is left to those who fill the Secret from it.

    Raises InputError where no cluster is named, and ToolFailed where a tool is missing or is refused.
    """
    asked = [holder for holder in found if holder.kind != "store"]
    _require_context(asked)
    mask = [environ.get(variable, "") for holder in asked for variable in holder.variables]
    for holder in asked:
        keys = _keys(holder, environ, mask)
        missing = [key for key, _ in holder.keys if keys is None or key not in keys]
        yield State(holder, keys is not None, tuple(missing))


def _require_context(asked: Iterable[Holder]) -> None:
    for holder in asked:
        if holder.platform == "kubernetes" and not holder.context:
            raise InputError(
                f"which cluster is '{holder.environment}' in? set 'kubernetes.context' in deploy.yaml or "
                "give --context; 'kubectl config get-contexts -o name' lists them"
            )


def _keys(holder: Holder, environ: Mapping[str, str], mask: Sequence[str]) -> frozenset[str] | None:
    """The keys that have a value; None where the holder is not there."""
    if holder.kind == "parameter":
        return frozenset(name for name in holder.variables if environ.get(name))
    if holder.kind == "arn":
        is_there = _aws(describe_argv(holder), environ, mask) is not None
        return frozenset(key for key, _ in holder.keys) if is_there else None
    if holder.kind == "secretsmanager":
        return _keys_of_json(_aws(secret_value_argv(holder), environ, mask))
    found, *keys = run(
        keys_argv(holder), env=environ, timeout_seconds=READ_SECONDS, mask=mask
    ).text.splitlines() or [""]
    return frozenset(keys) if found else None


def _aws(argv: tuple[str, ...], environ: Mapping[str, str], mask: Sequence[str]) -> Completed | None:
    """The answer, or None where there is no such secret."""
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


def _keys_of_json(done: Completed | None) -> frozenset[str] | None:
    if done is None:
        return None
    try:
        text = json.loads(done.text)
        values = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        # Not `from`: the parser's message may repeat the text.
        values = None
    return (
        frozenset(key for key, value in values.items() if value) if isinstance(values, dict) else frozenset()
    )
