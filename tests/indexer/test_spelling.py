"""Slips of the fingers: near forms of unknown words, look-alike and sound-alike characters, better wordings.

Nothing here may show a word to somebody whose documents don't bear it.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import Document, Index, Query
from indexer.shapes import look_alikes
from indexer.stems import stem
from indexer.vocabulary import Vocabulary, allowed_distance, distance

ALL = frozenset({"everyone"})
STAFF = frozenset({"staff"})
LIBRARY = (
    Document(
        "article", "mail", "Outlook connection refused", body="The password of the mailbox.", audience=ALL
    ),
    Document("article", "reset", "重置密码", body="打开网页，统一身份认证", audience=ALL),
    Document("article", "login", "统一权限平台登录失败怎么办", body="错误 ORA-01017", audience=ALL),
    Document("article", "secret", "机房门禁卡 Rosebud", body="绝密档案", audience=STAFF),
    Document("defect", "learnt", "发票打印缺页", also=("张山丰说门禁坏了",), audience=ALL),
)

Opened = Callable[..., Index]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    held: list[Index] = []

    def open_(*documents: Document, name: str = "index") -> Index:
        index = Index.open(tmp_path / name, embedder=None)
        held.append(index)
        index.update(documents)
        return index

    yield open_
    for index in held:
        index.close()


def best(index: Index, text: str, audience: frozenset[str] = ALL) -> str | None:
    hits = index.search(Query(text, audience=audience)).hits
    return hits[0].id if hits else None


def meant(index: Index, text: str, audience: frozenset[str] | None = ALL) -> str | None:
    proposed = index.did_you_mean(Query(text, audience=audience))
    return proposed.text if proposed else None


# ---------------------------------------------------------------------------- searching


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("outlok", "mail"),
        ("outloook", "mail"),
        ("otulook", "mail"),
        ("conection", "mail"),
        ("Pasword", "mail"),
        ("psasword", "mail"),
        ("蜜码", "reset"),
        ("密马", "reset"),
        ("打幵", "reset"),
        ("登陆", "login"),
    ],
)
def test_a_slip_finds_what_was_meant(opened: Opened, typed: str, found: str) -> None:
    assert best(opened(*LIBRARY), typed) == found


@pytest.mark.parametrize("typed", ["E01071", "0x80070006", "lokout", "mial", "xyzzyplugh"])
def test_codes_short_words_and_far_words_are_left_alone(opened: Opened, typed: str) -> None:
    assert best(opened(*LIBRARY), typed) is None


def test_what_is_written_as_typed_comes_before_what_is_nearly_so(opened: Opened) -> None:
    index = opened(
        Document("article", "exact", "pasword", audience=ALL),
        Document("article", "near", "password", audience=ALL),
    )
    assert best(index, "pasword") == "exact"
    assert [hit.id for hit in index.search(Query("pasword", audience=ALL)).hits] == ["exact"]


def test_a_near_form_counts_less_than_the_word_itself(opened: Opened) -> None:
    index = opened(
        Document("article", "near", "refused password", audience=ALL),
        Document("article", "exact", "refused mailbox", audience=ALL),
    )
    assert best(index, "pasword mailbox") == "exact"


def test_words_of_removed_documents_are_no_help(opened: Opened) -> None:
    index = opened(*LIBRARY)
    index.remove([("article", "mail")])
    assert best(index, "outlok") is None
    assert meant(index, "outlok") is None


# ---------------------------------------------------------------------------- a better wording


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("outlok", "outlook"),
        ("conection refused", "connection refused"),
        ("pasword 重置", "password 重置"),
        ("蜜码", "密码"),
        ("登陆失败", "登录失败"),
        ("怎么登陆", "怎么登录"),
        ("统一身分认证", "统一身份认证"),
        ("灯鹿失败", "登录失败"),
        ("denglu shibai", "登录失败"),
        ("denglushibai", "登录失败"),
        ("登录", None),
        ("打印缺页", None),
        ("outlook", None),
        ("ORA-01071", None),
        ("xyzzyplugh", None),
        ("的", None),
        ("", None),
        ("登陆" * 40, None),
    ],
)
def test_a_better_wording(opened: Opened, typed: str, proposed: str | None) -> None:
    assert meant(opened(*LIBRARY), typed) == proposed


@pytest.mark.parametrize("typed", ["rosebod", "决密档案", "機方门禁"])
def test_no_word_is_proposed_that_only_others_may_read(opened: Opened, typed: str) -> None:
    index = opened(*LIBRARY)
    assert meant(index, typed, ALL) is None
    assert meant(index, typed, frozenset()) is None
    assert meant(index, typed, STAFF) is not None
    assert meant(index, typed, None) is not None


def test_words_learnt_from_somebodys_ticket_are_never_proposed(opened: Opened) -> None:
    index = opened(*LIBRARY)
    assert best(index, "张山丰") == "learnt", "they find the record"
    assert meant(index, "章山锋") is None, "and are not told to anybody"


def test_every_proposed_word_names_documents_that_bear_it(opened: Opened) -> None:
    proposed = opened(*LIBRARY).did_you_mean(Query("outlok 登陆", audience=ALL))
    assert proposed is not None
    assert {(word.text, word.bearers) for word in proposed.words} == {
        ("outlook", (("article", "mail"),)),
        ("登录", (("article", "login"),)),
    }


# ---------------------------------------------------------------------------- properties

LETTERS = st.text(alphabet="abcdeo", min_size=1, max_size=10)
MANY = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NAMES = itertools.count()


def plain_distance(first: str, second: str) -> int:
    """The textbook's table, without any shortcut."""
    table = {(i, 0): i for i in range(len(first) + 1)} | {(0, j): j for j in range(len(second) + 1)}
    for i, j in itertools.product(range(1, len(first) + 1), range(1, len(second) + 1)):
        same = first[i - 1] == second[j - 1]
        table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (not same))
        if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
            table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(first), len(second)]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(LETTERS, LETTERS, st.integers(1, 2))
def test_the_distance_is_the_textbooks(first: str, second: str, most: int) -> None:
    true = plain_distance(first, second)
    assert distance(first, second, most) == (true if true <= most else 99)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sets(LETTERS, max_size=20), LETTERS)
def test_near_words_are_all_that_are_near_and_begin_alike(words: set[str], typed: str) -> None:
    rows = [(place, word, 1) for place, word in enumerate(sorted(words), start=1)]
    found = Vocabulary().grown(rows, made=1).near(typed)
    most = allowed_distance(typed)
    near = {
        word
        for word in words
        if 0 < plain_distance(typed, word) <= most and (word[0] == typed[0] or word[1:2] == typed[0])
    }
    assert set(found) <= near
    assert set(found) == near or len(found) == 8
    assert [plain_distance(typed, word) for word in found] == sorted(
        plain_distance(typed, word) for word in found
    )


@MANY
@given(st.text(alphabet="登陆录蜜密码吗outlk ok01-。\ud800", max_size=20))
def test_whatever_is_typed_a_wording_is_another_one_of_visible_words(opened: Opened, text: str) -> None:
    index = opened(*LIBRARY, name=f"index-{next(NAMES)}")
    proposed = index.did_you_mean(Query(text, audience=ALL))
    if proposed is not None:
        assert proposed.text != text
        for word in proposed.words:
            assert word.bearers
            bearers = [document for document in LIBRARY if document.key in word.bearers]
            assert all(word.text in f"{document.title}\n{document.body}".lower() for document in bearers)
            assert all(document.audience & ALL for document in bearers)
    index.close()


def test_looking_alike_goes_both_ways() -> None:
    table = look_alikes()
    for character, others in table.items():
        assert character not in others
        assert all(character in table[other] for other in others)


def test_the_usual_stems_stay_near() -> None:
    assert distance(stem("conection"), stem("connection"), 2) == 1
