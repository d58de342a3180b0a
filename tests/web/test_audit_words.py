"""The audit is read in words: whatever is written into it has a name, people are named in the reader's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

import portal
from portal.db import transaction
from portal.people import audit
from portal.web.admin_audit import LONGEST_DETAIL
from portal.web.audit_words import ACTION_LABELS, DETAIL_LABELS, SUBJECT_LABELS
from tests.web.conftest import Clients, Visitor
from tests.world import World

PACKAGE = Path(portal.__file__).parent


def written() -> Iterator[tuple[str, str, str]]:
    """(where, which table, key) of everything that a call of ``record`` writes out."""
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for call in ast.walk(ast.parse(source)) if "record(" in source and "audit" in source else ():
            if isinstance(call, ast.Call) and len(call.args) == 3 and _is_record(call.func):
                where = f"{path.relative_to(PACKAGE)}:{call.lineno}"
                yield from ((where, "action", key) for key in _literals(call.args[1]))
                yield from ((where, "subject", key) for key in _literals(call.args[2]))
                told = [word.arg for word in call.keywords if word.arg not in (None, "subject_id", "by")]
                yield from ((where, "detail", str(key)) for key in told)


def _is_record(called: ast.expr) -> bool:
    return getattr(called, "attr", getattr(called, "id", "")) == "record"


def _literals(given: ast.expr) -> list[str]:
    return [str(node.value) for node in ast.walk(given) if isinstance(node, ast.Constant)]


def test_everything_written_into_the_audit_has_a_name() -> None:
    tables = {"action": ACTION_LABELS, "subject": SUBJECT_LABELS, "detail": DETAIL_LABELS}
    found = list(written())
    assert len(found) > 60  # the search itself works
    assert [line for line in found if line[2] not in tables[line[1]]] == []


def test_the_audit_is_read_in_words_and_long_notes_are_cut(
    client: Clients, maker: sessionmaker[Session], desk_world: World
) -> None:
    with transaction(maker) as session:
        people = World.of(session).people
        people["manager"].name_en = "Fang Zhaohui"
        audit.record(
            session, "pause", "autolink", subject_id=1, by=people["manager"], looked_at=15, note="长" * 5000
        )
        audit.record(session, "export", "defects_across", subject_id="csv", by=people["manager"], records=3)
    admin = client("admin")
    page = lines_of(admin)
    assert "暂停" in page
    assert "自动关联" in page
    assert "已复核" in page
    assert "looked_at" not in page
    assert "defects_across" not in page
    assert "长" * (LONGEST_DETAIL + 1) not in page
    admin.submit("/language/en")
    page = lines_of(admin)
    assert "Fang Zhaohui" in page
    assert "Automatic linking" in page
    assert "looked_at" not in page


def lines_of(admin: Visitor) -> str:
    return admin.get("/admin/audit").text.partition("<tbody>")[2].partition("</tbody>")[0]
