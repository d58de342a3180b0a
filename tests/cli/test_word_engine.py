"""The setting that chooses the word engine, and where one reads which of them serves."""

from __future__ import annotations

import sys

import pytest

from portal import config
from tests.cli.conftest import Desk


def test_a_wrong_engine_stops_the_start(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERDESK_LEXICAL", "lucene")
    said = desk.refused("config")
    assert "TIERDESK_LEXICAL" in said
    assert "whoosh" in said


def test_an_engine_that_is_not_installed_names_its_extra(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tantivy", None)
    monkeypatch.setenv("TIERDESK_LEXICAL", "tantivy")
    assert "tierdesk[large]" in desk.refused("reindex")
    monkeypatch.delenv("TIERDESK_LEXICAL")
    assert config.load().lexical == "whoosh"


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_reindex_says_which_engine_serves(
    staffed: Desk, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("TIERDESK_LEXICAL", engine)
    assert engine in staffed.run("reindex").output
    assert staffed.json("reindex")["words"] == engine
    assert staffed.json("reindex")["advice"] is None
