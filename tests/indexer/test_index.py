"""The index as its users see it: what goes in comes out, to those who may see it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import Document, Index, Mode, Query, ReasonKind

EVERYONE = frozenset({"everyone"})
STAFF = frozenset({"staff"})


def article(id_: str, title: str, body: str = "", **more: object) -> Document:
    return Document("article", id_, title, body=body, **({"audience": EVERYONE} | more))  # type: ignore[arg-type]


DOCUMENTS = (
    article(
        "1",
        "统一身份认证平台登录失败怎么办",
        "检查账号是否被锁定，重置密码后再试。",
        facets={"system": "4A平台"},
    ),
    article(
        "2", "VPN 连不上的处理办法", "先检查网络，再看错误代码 VPN-628。", codes=("VPN-628",), version="7"
    ),
    article("3", "打印机脱机", "重启打印服务，检查网线。", audience=STAFF),
    Document(
        "defect",
        "9",
        "报表导出报 ORA-01017",
        body="连接池用旧口令。",
        codes=("ORA-01017",),
        audience=EVERYONE,
    ),
)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index.open(tmp_path / "index", embedder=None)
    opened.update(DOCUMENTS)
    yield opened
    opened.close()


def ids(index: Index, text: str, **more: object) -> list[str]:
    query = Query(text, **({"audience": EVERYONE} | more))  # type: ignore[arg-type]
    return [hit.id for hit in index.search(query).hits]


def test_words_find_the_right_document_first(index: Index) -> None:
    assert ids(index, "登录失败")[0] == "1"
    assert ids(index, "登陆不上统一身份认证")[0] == "1"


def test_traditional_and_full_width_are_the_same_question(index: Index) -> None:
    assert ids(index, "統一身份認證登錄失敗")[0] == "1"
    assert ids(index, "ＶＰＮ連不上")[0] == "2"


def test_a_code_is_pinned_however_it_is_typed(index: Index) -> None:
    for typed in ("ora01017", "ORA 01017", "ora-1017", "登录时报 O R A 0 1 0 1 7"):
        assert ids(index, typed)[0] == "9", typed
    hit = index.search(Query("报错 vpn628", audience=EVERYONE)).hits[0]
    assert hit.id == "2"
    assert hit.why[0].kind is ReasonKind.CODE


def test_same_sound_errors_are_forgiven(index: Index) -> None:
    assert ids(index, "打印鸡拖机", audience=STAFF)[0] == "3"


def test_nobody_sees_what_is_not_for_them(index: Index) -> None:
    assert "3" not in ids(index, "打印机脱机")
    assert ids(index, "打印机脱机", audience=STAFF) == ["3"]
    assert ids(index, "打印机脱机", audience=None)[0] == "3"


def test_an_empty_audience_sees_nothing(index: Index) -> None:
    assert index.search(Query("登录", audience=frozenset())).hits == ()
    assert index.search(Query("登录")).hits == ()


def test_an_empty_filter_lets_nothing_through(index: Index) -> None:
    assert ids(index, "登录", filters={"system": frozenset()}) == []
    assert ids(index, "登录", filters={"system": frozenset({"4A平台"})}) == ["1"]
    assert ids(index, "登录", filters={"nothing": frozenset({"4A平台"})}) == []


def test_kinds_and_exclusions(index: Index) -> None:
    assert ids(index, "ORA-01017", kinds=frozenset({"article"})) == []
    assert ids(index, "ORA-01017", exclude=frozenset({("defect", "9")})) == []


def test_an_update_replaces_and_a_removal_removes(index: Index) -> None:
    index.update([article("1", "考勤机不识别人脸")])
    assert ids(index, "统一身份认证") == []
    assert ids(index, "考勤机人脸") == ["1"]
    assert index.remove([("article", "1"), ("article", "unknown")]) == 1
    assert ids(index, "考勤机人脸") == []


def test_another_process_sees_what_was_written(index: Index, tmp_path: Path) -> None:
    reader = Index.open(tmp_path / "index", embedder=None)
    assert ids(reader, "考勤机") == []
    index.update([article("5", "考勤机不识别人脸")])
    assert ids(reader, "考勤机") == ["5"]
    index.rebuild([article("6", "考勤机不开机")])
    assert ids(reader, "考勤机") == ["6"]
    assert reader.status().documents == 1


def test_versions_are_what_the_database_said(index: Index) -> None:
    assert index.versions()[("article", "2")] == "7"
    assert index.status().mode is Mode.LEXICAL


def test_neighbours_are_alike_visible_and_never_the_document_itself(index: Index) -> None:
    index.update([article("7", "VPN 连不上时先看什么", "错误代码 VPN-628 见另一篇。")])
    keys = [hit.key for hit in index.neighbours(("article", "2"), audience=EVERYONE)]
    assert keys[0] == ("article", "7")
    assert ("article", "2") not in keys
    assert index.neighbours(("article", "3"), audience=EVERYONE) == ()


def test_many_threads_search_while_one_writes(index: Index) -> None:
    failures: list[object] = []

    def ask() -> None:
        for _ in range(30):
            answer = index.search(Query("登录失败", audience=EVERYONE))
            if answer.mode is not Mode.LEXICAL or not answer.hits:
                failures.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(6):
        index.update([article(f"n{number}", f"会议室投影仪 {number}")])
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_words_of_solved_tickets_are_found_and_named(index: Index) -> None:
    index.update([article("8", "终端准入认证", also=("网线插上了还是上不了网", "无线连不上"))])
    hit = index.search(Query("插了网线上不了网", audience=EVERYONE)).hits[0]
    assert hit.id == "8"
    assert ReasonKind.ASKED_AS in {reason.kind for reason in hit.why}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "，。？",
        "\x00",
        "\ud800",
        "的",
        'AND OR NOT title:* ~2 "',
        "*?[]{}()^~",
        "😀",
        "a" * 100_000,
        "错误" * 50_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_no_question_breaks_a_search(index: Index, text: str) -> None:
    answer = index.search(Query(text, audience=EVERYONE))
    assert answer.mode is Mode.LEXICAL
    assert all(0.0 <= hit.probability <= 1.0 for hit in answer.hits)


def test_an_empty_index_answers_nothing(tmp_path: Path) -> None:
    empty = Index.open(tmp_path / "empty", embedder=None)
    empty.rebuild([])
    answer = empty.search(
        Query("登录", audience=EVERYONE, filters={"system": frozenset({"x"})}), explain=True
    )
    assert (answer.mode, answer.hits) == (Mode.LEXICAL, ())
    assert empty.status().documents == 0
    assert empty.needs_rebuild is None


def test_strange_documents_are_kept(index: Index) -> None:
    index.update([article("s1", "", ""), article("s2", "\ud800", "x" * 300_000), article("s3", "😀", "，。")])
    assert {("article", "s1"), ("article", "s2"), ("article", "s3")} <= set(index.versions())
    assert ids(index, "登录失败")[0] == "1"
