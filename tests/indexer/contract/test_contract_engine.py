"""What every word engine promises below the index: exact numbers of what it proposes."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import Document, Query
from indexer.columns import Columns, applied
from indexer.engines import Counts, Field, Lexical, Scope, Weighed, WordEngine, counts_of, marks_wanted
from indexer.large.engine import TantivyWords
from indexer.store import Changes, Row

TERMS = ("登录", "失", "ora01017", "vpn", "~da.yin", "2.3")


def counted(words: dict[str, int], *, marks: frozenset[str] = frozenset({"k:article"})) -> Counts:
    title = Counter(list(words)[:1])
    return Counts(Counter(words), title, Counter(["~da.yin"] if "登录" in words else []), marks)


def columns_of(count: int) -> Columns:
    rows = [Row(n, "article", str(n), 1, {}, frozenset({"all"}), 0.0) for n in range(1, count + 1)]
    return applied(Columns(), Changes(rows, [], 1))


def filled(lexical: Lexical, documents: Sequence[Counts]) -> Columns:
    writer = lexical.writer()
    for n, counts in enumerate(documents, start=1):
        writer.add(n, counts)
    writer.commit()
    columns = columns_of(len(documents))
    lexical.refresh(columns)
    return columns


def everywhere(columns: Columns, **more: int) -> Scope:
    return Scope(np.ones(len(columns), dtype=bool), **more)  # type: ignore[arg-type]


def wished(*terms: str) -> list[Weighed]:
    return [Weighed(field, (term,), 1.0) for term in terms for field in (Field.WORDS, Field.TITLE)]


@pytest.fixture
def lexical(words: WordEngine, tmp_path: Path) -> Iterator[Lexical]:
    opened = words.open(tmp_path / "words")
    yield opened
    opened.close()


def test_it_counts_what_it_was_given(lexical: Lexical) -> None:
    columns = filled(lexical, [counted({"登录": 3, "vpn": 1}), counted({"vpn": 7}), counted({"失": 1})])
    wish = [*wished("vpn", "登录"), Weighed(Field.SOUND, ("~da.yin",), 1.0)]
    reading = lexical.reading(wish, everywhere(columns))
    posting = reading.posting(Field.WORDS, "vpn")
    assert (posting.places.tolist(), posting.counts.tolist()) == ([0, 1], [1.0, 7.0])
    assert reading.posting(Field.TITLE, "vpn").places.tolist() == [1]
    assert reading.posting(Field.SOUND, "~da.yin").places.tolist() == [0]
    assert reading.bearing_all(("vpn", "登录"))[0].tolist() == [0]
    assert lexical.frequency(Field.WORDS, "vpn") == 2
    assert lexical.frequency(Field.TITLE, "vpn") == 1
    assert lexical.frequency(Field.WORDS, "nothing") == 0


def test_every_sound_of_a_question_is_told_apart(lexical: Lexical) -> None:
    sounds = [f"~a{number}.b" for number in range(30)]
    heard = [Counter(sounds[number : number + 3]) for number in range(25)]
    columns = filled(lexical, [Counts(Counter("x"), Counter(), one, frozenset()) for one in heard])
    asked = sounds[:15]
    reading = lexical.reading([Weighed(Field.SOUND, (sound,), 1.0) for sound in asked], everywhere(columns))
    for sound in asked:
        places = [place for place, one in enumerate(heard) if sound in one]
        assert reading.posting(Field.SOUND, sound).places.tolist() == places
    assert lexical.borne(Field.SOUND, sounds[3:5], np.array([2, 3])).tolist() == [[True, True], [True, True]]


def test_it_tells_which_of_a_few_documents_bear_a_term(lexical: Lexical) -> None:
    filled(lexical, [counted({"登录": 3}), counted({"vpn": 7, "登录": 1})])
    borne = lexical.borne(Field.WORDS, ["vpn", "登录", "nothing"], np.array([1, 0]))
    assert borne.tolist() == [[True, False], [True, True], [False, False]]
    assert lexical.borne(Field.TITLE, ["登录"], np.array([0, 1])).tolist() == [[True, False]]
    assert lexical.borne(Field.SOUND, ["~da.yin"], np.array([0, 1])).tolist() == [[True, True]]
    assert lexical.borne(Field.WORDS, [], np.array([0])).shape == (0, 1)
    assert lexical.borne(Field.WORDS, ["vpn"], np.array([], dtype=np.int64)).shape == (1, 0)


def test_what_is_written_is_seen_after_the_commit_and_the_refresh(lexical: Lexical) -> None:
    columns = filled(lexical, [counted({"vpn": 1})])
    writer = lexical.writer()
    writer.add(2, counted({"vpn": 1}))
    assert lexical.frequency(Field.WORDS, "vpn") == 1
    writer.commit()
    later = columns_of(2)
    lexical.refresh(later)
    reading = lexical.reading(wished("vpn"), everywhere(later))
    assert reading.posting(Field.WORDS, "vpn").places.tolist() == [0, 1]
    # A search that began with the older columns never sees a place that they do not have.
    older = lexical.reading(wished("vpn"), everywhere(columns))
    assert older.posting(Field.WORDS, "vpn").places.tolist() == [0]


def test_what_is_cancelled_was_never_written(lexical: Lexical) -> None:
    filled(lexical, [counted({"vpn": 1})])
    writer = lexical.writer()
    writer.add(2, counted({"vpn": 1}))
    writer.remove(1)
    writer.cancel()
    columns = columns_of(2)
    lexical.refresh(columns)
    reading = lexical.reading(wished("vpn"), everywhere(columns))
    assert reading.posting(Field.WORDS, "vpn").places.tolist() == [0]


def test_a_number_written_again_stands_once(lexical: Lexical) -> None:
    """As after a kill between the store and the words: the same number is always the same document."""
    columns = filled(lexical, [counted({"vpn": 4})])
    writer = lexical.writer()
    writer.remove(1)
    writer.add(1, counted({"vpn": 4}))
    writer.commit()
    lexical.refresh(columns)
    posting = lexical.reading(wished("vpn"), everywhere(columns)).posting(Field.WORDS, "vpn")
    assert (posting.places.tolist(), posting.counts.tolist()) == ([0], [4.0])


def test_tantivy_lets_go_of_what_was_removed(tmp_path: Path) -> None:
    """Whoosh's own postings keep the dead until a merge; columns hide them either way."""
    lexical = TantivyWords(tmp_path / "words")
    columns = filled(lexical, [counted({"vpn": 1}), counted({"vpn": 2}), counted({"vpn": 3})])
    writer = lexical.writer()
    writer.remove(2)
    writer.commit()
    lexical.refresh(columns)
    reading = lexical.reading(wished("vpn"), Scope(np.ones(3, dtype=bool), most=2))
    assert reading.posting(Field.WORDS, "vpn").places.tolist() == [0, 2]


def test_half_a_surrogate_pair_is_a_term_like_any_other(lexical: Lexical) -> None:
    columns = filled(lexical, [counted({"\ud800x": 1, "vpn": 1}, marks=frozenset({"f:system=\ud800"}))])
    assert lexical.frequency(Field.WORDS, "\ud800x") == 1
    reading = lexical.reading(wished("\ud800x"), everywhere(columns))
    assert reading.posting(Field.WORDS, "\ud800x").places.tolist() == [0]


def test_the_best_are_proposed_within_the_mask(lexical: Lexical) -> None:
    """Among thousands that share a common word, the one with the rare word is always there."""
    documents = [counted({"系统": 1, f"词{number}": 1}) for number in range(2_000)]
    documents[1_234] = counted({"系统": 1, "vpn": 1})
    columns = filled(lexical, documents)
    mask = np.zeros(len(columns), dtype=bool)
    mask[1_000:] = True
    wish = [Weighed(Field.WORDS, ("系统",), 0.1), Weighed(Field.WORDS, ("vpn",), 7.0)]
    reading = lexical.reading(wish, Scope(mask, most=10))
    assert 1_234 in reading.posting(Field.WORDS, "vpn").places
    beyond = lexical.reading(wish, Scope(mask, also=np.array([1_999]), most=10))
    assert 1_999 in beyond.posting(Field.WORDS, "系统").places


def test_marks_say_what_the_mask_says() -> None:
    document = Document("article", "1", "x", audience=frozenset({"a"}), facets={"system": "4A"})
    marks = counts_of(document).marks
    seen = Query("x", audience=frozenset({"a", "b"}), kinds=frozenset({"article"}))
    filtered = Query("x", audience=None, filters={"system": frozenset({"4A"})})
    without = Query("x", audience=None, filters={"system": frozenset({"", "ERP"})})
    assert all(marks & wanted for wanted in marks_wanted(seen) + marks_wanted(filtered))
    assert not marks & marks_wanted(Query("x", audience=frozenset({"c"})))[0]
    assert marks_wanted(without) == ()


COUNTS = st.builds(counted, st.dictionaries(st.sampled_from(TERMS), st.integers(1, 130), max_size=5))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=st.lists(COUNTS, min_size=1, max_size=12),
    hidden=st.sets(st.integers(0, 11)),
    most=st.integers(1, 4) | st.just(200),
    asked=st.lists(st.sampled_from(TERMS), min_size=1, max_size=4, unique=True),
)
def test_what_is_said_of_a_proposed_place_is_true(
    words: WordEngine,
    documents: list[Counts],
    hidden: set[int],
    most: int,
    asked: list[str],
    tmp_path: Path,
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as place:
        lexical = words.open(Path(place) / "words")
        filled(lexical, documents)
        mask = np.array([number not in hidden for number in range(len(documents))])
        reading = lexical.reading(wished(*asked), Scope(mask, most=most))
        for term in asked:
            truth = {
                place: counts.words[term] for place, counts in enumerate(documents) if term in counts.words
            }
            posting = reading.posting(Field.WORDS, term)
            told = dict(zip(posting.places.tolist(), posting.counts.tolist(), strict=True))
            assert all(min(truth[place], 127) == min(count, 127) for place, count in told.items())
            if mask.sum() <= most:
                assert {place for place in truth if mask[place]} <= set(told)
            if words.name == "tantivy":
                assert all(mask[place] for place in told)
            assert lexical.frequency(Field.WORDS, term) == len(truth)
        lexical.close()
