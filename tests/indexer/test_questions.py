"""A slow encoder never holds a search up: words answer, and the next key finds it done."""

import math
from pathlib import Path

import numpy as np
import pytest
from tests_slow_encoder import PATIENCE_S, FailingEncoder, WaitingEncoder

from indexer import Document, Index, Mode, Query
from indexer.questions import Questions, normal, parts_of
from indexer.tuning import PATIENT, TUNING

ALL = frozenset({"everyone"})
DOCUMENTS = [
    Document("article", "login", "登录不上怎么办", body="登录页打不开时清缓存。", audience=ALL),
    Document("article", "print", "打印不出纸", body="检查打印机。", audience=ALL),
]


def until_known(questions: Questions, text: str, encoder: WaitingEncoder) -> None:
    """Waits for what is encoded behind: this thread asks with all the patience there is."""
    assert questions.encoded(text, encoder, patience_ms=PATIENCE_S * 1000) is not None


def test_whoever_has_no_patience_gets_nothing_and_the_next_one_finds_it_done() -> None:
    questions, encoder = Questions(), WaitingEncoder()
    assert questions.encoded("登录", encoder, patience_ms=0.0) is None
    encoder.let.set()
    until_known(questions, "登录", encoder)
    found = questions.encoded(" 登录 ", encoder, patience_ms=0.0)
    assert found is not None
    assert np.allclose(found, encoder.encode(["登录"]))
    assert encoder.asked == [("登录",)]


def test_asking_twice_encodes_once() -> None:
    questions, encoder = Questions(), WaitingEncoder()
    assert questions.encoded("登录", encoder, patience_ms=0.0) is None
    assert encoder.begun.wait(PATIENCE_S)
    assert questions.encoded("登录", encoder, patience_ms=0.0) is None
    encoder.let.set()
    until_known(questions, "登录", encoder)
    assert encoder.asked == [("登录",)]


def test_the_latest_comes_first_and_the_oldest_is_given_up() -> None:
    questions, encoder = Questions(), WaitingEncoder()
    assert questions.encoded("先来的", encoder, patience_ms=0.0) is None
    assert encoder.begun.wait(PATIENCE_S)
    for number in range(30):
        assert questions.encoded(f"登录{number}", encoder, patience_ms=0.0) is None
    encoder.let.set()
    until_known(questions, "登录22", encoder)
    assert encoder.asked[:3] == [("先来的",), ("登录22",), ("登录29",)] or encoder.asked[:2] == [
        ("先来的",),
        ("登录29",),
    ]
    assert ("登录3",) not in encoder.asked


def test_two_encoders_share_no_answer() -> None:
    questions, one, other = Questions(), WaitingEncoder("one@1"), WaitingEncoder("other@1")
    one.let.set()
    until_known(questions, "登录", one)
    assert questions.encoded("登录", other, patience_ms=0.0) is None
    other.let.set()
    until_known(questions, "登录", other)


def test_only_so_many_are_kept() -> None:
    questions, encoder = Questions(kept=3), WaitingEncoder()
    encoder.quick, encoder.name = True, "table@1"
    encoder.let.set()
    for text in ("一", "二", "三", "一", "四", "五"):
        assert questions.encoded(text, encoder, patience_ms=0.0) is not None
    before = len(encoder.asked)
    for text in ("一", "四", "五"):
        questions.encoded(text, encoder, patience_ms=0.0)
    assert len(encoder.asked) == before
    questions.encoded("二", encoder, patience_ms=0.0)
    assert len(encoder.asked) == before + 1


@pytest.mark.parametrize("quick", [True, False])
def test_an_encoder_that_fails_is_no_fault_of_the_search(quick: bool, tmp_path: Path) -> None:
    encoder = FailingEncoder()
    encoder.quick = quick
    index = Index.open(tmp_path / "index", embedder=encoder, tuning=PATIENT)
    index.rebuild(DOCUMENTS)
    for _ in range(2):
        answer = index.search(Query("登录", audience=ALL))
        assert answer.mode is Mode.LEXICAL
        assert answer.hits[0].id == "login"
    assert index.needs_rebuild is None
    index.close()


def test_a_search_answers_with_words_and_then_with_meaning(tmp_path: Path) -> None:
    encoder = WaitingEncoder()
    impatient = Index.open(tmp_path / "index", embedder=encoder, tuning=TUNING)
    impatient.rebuild(DOCUMENTS)
    first = impatient.search(Query("登录", audience=ALL))
    assert first.mode is Mode.LEXICAL
    assert first.hits[0].id == "login"
    assert impatient.status().mode is Mode.HYBRID
    encoder.let.set()
    until_known(impatient.questions, "登录", encoder)
    again = impatient.search(Query("登录", audience=ALL))
    assert again.mode is Mode.HYBRID
    assert again.hits[0].id == "login"
    impatient.close()


def test_whoever_measures_waits(tmp_path: Path) -> None:
    encoder = WaitingEncoder()
    encoder.let.set()
    index = Index.open(tmp_path / "index", embedder=encoder, tuning=PATIENT)
    index.rebuild(DOCUMENTS)
    assert math.isinf(PATIENT.patience_ms)
    assert index.search(Query("打印", audience=ALL)).mode is Mode.HYBRID
    index.close()


def test_words_alone_never_ask_the_encoder(tmp_path: Path) -> None:
    from indexer import Engine

    encoder = WaitingEncoder()
    index = Index.open(tmp_path / "index", embedder=encoder)
    index.rebuild(DOCUMENTS)
    index.search(Query("打印", audience=ALL, engine=Engine.LEXICAL))
    index.search(Query("打印", audience=frozenset()))
    assert encoder.asked == []
    index.close()


def test_a_question_without_vectors_to_compare_is_answered_by_words(tmp_path: Path) -> None:
    """The encoder came late: the index bears its name, but nothing has been encoded yet."""
    encoder = WaitingEncoder()
    encoder.let.set()
    encoder.ready = False
    index = Index.open(tmp_path / "index", embedder=encoder, tuning=PATIENT)
    index.update(DOCUMENTS)
    encoder.ready = True
    assert index.search(Query("登录", audience=ALL)).mode is Mode.LEXICAL
    assert index.status().without_vectors == 2
    index.catch_up()
    assert index.status().without_vectors == 0
    assert index.search(Query("登录", audience=ALL)).mode is Mode.HYBRID
    index.close()


def test_what_is_the_same_question() -> None:
    assert normal("  登录  不上\t了 ") == "登录 不上 了"
    assert normal("a\n b\n") == "a\nb"
    rambling = (
        "你好，我是新来的小王，今天一早登录就报错了，重启也没有用，请问怎么办？急急急急急急急急急急急急急急"
    )
    assert parts_of(rambling)[0] == rambling
    assert len(parts_of(rambling)) > 3
    assert parts_of("登录不上") == ["登录不上"]
