"""An installation of a test's own: a data folder, and the command run in this process or in another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portal.cli import command

PASSWORD = "desk-of-lanterns-7"


@dataclass(frozen=True, slots=True)
class Desk:
    """One installation and its command."""

    folder: Path

    def run(self, *args: str | Path, stdin: str = "") -> Result:
        return CliRunner().invoke(command, [str(arg) for arg in args], input=stdin)

    def json(self, *args: str | Path) -> Any:
        result = self.run(*args, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def refused(self, *args: str | Path, code: int = 2) -> str:
        """The sentence that this command ends with."""
        result = self.run(*args)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.stderr

    def real(self, *args: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """The same command as a process of its own."""
        return subprocess.run(
            [sys.executable, "-c", "from portal.cli import main; main()", *map(str, args)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A fresh installation in SQLite, without an encoder."""
    for name in [name for name in os.environ if name.startswith("TIERDESK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TIERDESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TIERDESK_CONFIG", str(tmp_path / "tierdesk.toml"))
    monkeypatch.setenv("TIERDESK_ENCODER", "none")
    yield Desk(tmp_path)


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """The same with an editor called ``edith``."""
    assert desk.run("user", "add", "edith", "--post", "editor", stdin=f"{PASSWORD}\n").exit_code == 0
    return desk


Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put a file into the test's folder."""

    def put(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return path

    return put
