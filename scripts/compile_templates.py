"""Build hook of hatchling: the wheel gets the templates as one Python module, beside their text.

Compiling them takes longer than all the rest of a render. What Jinja2's compiler writes is kept as it is, and
finds jvbundler/render/text/template_runtime.py in place of Jinja2's runtime. A checkout has only the text, so
that an edit counts at once.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from jinja2 import Environment, nodes

HEAD = '''"""The templates, compiled; made by scripts/compile_templates.py."""

from jvbundler.render.text.template_runtime import (
    LoopContext, TemplateRuntimeError, Undefined, internalcode, missing, str_join
)

'''
RUNTIME = "jvbundler/render/text/template_runtime.py"
# What `template_runtime` stands in for.
NODES = {
    nodes.Add,
    nodes.And,
    nodes.Call,
    nodes.Compare,
    nodes.Concat,
    nodes.CondExpr,
    nodes.Const,
    nodes.Filter,
    nodes.For,
    nodes.Getattr,
    nodes.If,
    nodes.Include,
    nodes.List,
    nodes.Name,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.TemplateData,
    nodes.Test,
    nodes.Tuple,
}


class CompileTemplates(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `jvbundler/compiled_templates.py` to a wheel, but not to an editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from jvbundler.render.text.templating import COMPILED

        self._folder = tempfile.TemporaryDirectory()
        module = Path(self._folder.name, f"{COMPILED}.py")
        module.write_text(compiled_module(), encoding="utf-8")
        build_data["force_include"][str(module)] = f"jvbundler/{module.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._folder.cleanup()


def compiled_module() -> str:
    """The text of the module: for each template a function that makes its function, and a table of them."""
    made, table = [HEAD], []
    for number, (name, code) in enumerate(compiled_templates()):
        made.append(f"\ndef make_{number}(environment):\n{indent(code, '    ')}\n    return root\n\n")
        table.append(f"    {name!r}: make_{number},\n")
    return "".join([*made, "\nTEMPLATES = {\n", *table, "}\n"])


def compiled_templates() -> Iterator[tuple[str, str]]:
    """Each template's name, and the code of its function `root`."""
    from jvbundler.render.text.escaping import escape_of
    from jvbundler.render.text.templating import TEMPLATES, environment

    for file in sorted(TEMPLATES.rglob("*.j2")):
        name, text = file.relative_to(TEMPLATES).as_posix(), file.read_text(encoding="utf-8")
        by = environment(escape_of(name))
        refuse_unsupported(by, name, text)
        code = by.compile(text, name=name, raw=True, defer_init=True)
        _, begin, rest = code.partition("def root(")
        yield name, begin + rest.partition("\nblocks = ")[0].rstrip()


def refuse_unsupported(environment: Environment, name: str, text: str) -> None:
    """ValueError where a template uses something of Jinja2 that `template_runtime` does not have."""
    from jvbundler.render.text.escaping import FILTERS
    from jvbundler.render.text.template_runtime import OWN_FILTERS
    from jvbundler.render.text.template_runtime import Environment as StandIn

    for node in environment.parse(text).find_all(nodes.Node):
        if isinstance(node, nodes.Filter):
            is_known = node.name in {**FILTERS, **OWN_FILTERS}
        elif isinstance(node, nodes.Test):
            is_known = node.name in StandIn.tests
        elif isinstance(node, nodes.Getattr) and getattr(node.node, "name", "") == "loop":
            is_known = node.attr == "first"
        else:
            is_known = type(node) in NODES
        if not is_known:
            raise ValueError(f"{name}:{node.lineno}: {node} is not in {RUNTIME}")
