"""Makes a document of a letter."""

import sys

from docx import Document
from helpers import read

try:
    import numpy
except ImportError:
    numpy = None

document = Document()
document.add_paragraph(read(sys.argv[1]))
document.save("letter.docx")
