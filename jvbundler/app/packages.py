"""Which Debian or Python package brings a program, and which Python package a module: tables.

Of common ones only: a program or module that is in no table is told by its own name.
"""

from __future__ import annotations

# Debian packages by the program that they bring.
NODE = ("nodejs", "npm")
DEBIAN: dict[str, tuple[str, ...]] = {
    "convert": ("imagemagick",),
    "curl": ("curl",),
    "exiftool": ("libimage-exiftool-perl",),
    "ffmpeg": ("ffmpeg",),
    "ffprobe": ("ffmpeg",),
    "git": ("git",),
    "gs": ("ghostscript",),
    "inkscape": ("inkscape",),
    "jq": ("jq",),
    "libreoffice": ("libreoffice",),
    "lualatex": ("texlive-luatex",),
    "magick": ("imagemagick",),
    "node": NODE,
    "npm": NODE,
    "npx": NODE,
    "pandoc": ("pandoc",),
    "pdfimages": ("poppler-utils",),
    "pdfinfo": ("poppler-utils",),
    "pdflatex": ("texlive-latex-base",),
    "pdftk": ("pdftk-java",),
    "pdftocairo": ("poppler-utils",),
    "pdftohtml": ("poppler-utils",),
    "pdftoppm": ("poppler-utils",),
    "pdftotext": ("poppler-utils",),
    "psql": ("postgresql-client",),
    "qpdf": ("qpdf",),
    "rsvg-convert": ("librsvg2-bin",),
    "soffice": ("libreoffice",),
    "sqlite3": ("sqlite3",),
    "tesseract": ("tesseract-ocr",),
    "unzip": ("unzip",),
    "wget": ("wget",),
    "xelatex": ("texlive-xetex",),
}
# Python packages by the program that they bring, with what the package needs beside it (JVB220).
PYTHON = {"uv": "uv", "uvx": "uv", "weasyprint": "weasyprint"}
# Python packages by the module that they bring, where the two names differ: one of them is enough, and none
# is named where the module is of many packages.
MODULES: dict[str, tuple[str, ...]] = {
    "Crypto": ("pycryptodome",),
    "PIL": ("pillow",),
    "azure": (),
    "bs4": ("beautifulsoup4",),
    "cv2": ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
    "dateutil": ("python-dateutil",),
    "docx": ("python-docx",),
    "dotenv": ("python-dotenv",),
    "fitz": ("pymupdf",),
    "google": (),
    "jwt": ("pyjwt",),
    "multipart": ("python-multipart",),
    "pptx": ("python-pptx",),
    "psycopg2": ("psycopg2-binary", "psycopg2"),
    "sklearn": ("scikit-learn",),
    "yaml": ("pyyaml",),
}
# What jvspatial requires itself, so that it is in every image: its METADATA, releases 0.0.12 to 0.0.17.
REQUIRED_BY_JVSPATIAL = (
    "aiosqlite",
    "authlib",
    "bcrypt",
    "cryptography",
    "email-validator",
    "fastapi",
    "motor",
    "pydantic",
    "pyjwt",
    "pymongo",
    "python-multipart",
    "schedule",
    "starlette",
    "typing-extensions",
    "uvicorn",
)


def packages_of(module: str) -> tuple[str, ...]:
    """The Python packages that may bring a module: that of its own name, if no other is known."""
    return MODULES.get(module, (module.replace("_", "-").lower(),))
