"""Which letters of a text from outside are kept."""

import pytest

from portal.web.letters import seen


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("张三\u202e四李\u202c", "张三四李"),
        ("\u2067左\u2069右", "左右"),
        ("\x1b[31m失败\x07\x7f\x85", "[31m失败"),
        ("一行\r\n\t二行\n", "一行\r\n\t二行\n"),
        ("全角　空格\u00a0和\u200d连接👩\u200d💻", "全角　空格\u00a0和\u200d连接👩\u200d💻"),
        ("", ""),
    ],
)
def test_what_nobody_sees_is_not_kept_and_all_else_is(said: str, kept: str) -> None:
    assert seen(said) == kept
