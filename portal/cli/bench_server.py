"""A server process of the benchmark's own: started, waited for, measured, asked, and surely ended.

The invariant: whatever happens, no process is left behind.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from portal.cli.endings import Ended

START_S = 600.0
END_S = 25.0
ANSWER_S = 15.0
LOOK_S = 0.2
#: So many calls in a row must find the encoder loaded: every process loads its own.
SURE = 12


COMMAND = """
from portal.cli.bench_server import end_with_parent
end_with_parent()
from portal.cli import main
main()
"""
PR_SET_PDEATHSIG = 1


class NoAnswer(Exception):
    """The server answered, but not with what was asked for."""


#: What a call may fail with without ending the benchmark.
FAULTS: tuple[type[Exception], ...] = (OSError, HTTPException, ValueError, NoAnswer)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, and the token to call it with."""

    port: int
    token: str
    process: subprocess.Popen[bytes]
    log: Path

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise NoAnswer(f"{method} {path.partition('?')[0]} → {answer.status}")
        return json.loads(said)

    def work_s(self) -> float | None:
        """What its processes have worked so far, in seconds of the processor; None off Linux."""
        held = [_work_of(number) for number in _family(self.process.pid)]
        known = [work for work in held if work is not None]
        return sum(known) if known else None

    def memory_mb(self) -> dict[str, float] | None:
        """Of all its processes together, shared pages counted once, and of the largest; None off Linux."""
        held = [_memory_of(number) for number in _family(self.process.pid)]
        known = [memory for memory in held if memory is not None]
        if not known:
            return None
        return {
            "total": round(sum(pss for pss, _ in known), 1),
            "largest": round(max(rss for _, rss in known), 1),
        }


@contextmanager
def running(environ: Mapping[str, str], *, token: str, workers: int, log: Path) -> Iterator[Server]:
    """``tierdesk serve`` on a free port, ready when this is entered."""
    port = _free_port()
    run = [sys.executable, "-P", "-c", COMMAND, "serve"]  # -P: nothing of the folder it is called in
    run += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    with (
        log.open("wb") as told,
        subprocess.Popen(run, env=dict(environ), stdout=told, stderr=told) as process,  # noqa: S603 - ourselves
    ):
        try:
            server = Server(port, token, process, log)
            _wait_until_ready(server)
            yield server
        finally:
            _end(process)


def end_with_parent() -> None:
    """In the server: a benchmark that is killed can't end it, so the kernel is asked to (on Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: Server) -> None:
    latest, sure = time.monotonic() + START_S, 0
    while sure < SURE:
        if server.process.poll() is not None:
            raise Ended(f"压测用的服务没有启动起来：{_last_line(server.log)}")
        if time.monotonic() > latest:
            raise Ended(f"压测用的服务 {START_S:.0f} 秒内没有就绪。")
        if _is_ready(server):
            sure += 1
        else:
            sure = 0
            time.sleep(LOOK_S)


def _is_ready(server: Server) -> bool:
    """Ready as it will ever be: the encoder is loaded, or there is none to wait for."""
    from indexer.readiness import LOADING

    try:
        index = server.call("GET", "/readyz")["index"]
    except FAULTS:
        return False
    return bool(index["mode"] != "unavailable" and index["encoder"] != LOADING)


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "没有任何输出。"


def _end(process: subprocess.Popen[bytes]) -> None:
    """A word first, and force for it and its children when the word isn't heard."""
    if process.poll() is not None:
        return
    family = _family(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        for number in family:
            _kill(number)


def _kill(number: int) -> None:
    try:
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        return


def _family(pid: int) -> list[int]:
    """The process and its children, as Linux tells them."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return [pid]
    return [pid, *(number for child in told.split() for number in _family(int(child)))]


def _work_of(pid: int) -> float | None:
    try:
        told = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _memory_of(pid: int) -> tuple[float, float] | None:
    """Proportional and resident memory in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return None
    found = {line.split(":")[0]: line.split() for line in lines if line.endswith("kB")}
    return int(found["Pss"][1]) / 1024, int(found["Rss"][1]) / 1024
