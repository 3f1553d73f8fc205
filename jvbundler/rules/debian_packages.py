"""Python packages that need more than pip on a slim Debian image, and what they need there.

A short table of common ones, not a database: a package with complete wheels does not belong in it.
"""

from __future__ import annotations

from typing import NamedTuple


class Need(NamedTuple):
    """Debian packages: `system` at run time, `build` while pip builds; `instead` does as well as `system`.

    One configured package is enough: whoever names one has thought of it.
    """

    why: str
    system: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


_FFMPEG = Need("the program ffmpeg", system=("ffmpeg",))
_GRAPHVIZ = Need("the program dot of Graphviz", system=("graphviz",))
_TESSERACT = Need("the program tesseract", system=("tesseract-ocr",))
_OPENCV = Need("libGL", system=("libgl1", "libglib2.0-0"))
_CHROMIUM = Need("a browser, with its libraries", system=("chromium",), instead=("firefox-esr", "libnss3"))

NEEDS: dict[str, Need] = {
    "cairosvg": Need("the library cairo", system=("libcairo2",)),
    "camelot-py": Need("Ghostscript", system=("ghostscript",)),
    "ffmpeg-python": _FFMPEG,
    "gitpython": Need("the program git", system=("git",)),
    "graphviz": _GRAPHVIZ,
    "mysqlclient": Need(
        "a compiler and the client library of MySQL",
        system=("libmariadb3",),
        build=("default-libmysqlclient-dev", "gcc", "pkg-config"),
        instead=("default-libmysqlclient-dev",),
    ),
    "ocrmypdf": _TESSERACT,
    "openai-whisper": _FFMPEG,
    "opencv-contrib-python": _OPENCV,
    "opencv-python": _OPENCV,
    "pdf2image": Need("the programs of Poppler", system=("poppler-utils",)),
    "playwright": _CHROMIUM,
    "psycopg2": Need(
        "a compiler and the client library of PostgreSQL (psycopg2-binary has both)",
        system=("libpq5",),
        build=("libpq-dev", "gcc"),
        instead=("libpq-dev",),
    ),
    "pyaudio": Need(
        "a compiler and the library PortAudio",
        system=("libportaudio2",),
        build=("portaudio19-dev", "gcc"),
        instead=("portaudio19-dev",),
    ),
    "pycairo": Need(
        "a compiler and the library cairo",
        system=("libcairo2",),
        build=("libcairo2-dev", "gcc", "pkg-config"),
        instead=("libcairo2-dev",),
    ),
    "pydub": _FFMPEG,
    "pygraphviz": Need("a compiler and Graphviz", system=("graphviz",), build=("libgraphviz-dev", "gcc")),
    "pyodbc": Need("an ODBC driver manager", system=("unixodbc",)),
    "pypandoc": Need("the program pandoc", system=("pandoc",)),
    "pytesseract": _TESSERACT,
    "python-ldap": Need(
        "a compiler and the library OpenLDAP",
        system=("libldap2",),
        build=("libldap-dev", "libsasl2-dev", "gcc"),
        instead=("libldap-2.5-0", "libldap-dev"),
    ),
    "python-magic": Need("the library libmagic", system=("libmagic1",), instead=("libmagic1t64",)),
    "pyzbar": Need("the library zbar", system=("libzbar0",), instead=("libzbar0t64",)),
    "selenium": _CHROMIUM,
    "sounddevice": Need("the library PortAudio", system=("libportaudio2",)),
    "uwsgi": Need("a compiler", build=("gcc",)),
    "weasyprint": Need("the library Pango", system=("libpangoft2-1.0-0",), instead=("libpango-1.0-0",)),
}
# It includes the compiler and the headers of libc.
COMPILER = "build-essential"
_GIT = Need("the program git while it is installed", build=("git",))


def needed(name: str, spec: str) -> Need | None:
    """What the package with this canonical name, wanted by this PEP 508 text, needs beyond pip."""
    return NEEDS.get(name) or (_GIT if " @ git+" in spec else None)
