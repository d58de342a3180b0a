"""What comes out of a file ends at its limit, with a sentence that names both."""

from __future__ import annotations

import io

import pytest

from kb.importing.bounds import Bounded
from kb.importing.outcome import BadFile

LIMIT = 3 << 20


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_up_to_the_limit_everything_comes_out(size: int) -> None:
    content = b"x" * size
    with io.BufferedReader(Bounded(io.BytesIO(content), "a.csv", limit=LIMIT)) as stream:
        assert stream.read() == content


def test_one_more_is_too_many() -> None:
    with (
        io.BufferedReader(Bounded(io.BytesIO(b"x" * (LIMIT + 1)), "a.csv", limit=LIMIT)) as stream,
        pytest.raises(BadFile, match=r"a\.csv 超过 3 MB"),
    ):
        stream.read()


def test_closing_closes_what_lies_below() -> None:
    below = io.BytesIO(b"x")
    io.BufferedReader(Bounded(below, "a.csv", limit=LIMIT)).close()
    assert below.closed
