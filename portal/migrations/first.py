"""Write the first migration anew: ``python -m portal.migrations.first``.

Allowed only until the first release; after it, ``history.write_revision`` adds a step and nothing
that has been released is ever rewritten.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from portal.db import engine_for
from portal.migrations.history import HERE, write_revision

NAME = "0001"


def rewrite() -> Path:
    """Replace the first migration by one that creates every table as the models say now."""
    for former in (HERE / "versions").glob(f"{NAME}_*.py"):
        former.unlink()
    with tempfile.TemporaryDirectory() as place:
        engine = engine_for(f"sqlite:///{place}/empty.db")
        path = write_revision(engine, "every table of the desk", name=NAME)
        engine.dispose()
    for tidy in (["format", "--quiet"], ["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *tidy, str(path)], check=True)  # noqa: S603
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{rewrite()}\n")
