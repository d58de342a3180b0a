"""What a word engine survives: kills, damage, another writer, another engine before it."""

import random
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from tests_words import ENGINES, REFERENCE

from indexer import Document, Index, Mode, Query
from indexer.choice import NoEngine, advice, engine_named
from indexer.document import IndexStatus
from indexer.engines import WordEngine
from indexer.generation import Broken
from indexer.lock import Busy, only_writer

ALL = frozenset({"everyone"})
DOCUMENTS = [
    Document("article", str(number), f"第{number}号知识：打印机脱机", body="重启打印服务" * 9, audience=ALL)
    for number in range(40)
]
Opened = Callable[[], Index]


def ask(index: Index, text: str = "打印机脱机") -> tuple[Mode, int]:
    answer = index.search(Query(text, audience=ALL))
    return answer.mode, len(answer.hits)


def serving(folder: Path) -> Path:
    return folder / "generations" / (folder / "CURRENT").read_text(encoding="utf-8")


def test_what_one_wrote_another_sees_at_once(open_index: Opened) -> None:
    writer, reader = open_index(), open_index()
    writer.update(DOCUMENTS)
    assert ask(reader) == (Mode.LEXICAL, 10)
    writer.update([Document("article", "0", "考勤人脸", audience=ALL)])
    assert ask(reader, "考勤人脸") == (Mode.LEXICAL, 1)
    assert writer.remove([("article", "0"), ("article", "unknown")]) == 1
    assert ask(reader, "考勤人脸") == (Mode.LEXICAL, 0)
    writer.rebuild([Document("article", "new", "会议室投影仪", audience=ALL)])
    assert ask(reader, "投影仪") == (Mode.LEXICAL, 1)
    assert ask(reader) == (Mode.LEXICAL, 0)


def test_what_was_written_is_there_after_a_restart(open_index: Opened) -> None:
    first = open_index()
    for start in range(0, 40, 8):
        first.update(DOCUMENTS[start : start + 8])
    first.remove([DOCUMENTS[0].key])
    first.close()
    again = open_index()
    assert ask(again) == (Mode.LEXICAL, 10)
    assert set(again.versions()) == {document.key for document in DOCUMENTS[1:]}
    hits = again.search(Query("打印机", audience=ALL, limit=100)).hits
    assert sorted(hit.key for hit in hits) == sorted(again.versions())


def test_a_failed_write_leaves_everything_as_it_was(open_index: Opened) -> None:
    index = open_index()
    index.rebuild(DOCUMENTS)

    def failing() -> object:
        yield Document("article", "half", "考勤人脸", audience=ALL)
        raise OSError("No space left on device")

    for write in (index.update, index.rebuild):
        with pytest.raises(OSError, match="No space"):
            write(failing())  # type: ignore[operator]
        assert ask(index) == (Mode.LEXICAL, 10)
        assert ask(index, "考勤人脸") == (Mode.LEXICAL, 0)
    assert index.update([Document("article", "0", "考勤人脸", audience=ALL)]) == 1
    assert ask(index, "考勤人脸") == (Mode.LEXICAL, 1)


def test_words_catch_up_after_a_kill_between_the_two_commits(open_index: Opened) -> None:
    index = open_index()
    index.rebuild(DOCUMENTS)
    store = index.generations.follow().store  # type: ignore[union-attr]
    store.add(Document("article", "late", "考勤机不识别人脸", audience=ALL), 10)
    assert ask(index, "人脸") == (Mode.LEXICAL, 0)
    index.catch_up()
    assert ask(index, "人脸") == (Mode.LEXICAL, 1)
    assert ask(open_index(), "人脸") == (Mode.LEXICAL, 1)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests_words import ENGINES
from indexer import Document, Index
from indexer.generation import Generation

def killed(*_): os.kill(os.getpid(), signal.SIGKILL)

index = Index.open(Path(sys.argv[1]), embedder=None, words=ENGINES[sys.argv[2]])
writer = type(index.generations.follow()._lexical.writer())
index.generations.follow()._lexical.writer().cancel()
writer.commit = killed
index.update([Document("article", "late", "考勤机不识别人脸", audience=frozenset({"everyone"}))])
"""


def process(script: str, folder: Path, words: WordEngine, *more: str) -> "subprocess.Popen[str]":
    here = Path(__file__).parent
    start = f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parents[2])!r}]\n"
    command = [sys.executable, "-c", start + textwrap.dedent(script), str(folder), words.name, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_writer_killed_at_its_commit_leaves_only_work_to_catch_up(
    open_index: Opened, words: WordEngine, tmp_path: Path
) -> None:
    open_index().rebuild(DOCUMENTS)
    with process(KILLED, tmp_path / "index", words) as writer:
        _, said = writer.communicate(timeout=120)
    assert writer.returncode == -9, said
    index = open_index()
    assert ask(index) == (Mode.LEXICAL, 10)
    index.update([])
    assert ask(index, "人脸") == (Mode.LEXICAL, 1)


WRITING = """
import sys
from pathlib import Path
from tests_words import ENGINES
from indexer import Document, Index

index = Index.open(Path(sys.argv[1]), embedder=None, words=ENGINES[sys.argv[2]])
for number in range(5):
    title = f"{sys.argv[3]} 投影仪 {number}"
    index.update([Document("article", f"{sys.argv[3]}{number}", title, audience=frozenset({"everyone"}))])
"""


def test_two_processes_write_and_nothing_is_lost(
    open_index: Opened, words: WordEngine, tmp_path: Path
) -> None:
    index = open_index()
    index.update(DOCUMENTS[:1])
    both = [process(WRITING, tmp_path / "index", words, name) for name in ("left", "right")]
    for writer in both:
        with writer:
            _, said = writer.communicate(timeout=200)
        assert writer.returncode == 0, said
    hits = index.search(Query("投影仪", audience=ALL, limit=50)).hits
    assert {hit.id for hit in hits} == {
        f"{name}{number}" for name in ("left", "right") for number in range(5)
    }


ENDLESS = """
import sys
from pathlib import Path
from tests_words import ENGINES
from indexer import Document, Index

index = Index.open(Path(sys.argv[1]), embedder=None, words=ENGINES[sys.argv[2]])
for number in range(10_000):
    title = f"会议室投影仪 {number}"
    everyone = frozenset({"everyone"})
    index.update([Document("article", f"k{number % 40}", title, version=str(number), audience=everyone)])
    print(number, flush=True)
"""


@pytest.mark.slow
def test_killed_writers_lose_no_commit(open_index: Opened, words: WordEngine, tmp_path: Path) -> None:
    """10 × kill -9 at random moments: what was reported as written is there, once, and is found."""
    open_index().rebuild(DOCUMENTS)
    dice = random.Random(12)
    for _ in range(10):
        with process(ENDLESS, tmp_path / "index", words) as writer:
            assert writer.stdout is not None
            written = [writer.stdout.readline() for _ in range(dice.randint(1, 6))]
            writer.kill()
            written += writer.stdout.readlines()
        last = max(int(line) for line in written if line.endswith("\n"))
        index = open_index()
        index.update([])
        found = index.versions()[("article", f"k{last % 40}")]
        assert int(found) >= last
        hits = index.search(Query(f"投影仪 {found}", audience=ALL, limit=50)).hits
        assert hits[0].key == ("article", f"k{last % 40}")
        assert len({hit.key for hit in hits}) == len(hits)


def test_a_second_writer_is_told_to_wait(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(only_writer.__wrapped__, "__kwdefaults__", {"patience_s": 0.0})  # type: ignore[attr-defined]
    with only_writer(tmp_path / "index" / "write.lock"), pytest.raises(Busy):
        index.update(DOCUMENTS)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_damaged_words_refuse_to_serve_and_heal(words: WordEngine, tmp_path: Path, share: float) -> None:
    """Each file in turn: what an engine does without serves on, anything else says what it needs."""
    built = Index.open(tmp_path / "built", embedder=None, words=words)
    built.rebuild(DOCUMENTS)
    built.close()
    files = (serving(tmp_path / "built") / "words").iterdir()
    modes = {name: damaged(name, share, words, tmp_path) for name in sorted(file.name for file in files)}
    assert Mode.UNAVAILABLE in modes.values(), modes


def damaged(name: str, share: float, words: WordEngine, tmp_path: Path) -> Mode:
    """How a copy of the index behaves when this one file is cut short; afterwards it must heal."""
    folder = tmp_path / f"without-{name}"
    shutil.copytree(tmp_path / "built", folder)
    path = serving(folder) / "words" / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    index = Index.open(folder, embedder=None, words=words)
    mode, hits = ask(index)
    assert (mode, hits) in [(Mode.LEXICAL, 10), (Mode.UNAVAILABLE, 0)], name
    if mode is Mode.UNAVAILABLE:
        assert index.needs_rebuild
        with pytest.raises(Broken):
            index.update(DOCUMENTS[:1])
    index.rebuild(DOCUMENTS)
    assert ask(index) == (Mode.LEXICAL, 10), name
    assert index.needs_rebuild is None
    index.close()
    return mode


def test_missing_words_refuse_to_serve_and_heal(open_index: Opened, tmp_path: Path) -> None:
    index = open_index()
    index.rebuild(DOCUMENTS)
    index.close()
    for file in (serving(tmp_path / "index") / "words").iterdir():
        file.unlink()
    again = open_index()
    assert again.search(Query("打印机脱机", audience=ALL)).hits == ()
    again.rebuild(DOCUMENTS)
    assert ask(again) == (Mode.LEXICAL, 10)


def test_the_folder_is_the_owners_alone(open_index: Opened, tmp_path: Path) -> None:
    open_index().rebuild(DOCUMENTS)
    assert (serving(tmp_path / "index") / "words").stat().st_mode & 0o077 == 0


# ── one engine after another ─────────────────────────────────────────────────────────────────────


def test_another_engine_asks_for_a_rebuild_while_the_old_one_serves(tmp_path: Path) -> None:
    before = Index.open(tmp_path / "index", embedder=None, words=ENGINES["whoosh"])
    before.rebuild(DOCUMENTS)
    before.close()
    index = Index.open(tmp_path / "index", embedder=None, words=ENGINES["tantivy"])
    assert ask(index) == (Mode.LEXICAL, 10)
    assert index.status().words == "whoosh"
    assert index.needs_rebuild
    index.update([Document("article", "0", "考勤人脸", audience=ALL)])
    assert ask(index, "考勤人脸") == (Mode.LEXICAL, 1)
    index.rebuild(DOCUMENTS)
    assert index.needs_rebuild is None
    assert index.status().words == "tantivy"
    assert ask(index) == (Mode.LEXICAL, 10)
    index.close()


def test_an_index_of_an_engine_that_is_not_here_asks_for_a_rebuild(tmp_path: Path) -> None:
    before = Index.open(tmp_path / "index", embedder=None, words=REFERENCE)
    before.rebuild(DOCUMENTS)
    index = Index.open(tmp_path / "index", embedder=None)
    assert ask(index) == (Mode.UNAVAILABLE, 0)
    assert "reference" in (index.needs_rebuild or "")
    index.rebuild(DOCUMENTS)
    assert ask(index) == (Mode.LEXICAL, 10)
    index.close()


def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tantivy", None)
    with pytest.raises(NoEngine, match=r"tierdesk\[large\]"):
        engine_named("tantivy")
    with pytest.raises(NoEngine, match="lucene"):
        engine_named("lucene")


def test_a_desk_that_has_outgrown_its_engine_is_told_so() -> None:
    def status(documents: int, words: str) -> IndexStatus:
        return IndexStatus("g", documents, Mode.LEXICAL, "", words, None)

    assert advice(status(30_001, "whoosh"))
    assert advice(status(30_000, "whoosh")) is None
    assert advice(status(300_000, "tantivy")) is None
