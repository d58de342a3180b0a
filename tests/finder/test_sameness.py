"""About the same thing: by system, codes and words; symmetric, and true of a text and itself."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.finder.sameness import Said, is_same_thing, likeness

#: The same examples on every machine, however busy it is.
CALM = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text(st.sampled_from("电费打印核算插件登录不了怎么办请问 abcORA-0123,。，"), max_size=60)
SYSTEMS = st.sampled_from((None, "mkt", "oa"))


@CALM
@given(WORDS, WORDS, SYSTEMS, SYSTEMS)
def test_it_is_symmetric(one: str, other: str, first: str | None, second: str | None) -> None:
    assert is_same_thing(Said(one, first), Said(other, second)) == is_same_thing(
        Said(other, second), Said(one, first)
    )
    assert 0 <= likeness(one, other) <= 1


@CALM
@given(WORDS, SYSTEMS)
def test_a_text_is_about_the_same_thing_as_itself(text: str, system: str | None) -> None:
    assert is_same_thing(Said(text, system), Said(text, system))


@CALM
@given(WORDS, WORDS)
def test_another_system_is_another_thing(one: str, other: str) -> None:
    assert not is_same_thing(Said(one, "mkt"), Said(other, "oa"))


@pytest.mark.parametrize(
    ("asked", "filed"),
    [
        ("电费通知单打印空白", "今天上午打印电费通知单，出来全是空白，重启过了还是一样，用户在等。"),
        ("VPN连不上", "在家用VPN连不上内网，提示超时，昨天还能用"),
        ("报错ORA-01017", "登录的时候弹出 ora 01017，密码没改过"),
        ("報表導不出來", "月度报表导不出来，点导出没反应"),
        ("outlook password expired", "My Outlook says that the password has expired and I can't sign in"),
    ],
)
def test_the_same_person_says_it_again(asked: str, filed: str) -> None:
    assert is_same_thing(Said(asked, "mkt"), Said(filed, "mkt"))


@pytest.mark.parametrize(
    ("asked", "filed"),
    [
        ("电费通知单打印空白", "新来的同事要开一个核算岗的账号，麻烦处理"),
        ("VPN连不上", "会议室投影仪借用怎么申请"),
        ("请问怎么办", "请问现在这个情况应该怎么办，麻烦帮忙看一下抄表数据"),
        ("您好", "您好，电费算错了"),
        ("", "打印机卡纸"),
    ],
)
def test_something_else(asked: str, filed: str) -> None:
    assert not is_same_thing(Said(asked, "mkt"), Said(filed, "mkt"))


def test_without_a_system_more_likeness_is_wanted() -> None:
    asked, filed = "台账导出以后打不开文件", "设备台账批量导入的模板在哪里下载"
    assert 0 < likeness(asked, filed) < 1
    assert is_same_thing(Said(asked, "mkt"), Said(filed, "mkt")) >= is_same_thing(
        Said(asked), Said(filed, "mkt")
    )
