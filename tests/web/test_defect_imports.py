"""Bringing defect records in on the page: mapping, preview, parts, merging, taking back; whose it is."""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from defects import library
from defects.flow import DefectState
from defects.importing import FIELDS, load
from defects.models import Defect, DefectChange
from defects.texts import text_of
from portal.causes.trackers.mapping import mapping_of
from portal.causes.trackers.reading import GROWING, Tracker, records_of
from portal.cli import importing_work
from portal.config import Settings
from portal.db import transaction
from portal.tickets import linking
from portal.tickets.models import Ticket
from portal.tickets.references import References
from portal.uploads import staging
from portal.uploads.models import Import, ImportItem, Stage
from tests.causes.tracker_files import BUGZILLA_XML
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Visitor
from tests.world import World

Maker = sessionmaker[Session]
PAGE = "/defects/imports"
HEAD = (
    "Issue key,Summary,Issue Type,Status,Resolution,Priority,"
    "Project name,Component/s,Fix Version/s,Outward issue link (Duplicate)"
)
JIRA = f"""{HEAD}
MKT-1,抄表后电量翻倍,Bug,Open,,High,计费,抄表,,
MKT-2,抄表后电量又翻倍,Bug,Closed,Duplicate,Low,计费,抄表,,MKT-1
MKT-3,导出的表头乱码,Bug,Verified,Fixed,Low,计费,导出,6.2.1,
MKT-4,等人看的,Bug,Waiting,,Low,计费,抄表,,
MKT-5,写一份手册,Task,Open,,Low,计费,抄表,,
MKT-6,电量还是翻倍,Bug,Closed,Duplicate,Low,计费,抄表,,MKT-2
"""


def upload(browser: Visitor, name: str, content: str | bytes, **more: Any) -> str:
    """Bring a file; the address of its import."""
    data = content.encode() if isinstance(content, str) else content
    fields = {"file": (io.BytesIO(data), name), **more}
    answer = browser.submit(PAGE, fields, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def refused(browser: Visitor, name: str, content: bytes, **more: Any) -> str:
    answer = browser.submit(
        PAGE, {"file": (io.BytesIO(content), name), **more}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    return answer.text


def work_off(browser: Visitor, address: str) -> str:
    """Ask for part after part, as the page does."""
    for _turn in range(50):
        text = browser.submit_fragment(f"{address}/on").text
        if "hx-post" not in text:
            return text
    raise AssertionError("it never ended")


def done(browser: Visitor, address: str) -> str:
    assert browser.submit(f"{address}/confirm").status_code == 302
    return work_off(browser, address)


def form_of(page: str) -> dict[str, str]:
    """What the form of the mapping would send as it stands."""
    form = re.search(r'class="im-maps">(.*?)</form>', page, re.DOTALL)
    assert form, "no mapping is drawn"
    found = dict(
        re.findall(
            r'<input class="form-control form-control-sm" name="([\w-]+)"[^>]*value="([^"]*)"', form[1]
        )
    )
    for name, inner in re.findall(r'<select[^>]*name="([\w-]+)">(.*?)</select>', form[1], re.DOTALL):
        taken = re.search(r'value="([^"]*)" selected', inner)
        found[name] = html.unescape(taken[1]) if taken else ""
    kinds = re.findall(r'name="(kind-\d+)" value="1" (checked)?', form[1])
    return {**found, "kinds": "1", **{name: "1" for name, checked in kinds if checked}}


def named(page: str, what: str, said: str) -> str:
    """The field of the form that says what these words are taken for."""
    found = re.search(rf'<span>{re.escape(said)} <small>.*?name="({what}-\d+)"', page, re.DOTALL)
    assert found, said
    return found[1]


def remapped(browser: Visitor, address: str, **choices: str) -> str:
    page = browser.get(address).text
    answer = browser.submit(f"{address}/mapping", {**form_of(page), **choices})
    assert answer.status_code == 302, answer.text
    return browser.get(address).text


def library_of(maker: Maker) -> dict[str, Defect]:
    with maker() as session:
        return {row.title: row for row in session.scalars(select(Defect).order_by(Defect.id))}


def fate_of(page: str, fate: str) -> int:
    found = re.search(rf"{fate} <b>(\d+)</b>", page)
    return int(found[1]) if found else 0


def test_an_export_is_mapped_previewed_brought_in_and_taken_back(
    client: Clients, maker: Maker, settings: Settings
) -> None:
    expert = client("expert")
    address = upload(expert, "whatever.txt", JIRA)
    page = expert.get(address).text
    assert fate_of(page, "不能导入") == 5, "the product is no system of ours"
    assert "目录里没有名为“计费”的系统" in page
    assert "有 1 条不是缺陷" in page

    place = {name: "mkt|bill" for name in form_of(page) if name.startswith("place-")}
    page = remapped(expert, address, **place)
    assert (fate_of(page, "新增"), fate_of(page, "不能导入")) == (4, 1)
    assert "不认识的状态“Waiting”" in page
    page = remapped(expert, address, **{named(page, "state", "Waiting"): "suspected"}, source="老 Jira")
    assert (fate_of(page, "新增"), fate_of(page, "不能导入")) == (5, 0)
    assert library_of(maker) == {}, "a preview writes nothing"

    plan = json.loads(expert.get(f"{address}/mapping.json").data)
    assert mapping_of("again", plan).source == "老 Jira", "the command takes it, too"
    item = expert.get(f"{address}/items/0").text
    assert "抄表后电量翻倍" in item
    assert "营销业务应用系统" in item
    assert "MKT-1</span>" in item
    assert "电费核算" in item
    assert "external_id" not in item

    result = done(expert, address)
    assert "导入完毕" in result
    found = library_of(maker)
    states = {title: row.state for title, row in found.items()}
    assert states == {
        "抄表后电量翻倍": DefectState.CONFIRMED,
        "抄表后电量又翻倍": DefectState.DUPLICATE,
        "导出的表头乱码": DefectState.VERIFIED,
        "等人看的": DefectState.SUSPECTED,
        "电量还是翻倍": DefectState.DUPLICATE,
    }
    assert {(row.system, row.module, row.source) for row in found.values()} == {("mkt", "bill", "老 Jira")}
    assert f"/defects/{found['等人看的'].number}" in result
    report = list(csv.DictReader(io.StringIO(expert.get(f"{address}/report.csv").data.decode("utf-8-sig"))))
    assert {row["编号"] for row in report} == {row.number for row in found.values()}
    assert list(staging.folder_of(settings).iterdir()) == [], "the upload is not kept"

    again = upload(expert, "again.csv", JIRA, map=(io.BytesIO(json.dumps(plan).encode()), "m.json"))
    assert fate_of(expert.get(again).text, "不变") == 5

    assert expert.submit(f"{address}/undo").status_code == 302
    assert "已撤销" in work_off(expert, address)
    assert {row.state for row in library_of(maker).values()} == {DefectState.NOT_A_DEFECT}
    anew = upload(expert, "again.csv", JIRA, map=(io.BytesIO(json.dumps(plan).encode()), "m.json"))
    assert fate_of(expert.get(anew).text, "新增") == 5, "what was taken back may come again"


def test_a_later_export_changes_what_it_says_and_gives_it_back(client: Clients, maker: Maker) -> None:
    expert = client("expert")
    own = (
        "来源编号,标题,系统,模块,规避方案\n7,阶梯电费重复累计,营销业务应用系统,bill,先手工核减\n8,公文,oa,,\n"
    )
    first = upload(expert, "own.csv", own, source="台账")
    page = expert.get(first).text
    assert 'class="im-maps"' not in page, "our own columns need no mapping"
    done(expert, first)
    later = "external_id,title,system,workaround\n7,阶梯电费重复累计,mkt,重算一次\n8,公文,oa,\n"
    second = upload(expert, "own.csv", later, source="台账")
    page = expert.get(second).text
    assert (fate_of(page, "更新"), fate_of(page, "不变")) == (1, 1)
    assert "会改：规避方案" in page
    item = expert.get(f"{second}/items/0").text
    assert "先手工核减" in item
    assert "重算一次" in item
    done(expert, second)
    record = library_of(maker)["阶梯电费重复累计"]
    assert (record.workaround, record.module) == ("重算一次", "bill")
    assert "expert 导入 own.csv" in expert.get(f"/defects/{record.number}/history").text
    expert.submit(f"{second}/undo")
    work_off(expert, second)
    assert library_of(maker)["阶梯电费重复累计"].workaround == "先手工核减"
    with maker() as session:
        change = session.scalars(select(DefectChange).order_by(DefectChange.id.desc())).first()
        assert change is not None
        assert (change.reason, change.by_id) == ("撤销导入", World.of(session).people["expert"].id)


def test_what_colleagues_touched_is_left_alone(client: Clients, maker: Maker, filed: Filing) -> None:
    expert = client("expert")
    rows = "external_id,title,system,state\n1,甲,mkt,\n2,乙,mkt,\n3,丙,mkt,\n4,丁,mkt,处置中\n"
    address = upload(expert, "own.csv", rows)
    done(expert, address)
    ticket = filed()
    with transaction(maker) as session:
        of = {row.title: row for row in session.scalars(select(Defect))}
        by = World.of(session).people["expert"]
        library.describe(session, of["甲"], text_of(of["甲"]).__class__(title="甲甲", system="mkt"), by=by.id)
        linking.link(
            session, session.scalars(select(Ticket).where(Ticket.number == ticket)).one(), of["乙"], by=by
        )
    expert.submit(f"{address}/undo")
    page = work_off(expert, address)
    for sentence in (
        "导入之后有人改过，没有撤销。",
        "已经有工单关联到这条缺陷",
        "处置中和已修复的缺陷不能直接退回",
    ):
        assert sentence in page
    states = {title: row.state for title, row in library_of(maker).items()}
    assert states["丙"] == DefectState.NOT_A_DEFECT
    assert {states["甲甲"], states["乙"]} == {DefectState.SUSPECTED}

    known = upload(expert, "own.csv", rows.replace("甲", "甲的新标题"))
    with transaction(maker) as session:
        row = session.scalars(select(Defect).where(Defect.title == "甲甲")).one()
        library.adopt(session, row, "用户这样说", by=World.of(session).people["expert"].id)
    assert "预览之后有人改过" in done(expert, known)
    assert "甲的新标题" not in library_of(maker)


def test_a_table_of_unknown_columns_is_named_on_the_page(client: Clients, maker: Maker) -> None:
    expert = client("expert")
    table = "流水,讲了什么,哪个系统,进展\nT1,打印空白,协同办公系统,新提\nT2,盖章报错,协同办公系统,新提\n"
    address = upload(expert, "缺陷.csv", table.encode("gb18030"))
    page = expert.get(address).text
    assert "没有认出哪一列是编号" in page
    assert "放弃" in page
    columns = {
        "column-id": "流水",
        "column-summary": "讲了什么",
        "column-product": "哪个系统",
        "column-status": "进展",
    }
    page = remapped(expert, address, **columns)
    assert fate_of(page, "不能导入") == 2
    page = remapped(expert, address, **{named(page, "state", "新提"): "confirmed"})
    assert fate_of(page, "新增") == 2
    done(expert, address)
    assert {row.system for row in library_of(maker).values()} == {"oa"}
    other = upload(expert, "缺陷.csv", table)
    lost = expert.submit(f"{other}/mapping", {"column-id": "流水", "column-summary": "没有这一列的"})
    assert lost.status_code == 302, "what can't be used is asked again"
    assert "没有认出哪一列是编号" in expert.get(other).text


def test_bugzilla_xml_packed_and_the_kinds_that_count(client: Clients, maker: Maker) -> None:
    expert = client("expert")
    address = upload(expert, "bugs.bin", gzip.compress(BUGZILLA_XML.encode()))
    page = expert.get(address).text
    assert "Bugzilla 的 XML 导出" in page
    place = {name: "mkt" for name in form_of(page) if name.startswith("place-")}
    page = remapped(expert, address, **place, fixed_in="6.2.0")
    assert fate_of(page, "新增") > 0
    before = fate_of(page, "新增") + fate_of(page, "不能导入")
    kinds = dict.fromkeys(re.findall(r'name="(kind-\d+)"', page), "1")
    page = remapped(expert, address, **kinds)
    assert fate_of(page, "新增") + fate_of(page, "不能导入") >= before
    tasks = upload(expert, "tasks.csv", JIRA)
    none = {name: value for name, value in form_of(expert.get(tasks).text).items() if "kind-" not in name}
    assert expert.submit(f"{tasks}/mapping", none).status_code == 302
    page = expert.get(tasks).text
    assert "没有算作缺陷的条目" in page
    assert "没有要新增或更新的缺陷" in page
    assert expert.submit(f"{tasks}/confirm").status_code == 422
    assert 'name="kind-0"' in page, "there is a way on"
    assert library_of(maker) == {}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xml", b"<html><body>no</body></html>", "不是缺陷的导出"),
        ("a.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "不是缺陷的导出"),
        ("a.zip", b"PK\x03\x04rest", "不是缺陷的导出"),
        ("a.json", b'{"total": 1}', "没有 issues"),
        ("a.csv", b"Key,Summary\n1,\xff\xff\n", "编码"),
        ("a.csv", b"Key,Summary\n", "没有可以导入的内容"),
        ("a.gz", b"\x1f\x8bno", "读不出来"),
        ("a.xml", b'<?xml version="1.0"?><!DOCTYPE bugzilla [<!ENTITY a "b">]><bugzilla/>', "导"),
    ],
)
def test_a_file_that_is_of_no_use_says_so_and_nothing_is_kept(
    client: Clients, settings: Settings, name: str, content: bytes, words: str
) -> None:
    expert = client("expert")
    page = expert.get(upload(expert, name, content)).text
    assert "文件不能用" in page
    assert words in re.sub(r"<[^>]+>", "", page)
    assert list(staging.folder_of(settings).iterdir()) == []


def test_wrong_input_is_a_sentence_and_what_was_typed_stays(client: Clients) -> None:
    expert = client("expert")
    assert "是空文件" in refused(expert, "a.csv", b"")
    assert "请先选择要导入的文件" in expert.submit(PAGE, {}, content_type="multipart/form-data").text
    bad = refused(expert, "a.csv", JIRA.encode(), source="老 <Jira>", map=(io.BytesIO(b"[nothing"), "m.toml"))
    assert "不是合法的 TOML 或 JSON" in bad
    assert 'value="老 &lt;Jira&gt;"' in bad
    wrong = refused(expert, "a.csv", JIRA.encode(), map=(io.BytesIO(b'[state]\n"Open" = "x"'), "m.toml"))
    assert "[state] 里的“x”不认识" in html.unescape(wrong)
    assert "不认识这种编码" in refused(expert, "a.csv", JIRA.encode(), encoding="klingon")
    address = upload(expert, "a.csv", JIRA)
    answer = expert.submit(f"{address}/mapping", {"state-0": "x"})
    assert answer.status_code == 422
    assert "“x”不认识" in answer.text
    assert 'class="im-maps"' in answer.text


def test_a_promise_of_a_key_problem_is_not_another_trackers_to_change(client: Clients, maker: Maker) -> None:
    expert = client("expert")
    head = "Key,Summary,Status,Project,Due Date\n"
    first = upload(expert, "a.csv", f"{head}A-1,总是翻倍,Open,mkt,2026-05-01\n", source="J")
    done(expert, first)
    with transaction(maker) as session:
        record = session.scalars(select(Defect)).one()
        record.key = True
        record.owner_middle_id = World.of(session).people["expert"].id
    second = upload(expert, "a.csv", f"{head}A-1,总是翻倍了,Open,mkt,2027-01-01\n", source="J")
    done(expert, second)
    record = library_of(maker)["总是翻倍了"]
    assert str(record.due_on) == "2026-05-01"


def test_a_large_upload_is_read_and_worked_off_by_the_worker(
    client: Clients, maker: Maker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.uploads.job.AT_ONCE", 10)
    expert = client("expert")
    rows = "".join(f"{n},缺陷 {n},mkt\n" for n in range(60))
    address = upload(expert, "own.csv", f"external_id,title,system\n{rows}")
    assert "正在读取文件" in expert.get(address).text
    assert importing_work.read_uploads(settings, maker)
    assert fate_of(expert.get(address).text, "新增") == 60
    assert expert.submit(f"{address}/confirm").status_code == 302
    with transaction(maker) as session:
        row = session.scalars(select(Import)).one()
        row.moved_at = row.at.replace(year=2020)
    assert importing_work.carry_imports_on(settings, maker) > 0
    assert len(library_of(maker)) == 60
    with maker() as session:
        assert set(session.scalars(select(ImportItem.stage))) == {Stage.DONE}


def test_an_import_is_its_owners_alone(client: Clients) -> None:
    expert = client("expert")
    address = upload(expert, "a.csv", JIRA)
    analyst = client("analyst")
    assert analyst.get(PAGE).status_code == 200
    assert "a.csv" not in analyst.get(PAGE).text
    reads, deeds = (
        ("", "/report.csv", "/mapping.json", "/items/0"),
        ("on", "confirm", "undo", "drop", "mapping"),
    )
    for stranger in (analyst, client("engineer"), client("wang")):
        assert all(stranger.get(f"{address}{path}").status_code == 404 for path in reads)
        assert all(stranger.submit(f"{address}/{deed}").status_code == 404 for deed in deeds)
    number = address.rsplit("/", 1)[1]
    editor = client("editor")
    assert editor.get(f"/knowledge/imports/{number}").status_code == 404
    assert expert.get(f"/knowledge/imports/{number}").status_code == 404, "of another kind"
    assert client("engineer").get(PAGE).status_code == 404
    assert "/defects/imports" not in client("engineer").get("/defects").text
    assert "/defects/imports" in expert.get("/defects").text
    for absent in (f"{address}/items/99", f"{PAGE}/{2**70}", f"{address}/items/{2**70}"):
        assert expert.get(absent).status_code == 404
    assert all(expert.get(f"{address}{path}").status_code == 200 for path in reads), "the control"
    assert expert.submit(f"{address}/drop").status_code == 302
    assert expert.get(address).status_code == 404


def test_the_template_comes_home_as_our_own(client: Clients) -> None:
    expert = client("expert")
    header = expert.get(f"{PAGE}/template.csv").data.decode("utf-8-sig").strip().split(",")
    assert len(header) == len(FIELDS)
    cells = ["打印空白" if name == "标题" else "oa" if name == "系统" else "" for name in header]
    page = expert.get(upload(expert, "filled.csv", ",".join(header) + "\n" + ",".join(cells) + "\n")).text
    assert fate_of(page, "新增") == 1


def test_the_example_of_the_documents_comes_in(client: Clients, maker: Maker) -> None:
    expert = client("expert")
    example = Path(__file__).parents[2] / "docs" / "examples" / "defects.csv"
    done(expert, upload(expert, example.name, example.read_bytes()))
    found = {row.external_id: row for row in library_of(maker).values()}
    assert {name: row.state for name, row in found.items()} == {
        "D-001": DefectState.CONFIRMED,
        "D-002": DefectState.FIXED,
    }
    assert (found["D-001"].module, found["D-001"].affected) == ("bill", ["6.1.0", "6.1.8"])


def test_the_command_finds_what_the_page_has_brought(client: Clients, maker: Maker, tmp_path: Path) -> None:
    expert = client("expert")
    address = upload(expert, "a.csv", JIRA, source="J")
    place = {name: "mkt|bill" for name in form_of(expert.get(address).text) if name.startswith("place-")}
    remapped(expert, address, **place)
    mapped = mapping_of("page", json.loads(expert.get(f"{address}/mapping.json").data))
    done(expert, address)
    there = tmp_path / "a.csv"
    there.write_text(JIRA)
    with maker() as session:
        records = records_of(there, Tracker.CSV, mapped)
        references = References(session)
        references.expect(records, "owner_back")
        outcome = load(
            session, records, by=1, settle=references.of_foreign_defect, growing=GROWING, skip_bad=True
        )
    assert (outcome.new, outcome.changed, outcome.unchanged, len(outcome.faults)) == (0, 0, 4, 1)


def test_a_long_preview_asks_as_much_as_a_short_one(client: Clients, engine: Engine) -> None:
    expert, counts = client("expert"), []
    for wave, length in (("a", 2), ("b", 40)):
        rows = [f"{wave}{n},缺陷 {wave}{n},mkt" for n in range(length)]
        head = "external_id,title,system\n"
        first = upload(expert, "own.csv", head + "\n".join(rows))
        done(expert, first)
        again = upload(
            expert, "own.csv", head + "\n".join(f"{row},".replace(",mkt,", "变了,mkt") for row in rows)
        )
        with statements_sent(engine) as sent:
            assert fate_of(expert.get(again).text, "更新") == length
        counts.append(len(sent))
    assert counts[0] == counts[1]


NAMELESS = f"""{HEAD}
MKT-1,,Bug,Open,,High,计费,,,
MKT-2,导出乱码,Bug,附件,,Low,计费,,,
MKT-3,表头乱码,Bug,Open,,Low,计费,,,
MKT-3,又一条,Bug,Open,,Low,计费,,,
"""


def test_what_is_wrong_with_a_row_is_said_in_the_readers_language(client: Clients) -> None:
    expert = client("expert")
    address = upload(expert, "export.csv", NAMELESS)
    remapped(expert, address, **{named(expert.get(address).text, "place", "计费"): "mkt|"})
    expert.submit("/language/en")
    page = expert.get(address).text
    assert "Title (title) is missing." in page
    assert "is the same as in export.csv MKT-3 (no. 4)." in page
    assert "“附件”" in page  # the file's own word stays as it stands


def test_a_table_of_windows_in_utf_16_is_read(client: Clients) -> None:
    expert = client("expert")
    address = upload(expert, "export.txt", JIRA.replace(",", "\t").encode("utf-16"))
    assert "抄表后电量翻倍" in expert.get(address).text


@pytest.mark.parametrize("content", ["你好，这里没有表格\n第二行\n", "id\n1\n2\n"])
def test_what_has_one_column_is_no_table(client: Clients, content: str) -> None:
    expert = client("expert")
    page = expert.get(upload(expert, "a.txt", content)).text
    assert "a.txt 不是缺陷的导出" in page
    assert "对照" not in page


def test_confirming_again_in_another_window_says_that_it_has_begun(client: Clients) -> None:
    expert = client("expert")
    address = upload(expert, "export.csv", JIRA)
    page = expert.get(address).text
    remapped(expert, address, **{name: "mkt|bill" for name in form_of(page) if name.startswith("place-")})
    done(expert, address)
    again = expert.submit(f"{address}/confirm")
    assert again.status_code == 422
    assert "这次导入已经开始了" in again.text


def test_what_was_brought_in_is_told_in_words(client: Clients) -> None:
    expert = client("expert")
    address = upload(expert, "export.csv", JIRA)
    page = expert.get(address).text
    remapped(expert, address, **{name: "mkt|bill" for name in form_of(page) if name.startswith("place-")})
    done(expert, address)
    told = next(
        text
        for turn in range(6)
        if "抄表后电量翻倍" in (text := expert.get(f"{address}/items/{turn}").text) and "文件里写的" in text
    )
    assert re.search(r"已确认</span>", told)
    assert "confirmed" not in told
