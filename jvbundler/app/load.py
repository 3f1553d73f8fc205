"""A jvagent app folder → `App`: a list of steps. Knows nothing of deploy.yaml and runs no app code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from jvbundler.app.agents import Agent, read_agents
from jvbundler.app.catalog import Catalog, available_versions, load_catalog, package_catalog
from jvbundler.app.closure import Providers, resolve
from jvbundler.app.jvagent_package import Package
from jvbundler.app.jvagent_release import JvagentRelease, chosen_release, release_of_package
from jvbundler.app.model import REQUIREMENTS, Action, App, PipRequirement, SkillUses, Wish
from jvbundler.app.needs import each_once, needing_of, programs_of
from jvbundler.app.pip.requirements import merged_requirements
from jvbundler.app.pip.requirements_lock import read_lock
from jvbundler.app.reading import (
    description_text,
    exists,
    file_bytes,
    folders,
    mapping,
    name_text,
    shown,
    text,
    version_text,
)
from jvbundler.app.variables import configured_variables, read_env_example
from jvbundler.source.yaml.file import parse_yaml
from jvbundler.values.node import Node, find
from jvbundler.values.problem import Place, Problem, error
from jvbundler.values.secret_values import contains_secret

EXTRA_PIP = "image.extra_pip"


def load_app(
    root: Path,
    shown_as: str,
    *,
    jvagent_version: str = "",
    version_at: Place | None = None,
    jvagent_path: Path | None = None,
    path_at: Place | None = None,
    extra_pip: Sequence[tuple[str, Place]] = (),
    jvagent_is_known: bool = True,
) -> tuple[App | None, tuple[Problem, ...]]:
    """What the app in `root` consists of, and everything that is wrong with it.

    `shown_as` is the folder's name in messages. `jvagent_version` is the release that deploy.yaml names at
    `version_at`, if it does. `jvagent_path` is the folder of a jvagent package whose actions count instead of
    a shipped list; where deploy.yaml gives it, at `path_at`, it must not lead out of the app. `extra_pip`
    are deploy.yaml's own packages. Without `jvagent_is_known`, what deploy.yaml says about the release cannot
    be read, and no action is judged by it. The app is None only if there is no usable app.yaml.
    """
    problems: list[Problem] = []
    top = _app_yaml(root, shown_as, problems)
    if top is None:
        return None, tuple(problems)
    named = JvagentRelease(jvagent_version, version_at) if jvagent_version else None
    if not jvagent_is_known:
        catalog, release = None, chosen_release(top, None, available_versions(), [])
    elif jvagent_path is None:
        release = chosen_release(top, named, available_versions(), problems)
        catalog, found = load_catalog(release.version, release.place or Place(shown(shown_as, "app.yaml")))
        problems.extend(found)
    else:
        package, place = _package(jvagent_path, path_at, root, shown_as)
        catalog, release = _of_package(top, package, place, named, problems)
    providers = Providers(root, read_agents(top, root, shown_as, problems), catalog, release.place)
    actions, unlisted = resolve(providers, problems)
    has_file = exists(root / REQUIREMENTS, shown(shown_as, REQUIREMENTS), problems)
    skills = _skills(providers.agents, actions, catalog, root, shown_as, problems)
    programs = each_once((*programs_of(providers.agents, actions), *skills.programs))
    wanted = [wish for action in actions + unlisted for wish in providers.wishes(action.id)]
    wanted += skills.wishes
    wanted += (Wish("uv", one.by, one.place) for one in programs if one.name in ("uv", "uvx"))
    if has_file:
        from jvbundler.app.pip.requirements_txt import read_requirements

        wanted += read_requirements(root, shown_as, problems)
    wanted += (Wish(spec, EXTRA_PIP, place) for spec, place in extra_pip)
    context = mapping(top, "context", problems) or Node({}, top.place)
    problems.extend(_literal_secrets(top, context))
    lock = read_lock(root, shown_as, problems)
    configured = configured_variables(top)
    app = App(
        root=root,
        shown_as=shown_as,
        id=name_text(top, "app", problems, "jvagent_app"),
        version=version_text(top, "version", problems, "0.0.1"),
        title=description_text(context, "name", problems, "jvagent Application"),
        description=description_text(context, "description", problems),
        author=text(top, "author", problems),
        license=text(top, "license", problems),
        homepage=text(top, "homepage", problems),
        agents=tuple(agent.ref for agent in providers.agents),
        actions=actions,
        unlisted=unlisted,
        requirements=_merged(wanted, release, catalog, problems),
        requirements_file=has_file,
        lock=lock,
        variables=read_env_example(root, shown_as, problems),
        configured=tuple((name, value) for name, value, _ in configured),
        configured_at=tuple((name, place) for name, _, place in configured),
        has_env_file=exists(root / ".env", shown(shown_as, ".env"), problems),
        jvagent_version=release.version,
        requires_python=catalog.python if catalog else "",
        jvagent_is_shipped=catalog is not None and catalog.is_shipped,
        programs=programs,
        modules=each_once(skills.modules),
        brought=catalog.requires if catalog else (),
        jvspatial=f"=={lock.jvspatial}" if lock and lock.jvspatial else catalog.jvspatial if catalog else "",
    )
    return app, tuple(dict.fromkeys(problems))  # a file that two steps read is one problem


def _skills(
    agents: Sequence[Agent],
    actions: Sequence[Action],
    catalog: Catalog | None,
    root: Path,
    shown_as: str,
    problems: list[Problem],
) -> SkillUses:
    """What the skills need, where an action runs their scripts, or loads some."""
    if catalog is None or not any(any(needing_of(agent, actions, "skills", "hooks")) for agent in agents):
        return SkillUses()
    from jvbundler.app.skill_uses import uses_of_skills

    return uses_of_skills(agents, actions, catalog, root, shown_as, problems)


def _package(path: Path, path_at: Place | None, root: Path, shown_as: str) -> tuple[Package, Place]:
    """The given jvagent package, and where it is given: one in the app must not lead out of it."""
    if path_at is None:
        return Package(path, str(path)), Place(str(path))
    return Package(root / path, shown(shown_as, str(path)), within=root), path_at


def _of_package(
    top: Node, package: Package, place: Place, named: JvagentRelease | None, problems: list[Problem]
) -> tuple[Catalog | None, JvagentRelease]:
    """The actions of a package, and the release that the image installs for it."""
    catalog, found = package_catalog(package, place)
    problems.extend(found)
    if catalog is not None:
        named = release_of_package(catalog.jvagent, place, named, problems)
    return catalog, chosen_release(top, named, available_versions(), problems)


def _literal_secrets(top: Node, context: Node) -> Iterator[Problem]:
    """Secrets in the app's description, which becomes labels of the image, and tags and names elsewhere."""
    described = [
        (top, ("app", "version", "author", "license", "homepage")),
        (context, ("name", "description")),
    ]
    for node, keys in described:
        for key in keys:
            value = find(node, [key])
            if value is not None and isinstance(value.value, str) and contains_secret(value.value):
                message = f"the value of '{key}' looks like a secret and would be rendered"
                yield error("JVB901", value.place, message, "remove it")


def _app_yaml(root: Path, shown_as: str, problems: list[Problem]) -> Node | None:
    file = shown(shown_as, "app.yaml")
    if not exists(root / "app.yaml", file, problems):
        if not problems:
            problems.append(_no_app(root, shown_as))
        return None
    data = file_bytes(root / "app.yaml", file, root, problems)
    top, found = parse_yaml(data, file) if data is not None else (None, ())
    problems.extend(found)
    return top


def _no_app(root: Path, shown_as: str) -> Problem:
    """Says where the nearest app is: one folder up or down is the usual mistake."""
    place = Place(shown(shown_as, "app.yaml"))
    if not exists(root / ".", shown_as, []):
        what = "is not a folder" if exists(root, shown_as, []) else "does not exist"
        return error("JVB200", place, f"'{shown_as}' {what}", "give the folder of a jvagent app")
    hint = "give the folder of a jvagent app: the one with app.yaml and agents/ in it"
    below = [child.name for child in folders(root, "", []) if exists(child / "app.yaml", "", [])]
    parents = enumerate(root.absolute().parents, 1)
    above = [level for level, parent in parents if exists(parent / "app.yaml", "", [])]
    if exists(root / "app.yml", "", []):
        hint = "rename app.yml to app.yaml: jvagent knows only that name"
    elif below:
        hint = f"did you mean '{shown(shown_as, below[0])}'? there is one"
    elif above:
        hint = f"did you mean '{shown(shown_as, '/'.join(['..'] * above[0]))}'? there is one"
    return error("JVB200", place, f"no app.yaml in '{shown_as}'", hint)


def _merged(
    wanted: list[Wish], release: JvagentRelease, catalog: Catalog | None, problems: list[Problem]
) -> tuple[PipRequirement, ...]:
    installed = [("jvagent", f"=={release.version}")] if catalog else []
    if catalog and catalog.jvspatial:
        installed.append(("jvspatial", catalog.jvspatial))
    merged, found = merged_requirements(wanted, installed)
    problems.extend(found)
    return merged
