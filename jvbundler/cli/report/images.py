"""Prints which image runs where, what changes, and what a registry says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jvbundler.cli.printer import echo_line
from jvbundler.cli.report.paper import Hanging, columns, indented, show, words

if TYPE_CHECKING:
    from rich.text import Text

    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.image.check import Verified
    from jvbundler.deploy.image.history import Moved
    from jvbundler.deploy.image.promotion import Change, Running
    from jvbundler.values.reference import Reference

SHORT = {"kubernetes": "k8s", "lambda": "lambda"}
# Of a digest, so that two lines can be compared: `sha256:` and 12 digits, as docker shows it.
_DIGITS = len("sha256:") + 12


def show_running(found: Mapping[Running, str], terminal: Terminal) -> None:
    """A row for each image: environment, platform, repository, tag, digest, and when it was built."""
    rows = [
        (*_where(one), *_parts(one.image), words(time[:16].replace("T", " "))) for one, time in found.items()
    ]
    heads = [words(name, "bold") for name in ("environment", "platform", "repository", "tag", "digest")]
    times = [words("built", "bold")] if any(found.values()) else []
    show([columns([(*heads, *times), *rows], one_line=False)], terminal)


def show_changes(
    changes: Sequence[Change], between: Mapping[Change, Sequence[str]], environment: str, terminal: Terminal
) -> None:
    if not changes:
        echo_line(f"{environment} runs that already: nothing to change")
    for change in changes:
        before = change.before
        show([words(f"{before.environment} on {SHORT[before.platform]}:", "bold")], terminal)
        show([indented(Hanging(words(f"- {before.image}", "red")))], terminal)
        show([indented(Hanging(words(f"+ {change.image}", "green")))], terminal)
        lines = between.get(change, ())
        if lines:
            show([indented(words("commits:")), *(indented(words(line), 4) for line in lines)], terminal)


def show_verified(found: Iterable[Verified], terminal: Terminal) -> None:
    for one in found:
        where = f"{one.running.environment} on {SHORT[one.running.platform]}: {one.running.image}"
        mark = words("WRONG ", "red") if one.wrong else words("ok    ", "green")
        show([mark + words(where), *(indented(Hanging(words(why)), 6) for why in one.wrong)], terminal)


def show_moved(found: Sequence[Moved], terminal: Terminal) -> None:
    """A line for each commit, and below it what it changed."""
    last = ""
    for one in found:
        if one.commit != last:
            show(
                [
                    words(
                        f"{one.date[:16].replace('T', ' ')}  {one.commit[:12]}  {one.subject} ({one.author})"
                    )
                ],
                terminal,
            )
        last = one.commit
        where = f"{one.environment} on {SHORT[one.platform]}"
        show([indented(words(f"{where}: {_short(one.before)} → {_short(one.after)}"))], terminal)
    if not found:
        echo_line("no commit has changed an image")


def running_document(one: Running, created: str) -> dict[str, Any]:
    built = {"built": created} if created else {}
    where = {"environment": one.environment, "platform": SHORT[one.platform]}
    return {**where, **one.image._asdict(), **built}


def change_document(one: Change, commits: Sequence[str]) -> dict[str, Any]:
    return {
        "platform": SHORT[one.before.platform],
        "before": one.before.image._asdict(),
        "after": one.image._asdict(),
        "commits": [*commits],
    }


def verified_document(one: Verified) -> dict[str, Any]:
    return {**running_document(one.running, ""), "ok": not one.wrong, "wrong": [*one.wrong]}


def moved_document(one: Moved) -> dict[str, Any]:
    images = {"before": one.before, "after": one.after}
    whole = {name: image._asdict() if image else None for name, image in images.items()}
    return {**one._asdict(), "platform": SHORT[one.platform], **whole}


def _where(one: Running) -> tuple[Text, Text]:
    return words(one.environment), words(SHORT[one.platform])


def _parts(image: Reference) -> tuple[Text, Text, Text]:
    return words(image.repository or "not known"), words(image.tag), words(image.digest[:_DIGITS])


def _short(image: Reference | None) -> str:
    if image is None:
        return "nothing"
    return str(image._replace(digest=image.digest[:_DIGITS]))
