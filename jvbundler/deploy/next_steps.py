"""The steps of pipeline/next_steps.py without those that are done.

Asks the tools, the cluster and the account, and changes nothing. A tool that is missing or refused is a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.doctor import Check, aws, aws_account, docker_checks, kubectl_checks, sam
from jvbundler.deploy.execution import Execution
from jvbundler.deploy.kubernetes.status import statuses
from jvbundler.deploy.kubernetes.workload import workload_of
from jvbundler.deploy.lambda_.status import lambda_status
from jvbundler.deploy.secrets import holders, states
from jvbundler.pipeline.next_steps import SHORT, Place, Step, listed, steps
from jvbundler.values.problem import InputError, ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release
    from jvbundler.project.model import Platform

# How long the app may take to answer.
HEALTH_SECONDS = 30.0


def remaining(
    release: Release, platform: Platform, place: Place, environ: Mapping[str, str]
) -> tuple[Step, ...]:
    """What is left to do, in order; nothing where the app runs as it was rendered, and is healthy."""
    found = steps(release.project, release.environment, platform, place)
    pulled_elsewhere = platform == "kubernetes" and not release.environment.settings["kubernetes"]["context"]
    if pulled_elsewhere or any(step.kind == "value" for step in found):
        return found
    tools = _fixes(_platform_checks(release, platform, environ))
    if tools:
        return (*tools, *found)
    try:
        state = _kubernetes(release, environ) if platform == "kubernetes" else _lambda(release, environ)
        if state.is_deployed and not state.troubles:
            return ()
        secrets = tuple(_missing_secrets(release, platform, place, environ))
    except (ToolFailed, InputError) as failure:
        doctor = place.command("doctor")
        return (Step("tool", str(failure).splitlines()[0], doctor), *found)
    builds = () if state.is_deployed else _fixes(docker_checks(environ))
    left = [step for one in found for step in (secrets if one.kind == "secrets" else (one,))]
    return (*builds, *_mending(state, platform, place), *left)


class _State(NamedTuple):
    is_deployed: bool
    troubles: tuple[str, ...]


def _kubernetes(release: Release, environ: Mapping[str, str]) -> _State:
    found = next(statuses(workload_of(release), _execution(release, environ)))
    return _State(bool(found.fields["image"]["running"]), found.problems)


def _lambda(release: Release, environ: Mapping[str, str]) -> _State:
    found = lambda_status(release, environ, health_seconds=HEALTH_SECONDS)
    return _State(found.facts is not None, (*found.unhealthy, *found.drifted))


def _execution(release: Release, environ: Mapping[str, str]) -> Execution:
    return Execution(environ, lambda event: None, secrets=release.secrets())


def _platform_checks(release: Release, platform: Platform, environ: Mapping[str, str]) -> Iterator[Check]:
    settings = release.environment.settings
    if platform == "kubernetes":
        context = settings["kubernetes"]["context"]
        yield from kubectl_checks(context, release.environment.namespace, environ)
        return
    yield sam(environ)
    tool = aws(environ)
    yield tool
    if tool.ok:
        yield aws_account(settings["lambda"]["region"], settings["lambda"]["account_id"], environ)


def _fixes(checks: Iterable[Check]) -> tuple[Step, ...]:
    return tuple(Step("tool", f"{c.name}: {c.found}", c.fix) for c in checks if not c.ok)


def _missing_secrets(
    release: Release, platform: Platform, place: Place, environ: Mapping[str, str]
) -> Iterator[Step]:
    context = release.environment.settings["kubernetes"]["context"]
    wanted = [holder for holder in holders(release.environment, context) if holder.platform == platform]
    missing = dict.fromkeys(key for state in states(wanted, environ) for key in state.missing)
    if missing:
        yield Step("secrets", f"create the secrets {listed(list(missing))}", place.command("secrets"))


def _mending(state: _State, platform: Platform, place: Place) -> Iterator[Step]:
    """What is deployed, but not healthy or not what was rendered, is looked at before it is replaced."""
    if state.is_deployed:
        yield Step("mend", f"mend it: {state.troubles[0]}", place.command("status", SHORT[platform]))
