"""Makes a document of a letter, and prints it on the machine in the office."""

import subprocess
import sys

subprocess.run(["pandoc", sys.argv[1], "-o", "letter.docx"], check=True)
subprocess.run(["office-printer", "letter.docx"], check=True)
