"""``tierdesk bench``: how long do people wait, when many type at once? Over real HTTP, on made-up texts.

A desk of its own in a temporary folder, a server process of its own, calls at a steady rate whatever the
answers take. The invariant: it is bounded in time and leaves nothing behind.
"""

from __future__ import annotations

import math
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from portal import config
from portal.cli.bench_desk import environment, fill
from portal.cli.bench_server import FAULTS, NoAnswer, Server, running
from portal.cli.feeding import rebuild
from portal.cli.load import Waits, at_rate
from portal.cli.place import Place, moment, opened, opened_index
from portal.cli.telling import as_json, bar, tell_json
from portal.db import count_for_planner, sessions_of, transaction
from portal.sample.made_up import keystrokes, questions

#: Calls of each person in a second: one pause in the typing every other second.
PACE = 0.5
PATIENCE_S = 20.0
SETTLING = 40
TITLES = {"suggest": "边输入边给出建议", "search": "检索"}
COUNTS = click.IntRange(100, 1_000_000)


@click.command(
    "bench", help="压测：临时建一个服务台和服务进程，量出多人同时输入时建议和检索的等待时间，用后即删。"
)
@click.option("--documents", type=COUNTS, default=20_000, show_default=True, help="知识和缺陷共多少篇。")
@click.option(
    "--clients", type=click.IntRange(1, 500), default=50, show_default=True, help="多少人同时输入。"
)
@click.option(
    "--seconds", type=click.IntRange(1, 600), default=20, show_default=True, help="建议、检索各压多少秒。"
)
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="服务的进程数。")
@as_json
def command(documents: int, clients: int, seconds: int, workers: int, as_json: bool) -> None:
    signal.signal(signal.SIGTERM, _stop)  # ended from outside, it cleans up all the same
    with tempfile.TemporaryDirectory(prefix="tierdesk-bench-") as folder:
        plan = Plan(documents, clients, seconds, workers, quiet=as_json)
        told = _measured(plan, Path(folder))
    if as_json:
        tell_json(told)
    else:
        _tell(told)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    documents: int
    clients: int
    seconds: int
    workers: int
    quiet: bool

    @property
    def rate(self) -> float:
        return self.clients * PACE

    @property
    def calls(self) -> int:
        return max(self.clients, int(self.rate * self.seconds))


def _stop(*_: object) -> None:
    raise SystemExit(1)


def _measured(plan: Plan, folder: Path) -> dict[str, Any]:
    environ = environment(os.environ, folder)
    settings = config.load(environ)
    config.ensure_folders(settings)
    with opened(settings) as place:
        told, token = _built(place, plan)
    with running(environ, token=token, workers=plan.workers, log=folder / "server.log") as server:
        told |= _asked(server, plan)
        told["server"] = {"workers": plan.workers, "memory_mb": server.memory_mb()}
    return told


def _built(place: Place, plan: Plan) -> tuple[dict[str, Any], str]:
    """The database, then its index, as ``tierdesk reindex`` builds it."""
    started = time.perf_counter()
    # A maker without the outbox: nothing need wait in line for an index that is built anew.
    with (
        bar("写入", plan.documents, quiet=plan.quiet) as advance,
        transaction(sessions_of(place.engine)) as session,
    ):
        token = fill(session, plan.documents, at=moment(), tell=advance)
        count_for_planner(session)  # as the worker does when it begins
    filled = time.perf_counter()
    with opened_index(place.settings, patient=True) as index:
        rebuild(place, index, quiet=plan.quiet)
        status = index.status()
    return {
        "documents": status.documents,
        "clients": plan.clients,
        "seconds": plan.seconds,
        "calls_per_second": plan.rate,
        "encoder": status.encoder,
        "word_engine": status.words,
        "fill_seconds": round(filled - started, 1),
        "index_seconds": round(time.perf_counter() - filled, 1),
        "index_mb": round(_size_of(place.settings.index_dir) / 1e6, 1),
    }, token


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Typist:
    """One person at a keyboard: a text that grows, then the next one."""

    server: Server
    number: int
    session: str | None = None
    asked: Iterator[tuple[str, bool]] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = self._typed()

    def _typed(self) -> Iterator[tuple[str, bool]]:
        seed = 1_000 + self.number
        while True:
            for _, question in questions(10, seed=seed):
                pauses = keystrokes(question[:120])
                yield from ((text, place == 0) for place, text in enumerate(pauses))
            seed += 1_000

    def call(self, text: str, begins: bool) -> None:
        if begins:
            self.session = None
        body = {"text": text, "session": self.session}
        answer = self.server.call("POST", "/api/v1/suggestions", body)
        if answer["mode"] == "unavailable":
            raise NoAnswer("the index does not answer")
        self.session = answer["session"]


def _suggestions(server: Server, plan: Plan, count: int) -> list[Callable[[], object]]:
    typists = [Typist(server, number) for number in range(plan.clients)]
    turns = (typists[number % len(typists)] for number in range(count))
    return [partial(typist.call, *next(typist.asked)) for typist in turns]


def _searches(server: Server, count: int, *, seed: int = 8) -> list[Callable[[], object]]:
    paths = (f"/api/v1/search?{urlencode({'q': text[:300]})}" for _, text in questions(count, seed=seed))
    return [partial(server.call, "GET", path) for path in paths]


def _asked(server: Server, plan: Plan) -> dict[str, Any]:
    settling = [*_suggestions(server, plan, SETTLING), *_searches(server, SETTLING, seed=1)]
    for call in islice(settling, 2 * SETTLING):
        call()
    told: dict[str, Any] = {"mode": server.call("GET", "/readyz")["index"]["mode"]}
    told["suggest"] = _waited("suggest", _suggestions(server, plan, plan.calls), plan, server)
    told["search"] = _waited("search", _searches(server, plan.calls), plan, server)
    return told


def _waited(name: str, calls: list[Callable[[], object]], plan: Plan, server: Server) -> dict[str, Any]:
    before = server.work_s()
    with bar(TITLES[name], len(calls), quiet=plan.quiet) as advance:
        waits = at_rate(
            calls,
            rate=plan.rate,
            threads=4 * plan.clients,
            patience_s=PATIENCE_S,
            failures=FAULTS,
            tell=advance,
        )
    after = server.work_s()
    return _figures(waits) | {"processor_ms_per_call": _per_call(waits, before, after)}


def _per_call(waits: Waits, before: float | None, after: float | None) -> float | None:
    """What remains true on a machine that others keep busy; a call given up costs nobody knows what."""
    if before is None or after is None or waits.answered < len(waits.ms):
        return None
    return round((after - before) * 1000.0 / waits.answered, 1)


def _figures(waits: Waits) -> dict[str, Any]:
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "longest_ms": 1.0}
    found = {name: waits.percentile(share) for name, share in shares.items()}
    return {
        **{name: round(ms, 1) if math.isfinite(ms) else None for name, ms in found.items()},
        "calls": len(waits.ms),
        "answered": waits.answered,
        "failed": waits.failed,
        "per_second": round(waits.per_second, 1),
        "faults": list(waits.faults),
    }


# ── telling ──────────────────────────────────────────────────────────────────────────────────────


def _tell(told: dict[str, Any]) -> None:
    click.echo("{documents} 篇；词语引擎 {word_engine}；编码器 {encoder}；{mode}".format(**told))
    click.echo("写入 {fill_seconds} 秒，建立索引 {index_seconds} 秒，索引 {index_mb} MB".format(**told))
    click.echo("{clients} 人同时输入，每秒 {calls_per_second:g} 次，各 {seconds} 秒：".format(**told))
    for name, title in TITLES.items():
        _tell_waits(title, told[name])
    if (memory := told["server"]["memory_mb"]) is not None:
        workers = told["server"]["workers"]
        click.echo("服务内存 {total} MB（{0} 个进程），最大的进程 {largest} MB".format(workers, **memory))


def _tell_waits(title: str, figures: dict[str, Any]) -> None:
    shown = {
        name: "没等到" if value is None else f"{value:.1f}"
        for name, value in figures.items()
        if name.endswith("_ms")
    }
    click.echo(
        f"  {title}：p50 {shown['p50_ms']}  p95 {shown['p95_ms']}  p99 {shown['p99_ms']} 毫秒；"
        f"每秒答复 {figures['per_second']:g} 次，{figures['calls']} 次中有 {figures['failed']} 次出错"
        f"{_work(figures)}"
    )
    for fault in figures["faults"]:
        click.echo(f"    {fault}", err=True)


def _work(figures: dict[str, Any]) -> str:
    work = figures["processor_ms_per_call"]
    return "" if work is None else f"；每次占用处理器 {work:.1f} 毫秒"
