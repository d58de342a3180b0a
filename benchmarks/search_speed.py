"""How fast is search on 2,000 / 20,000 / 100,000 documents, against what else one might use.

All candidates index the same made-up desk texts and answer the same questions in the same run, each in a
process of its own, one at a time; so only the ratios matter. Nothing is read from outside the repository.

    python benchmarks/search_speed.py --documents 2000 --documents 20000
"""

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from candidates import CANDIDATES, Candidate

from portal.cli.load import Waits, at_rate, one_by_one
from portal.sample.made_up import STYLES, questions, texts

SETTLING = 10
ASKED = 100
PATIENCE_S = 60.0
THREADS = 32
BUILT = "built.json"

Row = dict[str, Any]


# ── one candidate, in a process of its own ───────────────────────────────────────────────────────


def build(candidate: Candidate, folder: Path, count: int) -> Row:
    held = list(texts(count))
    started, busy = time.perf_counter(), time.process_time()
    candidate.build(folder, held)
    row = {
        "build_s": time.perf_counter() - started,
        "build_cpu_s": time.process_time() - busy,
        "disk_mb": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6,
        "build_memory_mb": _memory_mb(),
    }
    (folder / BUILT).write_text(json.dumps(row), encoding="utf-8")
    return row


def ask(candidate: Candidate, folder: Path, *, rate: float, seconds: float) -> Row:
    """New questions all the time, as people have; the process is warm, the questions are not."""
    search = candidate.opened(folder)
    for _, text in questions(SETTLING, seed=1):
        search(text)
    asked = questions(ASKED)
    alone, work = one_by_one([partial(search, text) for _, text in asked])
    by_style = {
        style: Waits(tuple(ms for (own, _), ms in zip(asked, work.ms, strict=True) if own == style), 0.0)
        for style in STYLES
    }
    calls = [partial(search, text) for _, text in questions(int(rate * seconds), seed=9)]
    loaded = at_rate(calls, rate=rate, threads=THREADS, patience_s=PATIENCE_S)
    return {
        "alone": _figures(alone),
        "work": _figures(work),
        "loaded": _figures(loaded) | {"unanswered": len(loaded.ms) - loaded.answered},
        "by_style": {style: _figures(waits) for style, waits in by_style.items()},
        "memory_mb": _memory_mb(),
    }


def _figures(waits: Waits) -> Row:
    found = {"p50": waits.percentile(0.5), "p95": waits.percentile(0.95)}
    return {name: ms if math.isfinite(ms) else None for name, ms in found.items()}


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ── the run ──────────────────────────────────────────────────────────────────────────────────────


def in_own_process(*, step: str, name: str, folder: Path, count: int, chosen: argparse.Namespace) -> Row:
    run = [sys.executable, __file__, "--step", step, "--only", name, "--work", str(folder)]
    run += ["--documents", str(count), "--rate", str(chosen.rate), "--seconds", str(chosen.seconds)]
    done = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def one_step(chosen: argparse.Namespace) -> Row:
    candidate, folder = CANDIDATES[chosen.only[0]], chosen.work
    if chosen.step == "build":
        return build(candidate, folder, chosen.documents[0])
    return ask(candidate, folder, rate=chosen.rate, seconds=chosen.seconds)


def measured(count: int, work: Path, chosen: argparse.Namespace) -> Iterator[tuple[str, Row]]:
    """Everything is built before anything is asked, so that all are asked in the same few minutes."""
    built: dict[str, Row] = {}
    for name in chosen.only:
        folder = _place(work, name, count)
        told = folder / BUILT
        if not told.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            _tell(f"{count} documents: building {name}")
            in_own_process(step="build", name=name, folder=folder, count=count, chosen=chosen)
        built[name] = dict(json.loads(told.read_text(encoding="utf-8")))
    for name, row in built.items():
        _tell(f"{count} documents: asking {name}")
        folder = _place(work, name, count)
        asked = in_own_process(step="ask", name=name, folder=folder, count=count, chosen=chosen)
        yield name, row | asked


def _place(work: Path, name: str, count: int) -> Path:
    return work / f"{CANDIDATES[name].index}-{count}"


def _tell(sentence: str) -> None:
    if sys.stderr.isatty() or os.environ.get("BENCH_TELLS"):
        print(sentence, file=sys.stderr, flush=True)


# ── the table ────────────────────────────────────────────────────────────────────────────────────


def table(count: int, rows: dict[str, Row], *, rate: float) -> Iterator[str]:
    ours = rows.get("ours", {}).get("work", {}).get("p95")
    loaded = f"{rate:g} a second, p50 / p95"
    alone = ["processor, p50 / p95", "p95 against ours", "waiting alone, p50 / p95"]
    heads = [*alone, loaded, "build s (of them processor)", "disk MB", "memory MB"]
    yield f"| {count:,} documents | {' | '.join(heads)} |"
    yield "|---" * (len(heads) + 1) + "|"
    for name, row in rows.items():
        cells = (
            _pair(row["work"]),
            f"{row['work']['p95'] / ours:.2g} ×" if ours else "",
            _pair(row["alone"]),
            f"{_pair(row['loaded'])}{_unanswered(row)}",
            "" if name.endswith("_words") else f"{row['build_s']:.0f} ({row['build_cpu_s']:.0f})",
            "" if name.endswith("_words") else f"{row['disk_mb']:.0f}",
            f"{row['memory_mb']:.0f}",
        )
        yield f"| {CANDIDATES[name].title} | {' | '.join(cells)} |"


def _pair(figures: Row) -> str:
    return f"{_ms(figures['p50'])} / {_ms(figures['p95'])}"


def _ms(value: float | None) -> str:
    if value is None:
        return "never"
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _unanswered(row: Row) -> str:
    lost = row["loaded"]["unanswered"]
    return f" ({lost} unanswered)" if lost else ""


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()},"
        f" {time.strftime('%Y-%m-%d', time.gmtime())}, load {os.getloadavg()[0]:.1f} at the start"
    )


def run(work: Path, chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    say(f"{machine()}\n")
    for count in chosen.documents:
        rows = {}
        for name, row in measured(count, work, chosen):
            rows[name] = row
            _tell(json.dumps({"documents": count, "candidate": name, **row}))
        say("\n".join(table(count, rows, rate=chosen.rate)) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--documents", type=int, action="append", help="how many; may be given more than once"
    )
    parser.add_argument("--only", action="append", choices=CANDIDATES, help="leave the others out")
    parser.add_argument("--rate", type=float, default=25.0, help="questions a second under load")
    parser.add_argument("--seconds", type=float, default=20.0, help="of load")
    parser.add_argument("--work", type=Path, help="keep the indexes here and take those that are there")
    parser.add_argument("--step", choices=["build", "ask"], help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        print(json.dumps(one_step(chosen)))
        return
    chosen.documents = chosen.documents or [2_000, 20_000]
    chosen.only = chosen.only or list(CANDIDATES)
    say = partial(print, flush=True)
    if chosen.work:
        run(chosen.work, chosen, say)
        return
    with tempfile.TemporaryDirectory(prefix="tierdesk-speed-") as work:
        run(Path(work), chosen, say)


if __name__ == "__main__":
    main()
