"""Which programs a script starts and which modules it imports: by its text alone, as nothing is ever run.

Sees what is written out. A program whose name is composed, or comes from an argument, is not seen; and in a
shell only a known program counts, as most other words of one are builtins, functions, or part of a text.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from jvbundler.app.packages import DEBIAN, PYTHON
from jvbundler.app.sources import tree_of

# What starts its first argument; `which` only looks for it.
_STARTS = frozenset(
    [f"subprocess.{name}" for name in ("run", "Popen", "call", "check_call", "check_output", "getoutput")]
    + ["subprocess.getstatusoutput", "os.system", "os.popen", "os.execvp", "os.execlp", "os.spawnvp"]
    + ["asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"]
)
_LOOKS_FOR = "shutil.which"
# Programs of other systems, which a script starts where it runs there.
_ELSEWHERE = frozenset(["brew", "cmd", "cmd.exe", "open", "osascript", "powershell", "where", "winget"])
_PROGRAM = r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}"
_CATCHES = frozenset(["ImportError", "ModuleNotFoundError", "Exception", "BaseException"])
_ENDS = frozenset(["exit", "_exit", "quit"])

_FENCE = r"\s*(?:```+|~~~+)\s*([A-Za-z]*)"
_SHELLS = ("bash", "sh", "shell", "console", "zsh")
# In a shell: the first word of each command.
_BEFORE = r"(?:(?:sudo|if|then|do|else|while|until|exec|time|command -v|which) ){0,3}"
_COMMAND = rf"(?:^|&&|\|\|?|;|\$\()\s*(?:\$ )?{_BEFORE}([a-z0-9][a-z0-9-]*)(?=[\s;|&)]|$)"
_HEREDOC = r"<<-?\s*[\"']?([A-Za-z_]\w*)"
# In running text a command has an argument: `npm install -g docx` is one, `node` may be any word.
_INLINE = r"`([a-z0-9][a-z0-9-]*) [^`]+`"


class Use(NamedTuple):
    """A program or a module, with the line and the column of its first use, from 1."""

    name: str
    line: int
    column: int


class Uses(NamedTuple):
    programs: tuple[Use, ...] = ()
    modules: tuple[Use, ...] = ()


def is_known(program: str) -> bool:
    return program in DEBIAN or program in PYTHON


def uses_of_markdown(text: str) -> Uses:
    """The known programs in the commands of a SKILL.md: in blocks of a shell, and `inline`."""
    found: list[Use] = []
    is_block, is_shell, until = False, False, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(_FENCE, line)
        if fence:
            is_block, is_shell, until = not is_block, fence[1].lower() in _SHELLS, ""
        elif is_block and is_shell:
            programs, until = _line_of_shell(line, number, until)
            found += programs
        elif not is_block:
            found += _matches(_INLINE, line, number)
    return Uses(tuple(found))


def uses_of_shell(text: str) -> Uses:
    """The known programs in the commands of a shell script."""
    found: list[Use] = []
    until = ""
    for number, line in enumerate(text.splitlines(), 1):
        programs, until = _line_of_shell(line, number, until)
        found += programs
    return Uses(tuple(found))


def _line_of_shell(line: str, number: int, until: str) -> tuple[list[Use], str]:
    """The programs of a line; `until` is the word that ends the text in which it is, of which none is run."""
    if until:
        return [], "" if line.strip() == until else until
    if line.lstrip().startswith("#"):
        return [], ""
    text = re.search(_HEREDOC, line)
    return list(_matches(_COMMAND, line, number)), text[1] if text else ""


def _matches(pattern: str, line: str, number: int) -> Iterator[Use]:
    for match in re.finditer(pattern, line):
        if is_known(match[1]):
            yield Use(match[1], number, match.start(1) + 1)


def uses_of_python(source: bytes) -> Uses:
    """What a Python script starts and imports; nothing for one that Python could not run either.

    Left out are modules of Python itself, and those without which the script goes on.
    """
    tree = tree_of(source)
    if tree is None:
        return Uses()
    names = _imported_names(tree)
    starts = any(name.partition(".")[0] == "subprocess" for name in names.values())
    programs = [use for node in ast.walk(tree) for use in _programs(node, names, starts)]
    return Uses(tuple(sorted(programs, key=_position)), tuple(sorted(_modules(tree), key=_position)))


def _position(use: Use) -> tuple[int, int]:
    return use.line, use.column


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """What the names of a module stand for: `run` for `subprocess.run`, `sp` for `subprocess`."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _programs(node: ast.AST, names: dict[str, str], starts: bool) -> Iterator[Use]:
    if isinstance(node, ast.Call) and node.args:
        called = _called(node.func, names)
        if called in _STARTS:
            yield from _started(node.args[0])
        elif called == _LOOKS_FOR:
            yield from (use for use in _started(node.args[0]) if is_known(use.name))
    elif isinstance(node, ast.List) and starts:
        # `command = ["pandoc", …]`, which is started elsewhere
        yield from (use for use in _started(node) if is_known(use.name))


def _called(function: ast.expr, names: dict[str, str]) -> str:
    if isinstance(function, ast.Name):
        return names.get(function.id, "")
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{names.get(function.value.id, '')}.{function.attr}"
    return ""


def _started(command: ast.expr) -> Iterator[Use]:
    """The first word of a command, which is a text, or a list of texts."""
    first = command.elts[0] if isinstance(command, (ast.List, ast.Tuple)) and command.elts else command
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return
    line, column = first.lineno, first.col_offset + 1
    if re.fullmatch(_PROGRAM, first.value):
        if first.value not in _ELSEWHERE:
            yield Use(first.value, line, column)
    elif first is command:
        yield from (Use(name, line, column) for name, _, _ in uses_of_shell(first.value).programs)


def _modules(tree: ast.Module) -> Iterator[Use]:
    """Without recursion, as a hostile script may be nested deeply."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (_module(alias.name, node) for alias in node.names if _is_foreign(alias.name))
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_foreign(node.module or ""):
            yield _module(node.module or "", node)
        pending += _needed_parts(node)


def _module(name: str, node: ast.stmt) -> Use:
    return Use(name.partition(".")[0], node.lineno, node.col_offset + 1)


def _is_foreign(name: str) -> bool:
    return name.partition(".")[0] not in (*sys.stdlib_module_names, "")


def _needed_parts(node: ast.AST) -> list[ast.AST]:
    """The parts of a statement, without an import that may fail, and one for a type checker only."""
    if isinstance(node, ast.Try) and any(_goes_on(handler) for handler in node.handlers):
        return [*node.orelse, *node.finalbody]
    if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
        return [*node.orelse]
    return list(ast.iter_child_nodes(node))


def _goes_on(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches a failed import, and does not end the script."""
    caught = {getattr(node, "id", "") for node in ast.walk(handler.type)} if handler.type else _CATCHES
    if not caught & _CATCHES:
        return False
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _name(node.func) in _ENDS):
            return False
    return True


def _name(node: ast.expr) -> str:
    """The last part of a dotted name, empty for any other expression."""
    return str(getattr(node, "attr", getattr(node, "id", "")))
