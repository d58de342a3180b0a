"""Whatever bytes come in, what comes out is rows with numbers a person can find, or one sentence."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from kb.importing import archives, tables
from kb.importing.cells import guarded, unguarded
from kb.importing.outcome import BadFile, Row
from kb.importing.rows import read_rows


def read(path: Path, **options: str) -> list[Row]:
    return list(read_rows(path, **options))


def put(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("divider", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_is_read_with_any_divider_and_mark(tmp_path: Path, divider: str, mark: str) -> None:
    path = put(
        tmp_path, "a.csv", mark + divider.join(["title", "body"]) + "\r\n" + divider.join(["一", "二"])
    )
    assert read(path) == [Row("a.csv", 2, {"title": "一", "body": "二"})]


def test_rows_are_numbered_as_a_spreadsheet_does_even_after_cells_of_several_lines(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", 'title,body\n一,"行一\n行二"\n\n二,x\n')
    assert [(row.number, row.values["body"]) for row in read(path)] == [(2, "行一\n行二"), (4, "x")]


def test_a_surplus_cell_is_a_fault_of_its_row_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "title,body\n一\n二,b,c\n")
    first, second = read(path)
    assert (first.fault, first.values) == ("", {"title": "一"})
    assert "格子比表头多" in second.fault


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "空的"),
        (",,\n1,2,3\n", "没有列名"),
        ("a,b,a\n1,2,3\n", "两列都叫“a”"),
        ('a,b\n1,"2\n', "引号不成对"),
    ],
)
def test_a_table_that_is_none_is_one_sentence(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        read(put(tmp_path, "a.csv", content))


def test_gb18030_is_read_only_when_it_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "title,body\n标题,正文内容\n".encode("gb18030"))
    with pytest.raises(BadFile, match=r"CSV UTF-8.*--encoding"):
        read(path)
    assert read(path, encoding="gb18030")[0].values["title"] == "标题"


def test_a_byte_order_mark_is_believed(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "title,body\n标题,正文\n".encode("utf-16"))
    assert read(path)[0].values == {"title": "标题", "body": "正文"}


def test_gzip_is_unpacked_and_a_false_one_told(tmp_path: Path) -> None:
    packed = put(tmp_path, "a.csv.gz", gzip.compress("title\n一\n".encode()))
    assert read(packed)[0].values == {"title": "一"}
    for broken in (b"title\n", gzip.compress(Random(1).randbytes(5_000))[:500]):
        with pytest.raises(BadFile, match="gzip"):
            read(put(tmp_path, "b.csv.gz", broken))


def test_a_gzip_bomb_ends_as_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST_FILE", 1_000_000)
    with pytest.raises(BadFile, match=r"a\.jsonl\.gz 超过"):
        read(put(tmp_path, "a.jsonl.gz", gzip.compress(b" \n" * 2_000_000)))


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.gz"])
def test_an_unknown_format_names_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadFile, match="CSV、XLSX、JSONL"):
        read(put(tmp_path, name, "x"))


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="找不到文件"):
        read(tmp_path / "none.csv")


# ── JSON lines ───────────────────────────────────────────────────────────────────────────────────


def test_a_broken_line_is_a_fault_of_that_line_alone(tmp_path: Path) -> None:
    path = put(
        tmp_path, "a.jsonl", '{"title": "一"}\n\n{"title": \n[1]\n' + "[" * 100_000 + '\n{"title": "二"}\n'
    )
    found = read(path)
    assert [(row.number, bool(row.fault)) for row in found] == [
        (1, False),
        (3, True),
        (4, True),
        (5, True),
        (6, False),
    ]


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────────


def workbook(folder: Path, *cells: list[object], name: str = "a.xlsx") -> Path:
    book = Workbook()
    assert book.active is not None
    for row in cells:
        book.active.append(row)
    path = folder / name
    book.save(path)
    return path


def test_a_sheet_gives_plain_values(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        ["title", "severity", "due_on", "filed_at", None],
        ["一", 2.0, date(2026, 3, 1), datetime(2026, 3, 1, 9, 30), None],
        [None, None, None, None, None],
        ["二", 1, None, None, None],
    )
    first, second = read(path)
    assert first.values == {
        "title": "一",
        "severity": 2,
        "due_on": "2026-03-01",
        "filed_at": "2026-03-01 09:30:00",
    }
    assert (second.number, second.values["title"]) == (4, "二")


def test_a_formula_cell_is_refused_by_its_name(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["title", "body"], ["一", "=1+1"], ["二", "好"])
    first, second = read(path)
    assert "单元格 B2 是公式" in first.fault
    assert not second.fault


def test_a_packed_sheet_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["title"], ["一"])
    assert read(put(tmp_path, "b.xlsx.gz", gzip.compress(path.read_bytes())))[0].values == {"title": "一"}


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (archives.SMALL * 2))
    with pytest.raises(BadFile, match="大得不正常"):
        read(put(tmp_path, "a.xlsx", content.getvalue()))


def test_what_is_no_workbook_is_one_sentence(tmp_path: Path) -> None:
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for content in (b"not a zip", empty.getvalue()):
        with pytest.raises(BadFile, match="XLSX"):
            read(put(tmp_path, "a.xlsx", content))


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_gives_one_row_for_each_page(tmp_path: Path) -> None:
    (tmp_path / "网络").mkdir()
    put(
        tmp_path,
        "网络/vpn.md",
        "---\nkeywords: [VPN, 远程]\nkind: howto\n---\n# 怎样连 VPN\n\n先装客户端。\n",
    )
    put(tmp_path, "one.md", "---\nid: kb-1\ntitle: 标题\n---\n正文\n---\n还是正文\n")
    put(tmp_path, ".hidden.md", "x")
    first, second = read(tmp_path)
    told = {name: first.values[name] for name in ("external_id", "title", "body")}
    assert told == {"external_id": "kb-1", "title": "标题", "body": "正文\n---\n还是正文"}
    assert second.values["external_id"] == "网络/vpn"
    assert second.values["title"] == "怎样连 VPN"
    assert second.values["body"] == "先装客户端。"
    assert second.values["keywords"] == ["VPN", "远程"]


@pytest.mark.parametrize(
    "content",
    [
        b"---\na: [1\n---\nx",
        b"---\n- 1\n---\nx",
        b"---\na: &a [1]\nb: *a\n---\nx",
        "标题".encode("gb18030"),
        b"---\na: " + b"[" * 50_000 + b"\n---\nx",
    ],
)
def test_a_page_that_cannot_be_read_is_a_fault_of_its_own(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "a.md", content)
    put(tmp_path, "b.md", "# 好\n正文")
    first, second = read(tmp_path)
    assert first.fault
    assert not second.fault


def test_a_folder_without_pages_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="没有能导入的文件"):
        read(tmp_path)


# ── properties ───────────────────────────────────────────────────────────────────────────────────


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    ),
    suffix=st.sampled_from([".csv", ".jsonl", ".xlsx", ".md", ".csv.gz", ".tsv"]),
)
def test_any_bytes_end_as_rows_or_one_sentence(tmp_path: Path, content: bytes, suffix: str) -> None:
    try:
        read(put(tmp_path, f"x{suffix}", content))
    except BadFile as fault:
        assert str(fault)


@given(st.text(max_size=40))
def test_a_guarded_cell_never_starts_a_formula_and_comes_back(words: str) -> None:
    cell = guarded(words)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(cell) == words
