"""Completing titles while somebody types: by letter, by sound, by code, inside the audience, through damage.

The reference is the brute force of `Typed.fits` over every document.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import Document, Index, Query
from indexer.letters import Spelled, by_sound, typed
from indexer.store import Store
from indexer.syllables import readings
from indexer.titles import Titles

ALL = frozenset({"everyone"})
STAFF = frozenset({"staff"})

LIBRARY = (
    Document(
        "article", "login", "统一身份认证平台登录失败怎么办",
        also=("门户进不去",), codes=("KB000001", "ORA-01017"), audience=ALL,
    ),
    Document("article", "outlook", "Outlook 提示登录失败", audience=ALL, popularity=40.0),
    Document("article", "reset", "重置密码 (VPN)", audience=STAFF),
    Document("ticket", "print", "打印电费通知单空白", codes=("GD202603020001",), audience=ALL | STAFF),
    Document("article", "print-oa", "OA打印公文", audience=ALL, popularity=30.0),
)  # fmt: skip

Opened = Callable[..., Index]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    held: list[Index] = []

    def open_(*documents: Document, name: str = "index") -> Index:
        index = Index.open(tmp_path / name, embedder=None)
        held.append(index)
        if documents:
            index.update(documents)
        return index

    yield open_
    for index in held:
        index.close()


def titles(index: Index, text: str, audience: frozenset[str] | None = ALL, limit: int = 10) -> list[str]:
    return [id_ for _, id_ in index.completions(Query(text, audience=audience, limit=limit))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("登录失败", ["outlook", "login"]),
        ("登录 失败", ["outlook", "login"]),
        ("登錄失敗", ["outlook", "login"]),
        ("ＯＵＴＬＯＯＫ", ["outlook"]),
        ("dlsb", ["outlook", "login"]),
        ("denglu shibai", ["outlook", "login"]),
        ("denglushib", ["outlook", "login"]),
        ("DengLu", ["outlook", "login"]),
        ("den", ["outlook", "login"]),
        ("tongyishenfen", ["login"]),
        ("登陆失败", ["outlook", "login"]),
        ("进不去", ["login"]),
        ("out", ["outlook"]),
        ("tloo", ["outlook"]),
        ("lo", []),
        ("ora-01017", ["login"]),
        ("ORA01017", ["login"]),
        ("01017", ["login"]),
        ("kb0000", ["login"]),
        ("gd20260302", ["print"]),
        ("打印", ["print-oa", "print"]),
        ("oa打印", ["print-oa"]),
        ("dayin", ["print-oa", "print"]),
        ("dianfei", ["print"]),
        ("没有这个", []),
        ("denglu meiyou", []),
        ("", []),
        ("   ", []),
        ("…！？", []),
    ],
)
def test_what_is_typed_finds(opened: Opened, text: str, found: list[str]) -> None:
    assert titles(opened(*LIBRARY), text) == found


def test_a_reading_that_no_dictionary_has(opened: Opened) -> None:
    index = opened(*LIBRARY)
    assert titles(index, "chongzhi", STAFF) == ["reset"]
    assert titles(index, "czmm", STAFF) == ["reset"]


@pytest.mark.parametrize(
    "grammar",
    ['"', '""', "'", "*", "打*", "^打印", "NEAR(打 印)", "title:打印", "打 AND", "OR", "NOT 打", "-打印",
     "{title also}", "(", ")", "打 + 印", ";DROP TABLE letters", "x767b", "00", "11", "\\", "\x00", "%", "_"],
)  # fmt: skip
def test_nothing_typed_is_grammar(opened: Opened, grammar: str) -> None:
    index = opened(*LIBRARY)
    wanted = {
        document.id
        for document in LIBRARY
        if document.audience & ALL
        and typed(grammar).fits(Spelled.of(document.title, document.also, document.codes))
    }
    assert set(titles(index, grammar)) == wanted


def test_the_audience_decides(opened: Opened) -> None:
    index = opened(*LIBRARY)
    assert titles(index, "密码", ALL) == []
    assert titles(index, "密码", STAFF) == ["reset"]
    assert titles(index, "密码", None) == ["reset"]
    assert titles(index, "打印", frozenset()) == []


def test_kinds_and_filters_narrow(opened: Opened) -> None:
    index = opened(*LIBRARY)
    asked = Query("打印", audience=ALL, kinds=frozenset({"ticket"}))
    assert index.completions(asked) == (("ticket", "print"),)


def test_the_popular_first_and_then_the_start_of_the_title(opened: Opened) -> None:
    index = opened(
        Document("article", "inside", "关于报销单的填写", audience=ALL),
        Document("article", "start", "报销单怎么填", audience=ALL),
        Document("article", "liked", "如何撤回报销单", audience=ALL, popularity=500.0),
    )
    assert titles(index, "报销单") == ["liked", "start", "inside"]
    assert titles(index, "报销单", limit=1) == ["liked"]


def test_changed_and_removed_titles_are_gone(opened: Opened) -> None:
    index = opened(*LIBRARY)
    index.update([Document("article", "login", "账号被锁定", audience=ALL)])
    index.remove([("article", "outlook")])
    assert titles(index, "登录失败") == []
    assert titles(index, "账号") == ["login"]


def test_a_rebuild_brings_its_own_titles(opened: Opened) -> None:
    index = opened(*LIBRARY)
    index.rebuild([Document("article", "new", "登录须知", audience=ALL)])
    assert titles(index, "登录") == ["new"]


def test_without_an_index_nothing_is_completed(opened: Opened) -> None:
    assert titles(opened(), "登录") == []


# ---------------------------------------------------------------------------- the file beside the store


def beside(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    return folder / "generations" / (folder / "CURRENT").read_text("utf-8").strip() / "titles.sqlite"


def without(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def garbage(path: Path) -> None:
    without(path)
    path.write_bytes(b"no database at all " * 500)


def half(path: Path) -> None:
    """As a full disk leaves it."""
    written = path.read_bytes()
    without(path)
    path.write_bytes(written[: len(written) // 2])


def empty(path: Path) -> None:
    without(path)
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [without, garbage, half, empty])
def test_a_damaged_file_answers_nothing_and_heals_with_the_next_write(
    opened: Opened, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    opened(*LIBRARY).close()
    damage(beside(tmp_path))
    index = opened()
    assert set(titles(index, "登录失败")) <= {"outlook", "login"}
    assert len(index.search(Query("登录失败", audience=ALL)).hits) > 0, "searching is not harmed"
    index.update([Document("article", "late", "登录须知", audience=ALL)])
    assert titles(index, "登录") == ["outlook", "late", "login"]


def test_a_reader_follows_when_the_file_is_made_anew(opened: Opened, tmp_path: Path) -> None:
    index, reader = opened(*LIBRARY), opened()
    assert titles(reader, "登录失败") == ["outlook", "login"]
    garbage(beside(tmp_path))
    index.catch_up()
    assert titles(reader, "登录失败") == ["outlook", "login"]


def test_what_a_killed_writer_left_behind_is_taken_over(opened: Opened, tmp_path: Path) -> None:
    index = opened(*LIBRARY)
    path = beside(tmp_path)
    index.close()
    before = path.read_bytes()
    again = opened()
    again.update([Document("article", "late", "登录须知", audience=ALL)])
    again.remove([("article", "outlook")])
    again.close()
    without(path)
    path.write_bytes(before)  # the store committed, and then the power went
    last = opened()
    assert titles(last, "登录") == ["login"], "what is gone is gone at once; what is new comes"
    last.catch_up()
    assert titles(last, "登录") == ["late", "login"]


def test_lines_of_what_is_gone_are_cleared_away_once_they_are_most(tmp_path: Path) -> None:
    store, kept = Store(tmp_path / "store.sqlite"), Titles(tmp_path / "titles.sqlite", least_gone=2)
    document = Document("article", "1", "登录须知", audience=ALL)
    proposed: list[int] = []
    for _ in range(6):
        with store.writing():
            store.mark_gone(document.key, store.next_tick())
            n = store.add(document, 4)
        kept.catch_up(store)
        proposed.append(len(kept.numbers(typed("登录").query())))
    assert proposed == [1, 2, 3, 1, 2, 3], "a new file takes over only what lives"
    assert n in kept.numbers(typed("登录").query())
    assert not kept.behind(store)
    kept.close()
    store.close()


# ---------------------------------------------------------------------------- properties

ALPHABET = "登录失败打印密码重置dlsbABCor01 -./\"'*()^:，。\ud800\u200b🙂"
WORDS = st.text(alphabet=ALPHABET, max_size=12)
AUDIENCES = st.frozensets(st.sampled_from(["a", "b", "c"]), max_size=2)
DOCUMENTS = st.lists(st.tuples(WORDS, WORDS, WORDS, AUDIENCES), min_size=1, max_size=6)
MANY = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
NAMES = itertools.count()


@MANY
@given(made=DOCUMENTS, asked=st.lists(WORDS, min_size=1, max_size=4), audience=AUDIENCES)
def test_exactly_what_fits_and_may_be_seen(
    opened: Opened,
    made: list[tuple[str, str, str, frozenset[str]]],
    asked: list[str],
    audience: frozenset[str],
) -> None:
    documents = [
        Document("article", str(number), title, also=(also,), codes=(code,), audience=tokens)
        for number, (title, also, code, tokens) in enumerate(made)
    ]
    index = opened(*documents, name=f"index-{next(NAMES)}")
    for text in asked:
        visible = [document for document in documents if document.audience & audience]
        wanted = _fitting(visible, text)
        assert set(titles(index, text, audience, limit=50)) == wanted
        assert len(titles(index, text, audience, limit=1)) == min(1, len(wanted))
    index.close()


def _fitting(documents: list[Document], text: str) -> set[str]:
    spelled = {
        document.id: Spelled.of(document.title, document.also, document.codes) for document in documents
    }
    for asked in (typed(text), by_sound(text)):
        if found := {id_ for id_, held in spelled.items() if asked.fits(held)}:
            return found
    return set()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=300))
def test_any_text_becomes_a_query_of_plain_letters(text: str) -> None:
    query = typed(text).query()
    assert query.isascii()
    assert set(query) <= set('abcdefghijklmnopqrstuvwxyzANDOR0123456789_ (){}:"*')
    Spelled.of(text, (text,), (text,))


@pytest.mark.parametrize(
    ("typed_so_far", "wanted"),
    [
        ("denglu", ("den", "lu")),
        ("xian", ("xian",)),
        ("xian", ("xi", "an")),
        ("shengf", ("sen", "f")),
        ("zhongguo", ("zon", "guo")),
    ],
)
def test_pinyin_is_cut_into_syllables(typed_so_far: str, wanted: tuple[str, ...]) -> None:
    assert any(reading[: len(wanted)] == wanted for reading in readings(typed_so_far)) or wanted in [
        tuple(part.removesuffix("g") for part in reading) for reading in readings(typed_so_far)
    ]


def test_what_is_no_pinyin_has_no_reading() -> None:
    assert readings("outlook") == ()
    assert readings("zzz") == ()
