"""The law of the house, beyond what import-linter can say. Each line began as a review remark."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("portal", "defects", "kb", "indexer")
SHAPELESS = {"utils", "helpers", "common", "manager", "base", "misc", "tools"}
VERBS = [
    ROOT / name
    for name in (
        "kb/articles.py",
        "kb/links/noting.py",
        "kb/translations/keeping.py",
        "kb/care.py",
        "kb/timing.py",
        "portal/curation/keepers.py",
        "portal/curation/decay/looking.py",
        "portal/curation/quality/pairs.py",
        "portal/finder/pairs.py",
        "portal/causes/wall/twins.py",
        "defects/library.py",
        "defects/moves.py",
        "portal/causes/known/publishing.py",
        "portal/causes/known/retiring.py",
        "portal/tickets/desk.py",
        "portal/tickets/moves.py",
        "portal/tickets/effects.py",
        "portal/tickets/unattended.py",
        "portal/tickets/filing.py",
        "portal/tickets/informing.py",
        "portal/tickets/forms/answering.py",
        "portal/tickets/forms/editing.py",
        "portal/tickets/assignment/handing_over.py",
        "portal/tickets/assignment/presence.py",
        "portal/tickets/assignment/sharing.py",
        "portal/tickets/linking.py",
        "portal/tickets/talk.py",
        "portal/faults/board.py",
        "portal/quality/appeals.py",
        "portal/quality/follow_ups.py",
        "portal/quality/inspections.py",
        "portal/quality/rules.py",
        "portal/quality/sampling.py",
        "portal/quality/sheets.py",
        "portal/tickets/bell.py",
        "portal/tickets/telling/wishes.py",
        "portal/delivery/robots.py",
        "portal/finder/lessons/striking.py",
        "portal/finder/lessons/runs.py",
        "portal/causes/teaching/queue.py",
    )
]


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def test_modules_are_nouns_of_the_desk() -> None:
    shapeless = [path for path in sources() if path.stem in SHAPELESS]
    assert not shapeless, "a module named so collects whatever nobody found a place for"


def test_every_module_says_what_lives_there() -> None:
    silent = [
        path
        for path in sources()
        if "versions" not in path.parts and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent


def test_verbs_never_commit() -> None:
    for path in VERBS:
        assert ".commit()" not in path.read_text(encoding="utf-8"), f"{path}: the request commits, once"


def test_no_page_names_an_inline_script_or_handler() -> None:
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|\son[a-z]+=|javascript:", re.I
    )
    for path in (ROOT / "templates").rglob("*.html"):
        found = inline.search(path.read_text(encoding="utf-8"))
        assert not found, f"{path.name}: {found} would not run under the content security policy"


def test_only_the_renderer_declares_html_safe() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        assert not re.search(r"\|\s*safe\b", path.read_text(encoding="utf-8")), f"{path}: escape or render"


def test_nobody_unpickles() -> None:
    for path in sources():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) (pickle|marshal|shelve|dill)\b", text, re.M), path


def test_settings_alone_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in sources()
        if re.search(r"os\.(environ|getenv)\b", path.read_text(encoding="utf-8"))
    }
    assert readers <= {"portal/config.py"} | {
        name for name in readers if name.startswith(("portal/cli", "indexer/embedders"))
    }


@pytest.mark.parametrize("forbidden", ["registry.npmjs", "pypi.org", "files.pythonhosted", "deb.debian"])
def test_no_committed_file_names_a_registry(forbidden: str) -> None:
    for name in (
        "package-lock.json",
        "package.json",
        ".npmrc",
        "constraints.txt",
        "pyproject.toml",
        "Makefile",
    ):
        assert forbidden not in (ROOT / name).read_text(encoding="utf-8"), name
