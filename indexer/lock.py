"""One writer at a time, across processes: a lock that the kernel drops when its holder dies.

Invariant: whoever holds it is alive; there is nothing to clean up after `kill -9`.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.words import N_


class Busy(Exception):
    """Somebody else is writing; the sentence says so and the caller tries again later."""


def _acquired(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def only_writer(path: Path, *, patience_s: float = 30.0) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + patience_s
        while not _acquired(handle):
            if time.monotonic() > until:
                raise Busy(N_("索引正由另一个进程写入，请稍后再试。"))
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)
