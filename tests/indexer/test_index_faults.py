"""What breaks an index on a real disk, and that search survives it and says so."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from indexer import Document, Index, Mode, Query
from indexer.choice import engine_named
from indexer.generation import Broken
from indexer.lock import Busy, only_writer

ALL = frozenset({"everyone"})
DOCUMENTS = [
    Document("article", str(number), f"第{number}号知识：打印机脱机", body="重启打印服务" * 20, audience=ALL)
    for number in range(60)
]


def build(folder: Path) -> Path:
    index = Index.open(folder, embedder=None)
    index.rebuild(DOCUMENTS)
    index.close()
    return folder


def serving(folder: Path) -> Path:
    return folder / "generations" / (folder / "CURRENT").read_text(encoding="utf-8")


def ask(index: Index, text: str = "打印机脱机") -> tuple[Mode, int]:
    answer = index.search(Query(text, audience=ALL))
    return answer.mode, len(answer.hits)


def assert_heals(folder: Path) -> None:
    """Unavailable with a sentence, no exception, and a rebuild makes it whole."""
    index = Index.open(folder, embedder=None)
    assert ask(index) == (Mode.UNAVAILABLE, 0)
    assert index.needs_rebuild
    assert index.status().mode is Mode.UNAVAILABLE
    assert index.versions() == {}
    with pytest.raises(Broken):
        index.update(DOCUMENTS[:1])
    index.rebuild(DOCUMENTS)
    assert ask(index) == (Mode.LEXICAL, 10)
    assert index.needs_rebuild is None
    index.close()


def truncate(path: Path, share: float = 0.5) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def test_never_built(tmp_path: Path) -> None:
    index = Index.open(tmp_path / "index", embedder=None)
    assert ask(index) == (Mode.UNAVAILABLE, 0)
    assert index.needs_rebuild
    index.update(DOCUMENTS)
    assert ask(index) == (Mode.LEXICAL, 10)


def test_truncated_table_of_contents(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    for toc in (serving(folder) / "words").glob("*.toc"):
        truncate(toc)
    assert_heals(folder)


def test_truncated_segment(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    for segment in (serving(folder) / "words").glob("*.seg"):
        truncate(segment, 0.1)
    assert_heals(folder)


def test_deleted_segment(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    for segment in (serving(folder) / "words").glob("*.seg"):
        segment.unlink()
    assert_heals(folder)


def test_deleted_words(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    for file in (serving(folder) / "words").iterdir():
        file.unlink()
    assert_heals(folder)


@pytest.mark.parametrize("content", [b"", b"garbage" * 1_000, None])
def test_broken_store(tmp_path: Path, content: bytes | None) -> None:
    folder = build(tmp_path / "index")
    store = serving(folder) / "store.sqlite"
    for beside in ("store.sqlite-wal", "store.sqlite-shm"):
        (serving(folder) / beside).unlink(missing_ok=True)
    if content is None:
        store.unlink()
    else:
        store.write_bytes(content)
    index = Index.open(folder, embedder=None)
    assert ask(index)[1] == 0
    assert index.needs_rebuild
    index.rebuild(DOCUMENTS)
    assert ask(index) == (Mode.LEXICAL, 10)


def test_an_index_of_another_analysis_refuses_to_serve(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    recipe = serving(folder) / "recipe.json"
    recipe.write_text(json.dumps(json.loads(recipe.read_text()) | {"analysis": 0}), encoding="utf-8")
    assert_heals(folder)


def test_an_unreadable_recipe_refuses_to_serve(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    (serving(folder) / "recipe.json").write_text("{", encoding="utf-8")
    assert_heals(folder)


def test_current_names_nothing(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    (folder / "CURRENT").write_text("../../etc", encoding="utf-8")
    assert_heals(folder)


def test_damage_under_a_running_search(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    index = Index.open(folder, embedder=None)
    assert ask(index) == (Mode.LEXICAL, 10)
    index.generations.follow().store.close()  # type: ignore[union-attr]
    assert ask(index) == (Mode.UNAVAILABLE, 0)
    assert index.needs_rebuild
    assert list((folder / "quarantine").iterdir())
    index.rebuild(DOCUMENTS)
    assert ask(index) == (Mode.LEXICAL, 10)


def test_a_failed_rebuild_leaves_the_old_one_serving(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    index = Index.open(folder, embedder=None)

    def failing() -> object:
        yield DOCUMENTS[0]
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        index.rebuild(failing())  # type: ignore[arg-type]
    assert ask(index) == (Mode.LEXICAL, 10)
    assert len(list((folder / "generations").iterdir())) == 1
    with pytest.raises(OSError, match="No space"):
        index.update(failing())  # type: ignore[arg-type]
    assert ask(index) == (Mode.LEXICAL, 10)
    assert index.update([Document("article", "0", "考勤人脸", audience=ALL)]) == 1
    assert ask(index, "考勤人脸") == (Mode.LEXICAL, 1)


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    lock = tmp_path / "write.lock"
    with only_writer(lock), pytest.raises(Busy), only_writer(lock, patience_s=0.0):
        pass


def test_the_folder_is_the_owners_alone(tmp_path: Path) -> None:
    folder = build(tmp_path / "index")
    for place in (folder, serving(folder), serving(folder) / "words"):
        assert place.stat().st_mode & 0o077 == 0


def test_words_catch_up_with_what_was_only_stored(tmp_path: Path) -> None:
    """A writer killed between the store's commit and the words' commit."""
    folder = build(tmp_path / "index")
    index = Index.open(folder, embedder=None)
    store = index.generations.follow().store  # type: ignore[union-attr]
    store.add(Document("article", "late", "考勤机不识别人脸", audience=ALL), 10)
    assert ask(index, "人脸") == (Mode.LEXICAL, 0)
    index.update([])
    assert ask(index, "人脸") == (Mode.LEXICAL, 1)


WRITER = """
import sys
from pathlib import Path
from indexer import Document, Index
from indexer.choice import engine_named
index = Index.open(Path(sys.argv[1]), embedder=None, words=engine_named(sys.argv[2]))
everyone = frozenset({"everyone"})
for number in range(10_000):
    title = f"会议室投影仪 {number}"
    index.update([Document("article", f"k{number % 40}", title, version=str(number), audience=everyone)])
    print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_killed_writers_lose_no_commit(engine: str, tmp_path: Path) -> None:
    """25 × kill -9 at random moments: what was reported as written is there, once, and is found."""
    folder, words = tmp_path / "index", engine_named(engine)
    first = Index.open(folder, embedder=None, words=words)
    first.rebuild(DOCUMENTS)
    first.close()
    dice = random.Random(11)
    for _ in range(25):
        script = [sys.executable, "-c", textwrap.dedent(WRITER), str(folder), engine]
        with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            written = [writer.stdout.readline() for _ in range(dice.randint(1, 6))]
            os.kill(writer.pid, signal.SIGKILL)
            written += writer.stdout.readlines()
        last = max(int(line) for line in written if line.endswith("\n"))
        index = Index.open(folder, embedder=None, words=words)
        index.update([])
        found = index.versions()[("article", f"k{last % 40}")]
        assert int(found) >= last
        hits = index.search(Query(f"投影仪 {found}", audience=ALL, limit=50)).hits
        assert hits[0].key == ("article", f"k{last % 40}")
        assert len({hit.key for hit in hits}) == len(hits)
        index.close()
