"""Records for programs: within the list's filters and the person's rights, read again by the import."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectDuty
from defects.models import Defect
from defects.texts import DefectText
from portal.causes.trackers.mapping import Mapped
from portal.causes.trackers.reading import Tracker, records_of
from portal.db import transaction
from tests.web.conftest import Clients, Writing, somebody

EVERY = frozenset(DefectDuty)


def stock(maker: sessionmaker[Session], known: Writing) -> None:
    known("=导出失败", affected=("6.1", "6.1.1"), codes=("ORA-01017",), data_fix="update t set x = 1")
    with transaction(maker) as session:
        expert = somebody(session, "expert").id
        twin = library.open_record(session, DefectText(title="导出又失败", system="mkt"), by=expert)
        first = session.scalars(select(Defect).where(Defect.id != twin.id)).one()
        moves.merge(session, twin, first, by=expert, duties=EVERY)
        library.open_record(session, DefectText(title="别的系统", system="oa"), by=expert)


def test_the_list_goes_out_by_its_filters_and_rights(
    client: Clients, maker: sessionmaker[Session], known: Writing
) -> None:
    stock(maker, known)
    form = {"system": "mkt", "state": ""}
    rows = [
        json.loads(line) for line in client("manager").submit("/defects/copies/jsonl", form).text.splitlines()
    ]
    assert [row["title"] for row in rows] == ["=导出失败", "导出又失败"]
    assert rows[0]["data_fix"] == "update t set x = 1"
    assert rows[1]["duplicate_of"].endswith(rows[0]["external_id"])
    lean = client("supervisor").submit("/defects/copies/jsonl", form).text
    assert "data_fix" not in lean
    assert "update t" not in lean
    for login in ("expert", "agent", "wang"):
        assert client(login).submit("/defects/copies/jsonl", form).status_code == 404
    assert client("manager").submit("/defects/copies/exe").status_code == 404


def test_what_jira_gets_reads_back(
    client: Clients, maker: sessionmaker[Session], known: Writing, tmp_path: Path
) -> None:
    stock(maker, known)
    path = tmp_path / "jira.csv"
    path.write_bytes(client("manager").submit("/defects/copies/jira", {"state": ""}).data)
    assert "'=导出失败" in path.read_text("utf-8-sig")
    assert "update t" not in path.read_text("utf-8-sig")
    found = [dict(record.fields) for record in records_of(path, Tracker.JIRA, Mapped())]
    assert [row["title"] for row in found] == ["=导出失败", "导出又失败", "别的系统"]
    assert found[0]["affected"] == ("6.1", "6.1.1")
    assert (found[1]["state"], found[1]["duplicate_of"]) == ("duplicate", found[0]["external_id"])
