"""Prints what a pyproject.toml needs, one requirement a line: requirements.py PYPROJECT [EXTRA ...]."""

import sys
import tomllib
from pathlib import Path

path, *extras = sys.argv[1:]
project = tomllib.loads(Path(path).read_text(encoding="utf-8"))["project"]
needs = [*project["dependencies"]]
for extra in extras:
    needs += project["optional-dependencies"][extra]
print("\n".join(needs))
