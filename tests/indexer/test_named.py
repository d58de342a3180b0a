"""Names by the look of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.named import names_in

SURNAMES = "陈周张白许于段王"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("那天我和陈海涛同车", ("陈海涛",)),
        ("清单含有周丽娟这类字段，周丽娟", ("周丽娟",)),
        ("加白名单要许可证，由于小雨天气改了时间段长度", ()),
        ("", ()),
    ],
)
def test_whose_names(text: str, found: tuple[str, ...]) -> None:
    assert names_in(text, SURNAMES) == found


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=80))
def test_what_is_returned_stands_there(text: str) -> None:
    assert all(name in text for name in names_in(text, SURNAMES))
