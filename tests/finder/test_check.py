"""``reindex --check`` leaves an index that is whole, whatever it found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.cli import reindex
from portal.cli.place import Place
from portal.config import Settings, load
from tests.finder.conftest import Desk


@pytest.fixture
def place_settings(tmp_path: Path) -> Settings:
    return load({"TIERDESK_DATA_DIR": str(tmp_path / "data"), "TIERDESK_ENCODER": "none"})


def checked(monkeypatch: pytest.MonkeyPatch, settings: Settings, desk: Desk) -> dict[str, object]:
    from contextlib import contextmanager

    @contextmanager
    def here() -> object:
        yield Place(settings, desk.maker.kw["bind"], desk.maker)

    monkeypatch.setattr(reindex, "opened", here)
    ran = CliRunner().invoke(reindex.command, ["--check", "--json"])
    assert ran.exit_code == 0, ran.output
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def test_an_index_that_is_not_there_is_built_and_one_that_lacks_something_repaired(
    desk_of: Desk, place_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("第一篇", "第二篇"):
        desk_of.article(title)
    desk_of.session.commit()
    place_settings.index_dir.mkdir(parents=True)
    assert checked(monkeypatch, place_settings, desk_of)["documents"] == 2
    whole = checked(monkeypatch, place_settings, desk_of)
    assert (whole["documents"], whole["repaired"]) == (2, 0)
    serving = place_settings.index_dir / "generations" / (place_settings.index_dir / "CURRENT").read_text()
    shutil.rmtree(serving / "words")
    healed = checked(monkeypatch, place_settings, desk_of)
    assert (healed["documents"], healed["missing"], healed["repaired"]) == (2, 0, 0)
