"""Ways to spoil an app folder. Each takes the folder and a random generator, and says what it did."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

Mutation = Callable[[Path, random.Random], str]

READ = ("deploy.yaml", "app.yaml", ".env.example", "requirements.txt", "agent.yaml", "info.yaml")
# What has broken a program of this kind before, here or elsewhere.
NASTY: tuple[Any, ...] = (
    *(
        "",
        " ",
        "\n",
        "a\nRUN id #",
        "a\r\nFROM x",
        "x\x00y",
        "\x1b[31mred",
        "\x1b]0;title\x07",
        "\x9b31m",
        "\u202eevil",
    ),
    *(
        "::error title=x::y",
        "##[error]x",
        "##vso[task.x]y",
        "\n::warning::z",
        "```sh\nid\n```",
        "<script>x</script>",
    ),
    *(
        "[x](javascript:y)",
        "| a | b |",
        "# heading",
        "-->",
        "]]>",
        "&amp;",
        '"',
        "'",
        "\\",
        "$(id)",
        "`id`",
        "; id",
    ),
    *(
        "${HOME}",
        "${GITHUB_TOKEN}",
        "${UNSET_NAME}",
        "${UNSET:-x}",
        "$${literal}",
        "${",
        "${A-}",
        "${${A}}",
        "$(VAR)",
    ),
    *(
        "{{ app.name }}",
        "{{ app }}",
        "{{ nothing }}",
        "{{ 'a' * 10**9 }}",
        "{{ 'a'|center(10**9) }}",
        "{{",
        "{% x %}",
    ),
    *("{{ app.name.__class__.__mro__ }}", "{{ ''.format }}", "{{resolve:ssm:x}}", "{{ range(10**9)|list }}"),
    *(
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a" * 36,
        "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----",
    ),
    *(
        "postgres://user:pass/word@host/db",
        "../../etc/passwd",
        "/etc/passwd",
        "a/../b",
        "..",
        ".",
        "CON",
        "a" * 300,
    ),
    *(
        "ü" * 64,
        "\ud800",
        "\ufeffbom",
        "日本語",
        "1.10",
        "1e400",
        "0x10",
        "0o17",
        "1_000",
        ".inf",
        "nan",
        "yes",
        "null",
    ),
    *(
        "2001-01-01",
        "!!python/object:os.system",
        "&a",
        "*a",
        "<<",
        "- x",
        "a: b",
        "{a: b}",
        "%",
        "@x",
        "--flag",
        "-e .",
    ),
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        3,
        10**30,
        -(10**30),
        0.1,
        1e308,
        [],
        {},
        [[]],
        [None],
        {"": ""},
        {"a": None},
    ),
    *({"name": "x"}, ["x"] * 50, [{"name": "x"}, {"name": "x"}], {"k" * 300: "v"}, {"a\nb": "c"}),
)
KEYS = (
    "",
    "k0",
    "memmory",
    "a\nb",
    "${X}",
    "{{ x }}",
    "<<",
    "__class__",
    "environment",
    "enabled",
    "a" * 300,
    "\x1b[0m",
)


def spoil(app: Path, chance: random.Random) -> list[str]:
    """One to four mutations of the folder, and what they were."""
    return [chance.choice(MUTATIONS)(app, chance) for _ in range(chance.choice((1, 1, 1, 2, 4)))]


def files_of(app: Path) -> list[Path]:
    """The files that jvbundler reads, deploy.yaml as often as all the others together."""
    found = sorted(p for p in app.rglob("*") if p.name in READ and p.is_file() and not p.is_symlink())
    return [*found, *[app / "deploy.yaml"] * len(found)] if (app / "deploy.yaml").is_file() else found


def a_file(app: Path, chance: random.Random) -> Path:
    return chance.choice(files_of(app) or [app / "deploy.yaml"])


def change_tree(app: Path, chance: random.Random) -> str:
    """A value, key or list of a YAML file becomes another; the file stays YAML."""
    path = a_file(app, chance)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return change_bytes(app, chance)
    places = list(walk(document))
    if not places:
        return change_bytes(app, chance)
    container, key = chance.choice(places)
    what = chance.choice(CHANGES)(container, key, chance)
    try:
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    except (UnicodeEncodeError, yaml.YAMLError, RecursionError, OSError):
        return f"{path.name}: cannot be written"
    return f"{path.name}: {what}"


def walk(node: Any) -> Iterator[tuple[Any, Any]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield node, key
        yield from walk(value)


def replace(container: Any, key: Any, chance: random.Random) -> str:
    container[key] = chance.choice(NASTY)
    return f"{key} = {container[key]!r:.60}"


def remove(container: Any, key: Any, chance: random.Random) -> str:
    del container[key]
    return f"without {key}"


def add_key(container: Any, key: Any, chance: random.Random) -> str:
    value = chance.choice(NASTY)
    if isinstance(container, list):
        container.insert(key, value)
        return f"one more item {value!r:.60}"
    name = chance.choice(KEYS)
    container[name] = value
    return f"{name!r:.30}: {value!r:.60}"


def append_text(container: Any, key: Any, chance: random.Random) -> str:
    container[key] = f"{container[key]}{chance.choice([x for x in NASTY if isinstance(x, str)])}"
    return f"{key} = {container[key]!r:.60}"


def nest(container: Any, key: Any, chance: random.Random) -> str:
    depth = chance.choice((1, 5, 70, 300))
    for _ in range(depth):
        container[key] = [container[key]] if chance.random() < 0.5 else {"x": container[key]}
    return f"{key} nested {depth} deep"


def repeat(container: Any, key: Any, chance: random.Random) -> str:
    count = chance.choice((10, 200))
    if isinstance(container, list):
        container.extend([container[key]] * count)
    else:
        container.update({f"{key}{number}": container[key] for number in range(count)})
    return f"{key} {count} times"


CHANGES = (replace, replace, replace, append_text, append_text, remove, add_key, add_key, nest, repeat)


def change_bytes(app: Path, chance: random.Random) -> str:
    """The file's bytes, without regard to what it is."""
    path = a_file(app, chance)
    data = bytearray(path.read_bytes() if path.is_file() else b"")
    kind = chance.choice(("flip", "cut", "insert", "double", "crlf", "bom", "tabs", "line"))
    at = chance.randrange(len(data) + 1)
    if kind == "flip":
        for _ in range(chance.choice((1, 3, 20))):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind == "cut":
        del data[at:]
    elif kind == "insert":
        data[at:at] = chance.choice(
            (b"\x00", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\t", b"---\n", b"...\n", b"%YAML 9\n")
        )
    elif kind == "double":
        data[at:at] = data[at : at + chance.randrange(1, 400)]
    elif kind == "crlf":
        data = bytearray(data.replace(b"\n", b"\r\n" if chance.random() < 0.5 else b"\r"))
    elif kind == "bom":
        data[0:0] = b"\xef\xbb\xbf"
    elif kind == "tabs":
        data = bytearray(data.replace(b"  ", b"\t", chance.choice((1, 1000))))
    else:
        lines = bytes(data).split(b"\n")
        chance.shuffle(lines)
        data = bytearray(b"\n".join(lines))
    write(path, bytes(data))
    return f"{path.name}: {kind} at {at}"


def change_line(app: Path, chance: random.Random) -> str:
    """A line of a plain text file: .env.example, requirements.txt."""
    path = app / chance.choice((".env.example", "requirements.txt"))
    text = chance.choice([x for x in NASTY if isinstance(x, str)])
    line = chance.choice(
        (text, f"NAME={text}", f"{text}=x", f"httpx{text}", f"-r {text}", f"x @ {text}", f"x; {text}")
    )
    old = path.read_bytes() if path.is_file() else b""
    write(path, old + b"\n" + line.encode("utf-8", "surrogatepass") + b"\n")
    return f"{path.name}: line {line!r:.60}"


def change_kind(app: Path, chance: random.Random) -> str:
    """A file becomes a folder, a link, a pipe, something without end, or nothing."""
    path = a_file(app, chance)
    kind = chance.choice(("gone", "folder", "link", "loop", "pipe", "zero", "unreadable", "empty", "large"))
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        return f"{path.name}: is something else already"
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(app.parent / "victim")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "unreadable":
        path.touch(mode=0)
    elif kind == "empty":
        path.touch()
    elif kind == "large":
        path.write_bytes(b"# " + b"x" * 3_000_000)
    return f"{path.name}: {kind}"


def change_name(app: Path, chance: random.Random) -> str:
    """A folder of the app gets a name that nobody expects."""
    folders = sorted(p for p in app.rglob("*") if p.is_dir() and not p.is_symlink())
    if not folders:
        return "no folder"
    path = chance.choice(folders)
    name = chance.choice(
        (
            b"\xff\xfe",
            b"a\n::error::x",
            b"\x1b[31m",
            b"..x",
            b" ",
            b"a" * 200,
            "\u202ex".encode(),
            b"-rf",
            b"*",
        )
    )
    os.rename(path, os.path.join(os.fsencode(path.parent), name))
    return f"{path.name} renamed {name!r:.40}"


def plant(app: Path, chance: random.Random) -> str:
    """Something stands where jvbundler writes."""
    kind = chance.choice(("output-link", "output-file", "lock", "journal", "staging", "temporary"))
    victim = app.parent / "victim"
    output = app / "deploy"
    if kind == "output-link" and not output.exists():
        output.symlink_to(app.parent)
    elif kind == "output-file" and not output.exists():
        output.write_text("x", encoding="utf-8")
    elif kind in ("lock", "journal", "staging") and not output.is_symlink() and not output.is_file():
        output.mkdir(exist_ok=True)
        places = {
            "lock": "jvbundler.lock.json",
            "journal": ".jvbundler-staging/journal.json",
            "staging": ".jvbundler-staging",
        }
        target = output / places[kind]
        if not target.exists():
            if target.parent.is_file():
                return "planted: nothing"
            target.parent.mkdir(exist_ok=True)
            target.write_text(
                chance.choice(("", "[" * 5000, "{}", "null", '{"files": {"\\ud800": "x"}}', "\x00")),
                encoding="utf-8",
            )
    elif kind == "temporary":
        for name in (".deploy.yaml.jvbundler", ".Dockerfile.jvbundler"):
            if not os.path.lexists(app / name):
                (app / name).symlink_to(victim)
    return f"planted: {kind}"


def bring_jvagent(app: Path, chance: random.Random) -> str:
    """A jvagent package in the app, deploy.yaml that names it, and a release that app.yaml asks for."""
    package = app / "vendor/jvagent"
    if os.path.lexists(package) or not app.is_dir() or (app / "vendor").is_file():
        return "jvagent: nothing"
    (package / "action/own").mkdir(parents=True)
    version, name, path, asked = (
        chance.choice((*NASTY, good)) for good in ("0.1.7", "own", "vendor", "~0.1")
    )
    info = {"package": {"name": f"jvagent/{name}", "archetype": "A", "dependencies": {"pip": [name]}}}
    texts = {
        "version.py": f"__version__ = '{version}'\n",
        "action/own/info.yaml": json.dumps(info, default=str),
        "../pyproject.toml": f'requires-python = "{version}"\n"jvspatial>={version}"\n',
    }
    for file, text in texts.items():
        write(package / file, text.encode("utf-8", "surrogatepass"))
    for path_of, keys in (
        (app / "deploy.yaml", {"image": {"jvagent_path": path}}),
        (app / "app.yaml", {"jvagent": asked}),
    ):
        try:
            document = yaml.safe_load(path_of.read_text(encoding="utf-8"))
            text = yaml.safe_dump({**document, **keys}, allow_unicode=True)
            path_of.write_text(text, encoding="utf-8")
        except (OSError, ValueError, TypeError, yaml.YAMLError, RecursionError):
            continue
    return f"jvagent: {version!r:.30} {name!r:.30} {path!r:.30} {asked!r:.30}"


def write(path: Path, data: bytes) -> None:
    if not path.is_dir() and (path.is_file() or not os.path.lexists(path)):
        path.write_bytes(data)


MUTATIONS: tuple[Mutation, ...] = (
    *(change_tree,) * 8,
    *(change_bytes,) * 3,
    *(change_line,) * 2,
    *(change_kind, change_name, plant, bring_jvagent),
)
