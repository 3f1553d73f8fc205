"""A failure as a message, with its problems, and without the secrets that a tool may have repeated."""

from __future__ import annotations

import os
import sys

from jvbundler.cli.printer import echo_message
from jvbundler.cli.terminal import Terminal
from jvbundler.values.problem import InputError, JvbundlerError


def tell_failure(failure: JvbundlerError, terminal: Terminal) -> int:
    """Its problems and its message; with JSON and the like, a report is printed in any case."""
    problems = failure.problems if isinstance(failure, InputError) else ()
    if problems or terminal.format != "text":
        from jvbundler.cli.report.problems import report

        report(problems, terminal, is_failure=True)
    if str(failure):
        tell_message(f"jvbundler: {without_known_secrets(str(failure))}", terminal)
    return failure.exit_code


def tell_message(text: str, terminal: Terminal) -> None:
    """A message, wrapped on a terminal."""
    if not sys.stderr.isatty():
        echo_message(text)
        return
    from jvbundler.cli.report.paper import Hanging, indented, show, words

    first, *more = text.split("\n")
    # As echo_message does: repeated text cannot pass for a message of ours.
    further = [indented(Hanging(words(line)), 0 if line[:1].isspace() else 2) for line in more]
    show([Hanging(words(first)), *further], terminal, err=True)


def without_known_secrets(text: str) -> str:
    """`text` with tokens and the values of variables whose name looks secret masked: tools repeat them."""
    from jvbundler.runner import masked
    from jvbundler.values.secret_names import looks_secret
    from jvbundler.values.secret_values import without_secrets

    # PWD is the working folder; a short value would mask half of all words.
    secrets = [v for name, v in os.environ.items() if len(v) > 5 and name != "PWD" and looks_secret(name)]
    return without_secrets(masked(text, secrets))
