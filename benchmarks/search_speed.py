"""How fast is search on 2,000 / 20,000 / 100,000 documents, against what else one might use.

All engines index the same made-up desk texts and answer the same questions in the same run, so
only the ratios matter. Nothing here is read from outside the repository.

    python benchmarks/search_speed.py --documents 20000
"""

import argparse
import itertools
import json
import random
import resource
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

from indexer import Document, Engine, Index, Query
from indexer.embedders import embedder_from
from indexer.text import count_terms, terms

EVERYONE = frozenset({"everyone"})
STYLES = ("short", "sentence", "rambling")


def vocabulary() -> list[str]:
    source = files("indexer").joinpath("tables/synonyms.jsonl").read_text(encoding="utf-8")
    words = [word for line in source.splitlines() for word in json.loads(line)["words"]]
    random.Random(3).shuffle(words)
    return words


def sentence(dice: random.Random, words: list[str], length: int) -> str:
    """Words drawn as in language: a few all the time, most of them seldom."""
    drawn = (words[min(int(dice.paretovariate(0.6)) - 1, len(words) - 1)] for _ in range(length))
    rare = "".join(chr(dice.randint(0x4E00, 0x6E00)) for _ in range(3))
    return "，".join(drawn) + rare + "。"


def documents(count: int) -> Iterator[Document]:
    dice, words = random.Random(5), vocabulary()
    for number in range(count):
        title = sentence(dice, words, 3)
        body = "".join(sentence(dice, words, 8) for _ in range(8))
        codes = (f"ORA-{number:05d}",) if number % 5 == 0 else ()
        facets = {"system": f"S{number % 40}", "module": f"M{number % 200}"}
        audience = EVERYONE if number % 4 else frozenset({"experts"})
        yield Document(
            "article", str(number), title, body=body, codes=codes, facets=facets, audience=audience
        )


def questions(count: int) -> list[tuple[str, str]]:
    dice, words = random.Random(8), vocabulary()
    lengths = {"short": 2, "sentence": 5, "rambling": 30}
    return [(style, sentence(dice, words, lengths[style])) for style in STYLES for _ in range(count)]


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100)[int(share * 100) - 1]


def timed(name: str, asked: list[tuple[str, str]], search: Callable[[str], object]) -> dict[str, object]:
    """One after another: a cold and a warm round."""
    rounds: list[list[float]] = []
    for _ in range(2):
        took: list[float] = []
        for _, text in asked:
            started = time.perf_counter()
            search(text)
            took.append((time.perf_counter() - started) * 1000.0)
        rounds.append(took)
    by_style = {
        style: round(
            percentile([ms for (s, _), ms in zip(asked, rounds[1], strict=True) if s == style], 0.95), 2
        )
        for style in STYLES
    }
    return {
        "engine": name,
        "cold_p50": round(statistics.median(rounds[0]), 2),
        "cold_p95": round(percentile(rounds[0], 0.95), 2),
        "p50": round(statistics.median(rounds[1]), 2),
        "p95": round(percentile(rounds[1], 0.95), 2),
        "p95_by_style": by_style,
    }


def under_load(
    index: Index, asked: list[tuple[str, str]], *, rate: float, seconds: float
) -> dict[str, object]:
    """Questions at a steady rate, answered or not, while a document changes every two seconds."""
    took: list[float] = []
    over = threading.Event()

    def ask(text: str, due: float) -> None:
        index.search(Query(text, audience=EVERYONE, limit=5))
        took.append((time.perf_counter() - due) * 1000.0)

    def change() -> None:
        for document in itertools.cycle(documents(50)):
            if over.wait(2.0):
                return
            index.update([document])

    changing = threading.Thread(target=change)
    changing.start()
    started = time.perf_counter()
    threads = []
    for number in range(int(rate * seconds)):
        due = started + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        threads.append(threading.Thread(target=ask, args=(asked[number % len(asked)][1], due)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    over.set()
    changing.join()
    p50, p95 = round(statistics.median(took), 2), round(percentile(took, 0.95), 2)
    return {"engine": f"ours, {rate:g} questions a second, changing", "p50": p50, "p95": p95}


def fts5(held: list[Document]) -> Callable[[str], object]:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE d USING fts5(words, tokenize='unicode61')")
    database.executemany(
        "INSERT INTO d VALUES (?)", ((" ".join(count_terms(d.title + d.body)),) for d in held)
    )

    def search(text: str) -> object:
        wanted = [term.text for term in terms(text) if len(term.text) > 1][:32]
        match = " OR ".join(f'"{word}"' for word in wanted)
        return database.execute(
            "SELECT rowid FROM d WHERE d MATCH ? ORDER BY rank LIMIT 10", (match,)
        ).fetchall()

    return search


def like(held: list[Document]) -> Callable[[str], object]:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE d (words TEXT)")
    database.executemany("INSERT INTO d VALUES (?)", ((d.title + d.body,) for d in held))

    def search(text: str) -> object:
        sql = "SELECT rowid FROM d WHERE words LIKE ? LIMIT 10"
        return database.execute(sql, (f"%{text[:6]}%",)).fetchall()

    return search


def measured(count: int, *, asked: int, rate: float, encoder: str | None) -> list[dict[str, object]]:
    held = list(documents(count))
    texts = questions(asked)
    embedder = embedder_from(encoder)
    with tempfile.TemporaryDirectory() as place:
        index = Index.open(Path(place) / "index", embedder=embedder)
        started = time.perf_counter()
        index.rebuild(held)
        built = time.perf_counter() - started

        def ours(text: str, engine: Engine = Engine.HYBRID) -> object:
            return index.search(Query(text, audience=EVERYONE, limit=5, engine=engine))

        rows = [{**timed("ours", texts, ours), "build_s": round(built, 1)}]
        rows.append(under_load(index, texts, rate=rate, seconds=20.0))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows[0]["memory_mb"] = round(memory)
        index.close()
    rows.append(timed("SQLite FTS5", texts, fts5(held)))
    rows.append(timed("LIKE", texts, like(held)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, action="append")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--rate", type=float, default=25.0)
    parser.add_argument("--encoder", default=None, help="setting of the encoder; left out: words alone")
    chosen = parser.parse_args()
    for count in chosen.documents or [2_000, 20_000]:
        for row in measured(count, asked=chosen.questions, rate=chosen.rate, encoder=chosen.encoder):
            print(json.dumps({"documents": count, **row}, ensure_ascii=False))


if __name__ == "__main__":
    main()
