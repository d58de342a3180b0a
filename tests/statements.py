"""What a deed sends to the database, listened to here and nowhere else in the tests.

Invariant: nobody listens any longer than the ``with`` lasts, so that no test counts what another sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, sessionmaker

SENDING = "before_cursor_execute"


@contextmanager
def statements_sent(to: Engine | Session | sessionmaker[Session]) -> Iterator[list[str]]:
    """Every statement sent to that database by whomever, in order; the list may be cleared on the way."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    engine = _engine_of(to)
    event.listen(engine, SENDING, note)
    try:
        yield sent
    finally:
        event.remove(engine, SENDING, note)


def _engine_of(to: Engine | Session | sessionmaker[Session]) -> Engine | Connection:
    if isinstance(to, Engine):
        return to
    if isinstance(to, Session):
        return to.get_bind()
    engine: Engine = to.kw["bind"]
    return engine
