"""The values that the template asks for at deployment: given, kept from the last one, or missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.lambda_.commands import IMAGE_PARAMETER
from jvbundler.deploy.secrets import holders, states
from jvbundler.render.lambda_.function import app_variables
from jvbundler.render.lambda_.names import secret_parameters
from jvbundler.render.lambda_.parameters import Parameter, parameters
from jvbundler.values.problem import InputError, ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release


class Values(NamedTuple):
    """`plain` by parameter, `secrets` as pairs of parameter and variable; `kept` stay as they are."""

    plain: Mapping[str, str]
    secrets: tuple[tuple[str, str], ...]
    kept: tuple[str, ...]


def template_parameters(release: Release) -> tuple[Parameter, ...]:
    environment = release.environment
    return parameters(environment, app_variables(release.project.app, environment))


def parameter_values(
    release: Release,
    given: Mapping[str, str],
    environ: Mapping[str, str],
    deployed: Mapping[str, str],
) -> Values:
    """Raise InputError with all parameters that have no value, given or in the `deployed` stack."""
    wanted = [p for p in template_parameters(release) if p.name != IMAGE_PARAMETER]
    _require_known(given, wanted)
    pairs = _variables(release)
    secrets = [(p.name, pairs[p.name]) for p in wanted if p.secret and environ.get(pairs[p.name])]
    plain = {p.name: given[p.name] for p in wanted if p.name in given}
    there = {*plain, *(name for name, _ in secrets)}
    absent = [p for p in wanted if p.name not in there and p.name not in deployed]
    missing = [p for p in absent if not p.optional]
    if missing:
        lines = [_demand(p, pairs) for p in missing]
        raise InputError("\n".join(["the stack needs values that it does not have yet:", *lines]))
    kept = tuple(p.name for p in wanted if p.name not in there and p not in absent)
    return Values(plain, tuple(secrets), kept)


def stored_secrets(release: Release, environ: Mapping[str, str]) -> tuple[str, ...]:
    """A note on what could not be read. InputError if Secrets Manager lacks what the stack refers to."""
    environment = release.environment
    stored = [h for h in holders(environment) if h.platform == "lambda" and h.kind != "parameter"]
    try:
        missing = [state for state in states(stored, environ) if state.missing]
    except ToolFailed as failure:
        return (f"it is not known whether Secrets Manager has the secrets: {str(failure).splitlines()[-1]}",)
    if missing:
        lines = [
            f"  '{state.holder.name}' in Secrets Manager of {state.holder.within} "
            + ("has no " if state.is_there else "does not exist: it needs ")
            + ", ".join(state.missing)
            for state in missing
        ]
        advice = f"'jvbundler secrets -e {environment.name}' prints the commands that create it"
        raise InputError("\n".join(["secrets are missing; nothing was changed", *lines, advice]))
    return ()


def offline_values(release: Release, given: Mapping[str, str]) -> Values:
    """For a dry run: all secrets, and the name of each other parameter instead of its value."""
    wanted = [p for p in template_parameters(release) if p.name != IMAGE_PARAMETER]
    _require_known(given, wanted)
    pairs = _variables(release)
    plain = {p.name: given.get(p.name, f"<{p.name}>") for p in wanted if not p.secret}
    return Values(plain, tuple((p.name, pairs[p.name]) for p in wanted if p.secret), ())


def _variables(release: Release) -> dict[str, str]:
    """The variable that the value of each secret parameter is handed over from."""
    secrets = release.environment.lambda_secrets
    sources = {secret.name: secret.source for secret in secrets}
    return {parameter: sources[name] for name, parameter in secret_parameters(secrets).items()}


def _require_known(given: Mapping[str, str], wanted: list[Parameter]) -> None:
    names = [p.name for p in wanted if not p.secret]
    for name in given:
        if name not in names:
            there = ", ".join(names) or "none"
            raise InputError(f"--parameter: the template does not ask for '{name}' (it asks for: {there})")


def _demand(parameter: Parameter, variables: Mapping[str, str]) -> str:
    if parameter.secret:
        return f"  {parameter.name}: set the environment variable {variables[parameter.name]}"
    return f"  {parameter.name}: {parameter.description}; give it as --parameter {parameter.name}=…"
