"""Virus scanning: what the setting names, asked over a socket or as a command. No database, no pages.

A scanner is a function from bytes to the name of what was found, empty when nothing was. The invariant: only
a clear “clean” is clean; whatever else happens raises :class:`ScannerAway`, and the file stays locked up.
"""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess
from collections.abc import Callable
from functools import partial

Scanner = Callable[[bytes], str]
PATIENCE_S = 30.0
CHUNK = 64 * 1024
LONGEST_REPLY = 4096
CLEAN, FOUND = 0, 1


class ScannerAway(Exception):
    """No verdict: the scanner didn't answer, or not clearly."""


def scanner_from(setting: str) -> Scanner | None:
    """``clamd:/path/to/socket``, ``clamd:host:port`` or ``command:program arguments``; None when empty.

    Raises ``ValueError`` with a sentence for anything else.
    """
    kind, _colon, rest = setting.strip().partition(":")
    if not setting.strip():
        return None
    if kind == "clamd" and rest.startswith("/"):
        return partial(_ask_clamd, partial(_unix, rest))
    if kind == "clamd":
        host, _, port = rest.rpartition(":")
        if host and port.isdecimal() and 0 < int(port) < 65536:
            return partial(_ask_clamd, partial(_tcp, host, int(port)))
    if kind == "command" and (words := _words(rest)):
        return partial(_ask_command, words)
    raise ValueError("应为 clamd:/套接字路径、clamd:主机:端口 或 command:程序 参数")


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _unix(path: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(PATIENCE_S)
    line.connect(path)
    return line


def _tcp(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), timeout=PATIENCE_S)


def _ask_clamd(connect: Callable[[], socket.socket], content: bytes) -> str:
    """clamd's INSTREAM: pieces with their length before them, an empty one ends it."""
    try:
        with connect() as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                piece = content[start : start + CHUNK]
                line.sendall(struct.pack("!I", len(piece)) + piece)
            line.sendall(struct.pack("!I", 0))
            return _verdict(_reply(line))
    except OSError as trouble:
        raise ScannerAway(str(trouble)) from trouble


def _reply(line: socket.socket) -> str:
    heard = b""
    while len(heard) < LONGEST_REPLY and not heard.endswith((b"\0", b"\n")):
        piece = line.recv(LONGEST_REPLY)
        if not piece:
            break
        heard += piece
    return heard.rstrip(b"\0\n").decode("utf-8", "replace")


def _verdict(reply: str) -> str:
    said = reply.removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")[:200] or "?"
    raise ScannerAway(reply[:200] or "no answer")


def _ask_command(words: list[str], content: bytes) -> str:
    """The file comes on standard input; 0 is clean, 1 is found, anything else is no verdict."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the administrator's own words
            words, input=content, capture_output=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise ScannerAway(str(trouble)) from trouble
    if done.returncode == CLEAN:
        return ""
    if done.returncode == FOUND:
        return done.stdout.decode("utf-8", "replace").strip()[:200] or "?"
    raise ScannerAway(f"exit {done.returncode}: {done.stderr.decode('utf-8', 'replace')[:200]}")
