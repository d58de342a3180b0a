"""Load at a steady rate, whatever the answers take: a slow server shows as a long wait, not as fewer calls.

It knows nothing of what is called. The invariant: the wait is counted from the moment a call was due, so
that calls that queue up behind a slow one are counted with their time in the queue.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

Call = Callable[[], object]
Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Waits:
    """How long every call waited, in milliseconds; infinite for those that were never answered."""

    ms: tuple[float, ...]
    span_s: float
    failed: int = 0
    faults: tuple[str, ...] = ()

    @property
    def answered(self) -> int:
        return sum(math.isfinite(took) for took in self.ms)

    @property
    def per_second(self) -> float:
        return self.answered / self.span_s if self.span_s > 0 else 0.0

    def percentile(self, share: float) -> float:
        """The smallest wait that this share of the calls did not exceed."""
        ordered = sorted(self.ms)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


@dataclass(slots=True)
class _Tally:
    ms: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def run(self, call: Call, due: float, failures: tuple[type[Exception], ...]) -> None:
        try:
            call()
        except failures as fault:
            self.faults.append(f"{type(fault).__name__}: {fault}")
        else:
            self.ms.append((time.perf_counter() - due) * 1000.0)


def one_by_one(calls: Sequence[Call]) -> tuple[Waits, Waits]:
    """Each after the other: the waits, and what of them this process was at work.

    The second is what remains true on a machine that others keep busy.
    """
    waits, works = [], []
    began = time.perf_counter()
    for call in calls:
        started, busy = time.perf_counter(), time.process_time()
        call()
        works.append((time.process_time() - busy) * 1000.0)
        waits.append((time.perf_counter() - started) * 1000.0)
    span = time.perf_counter() - began
    return Waits(tuple(waits), span), Waits(tuple(works), span)


def at_rate(
    calls: Sequence[Call],
    *,
    rate: float,
    threads: int,
    patience_s: float,
    failures: tuple[type[Exception], ...] = (),
    tell: Tell = lambda done: None,
) -> Waits:
    """`rate` calls a second; what isn't answered `patience_s` after the last was due, never is."""
    tally = _Tally()
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="client")
    started = time.perf_counter()
    pending: list[Future[None]] = []
    try:
        for number, call in enumerate(calls):
            due = started + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            pending.append(pool.submit(tally.run, call, due, failures))
            tell(1)
        done, _ = wait(pending, timeout=patience_s)
        kept, span = tuple(tally.ms), time.perf_counter() - started
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    for future in done:
        future.result()  # a fault that nobody expected ends the run
    never = (math.inf,) * (len(calls) - len(kept))
    return Waits(kept + never, span, len(tally.faults), tuple(tally.faults[:3]))
