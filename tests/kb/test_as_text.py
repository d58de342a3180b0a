"""An article as plain text: what a colleague pastes into a chat."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.as_text import as_text

BODY = """## 现象

一段**重要**的话，见[门户](https://portal.example)。

## 步骤

1. 打开门户
2. 点“修改”
   再等一会儿
3. 保存

- 甲
- 乙

| 单位 | 版本 |
|---|---|
| 沧源 | 6.2 |

```
ping 10.0.0.1
  -n 4
```

- [x] 已做
- [ ] 没做

![截图](/files/12)
"""


def test_it_reads_like_the_page() -> None:
    lines = as_text(BODY).splitlines()
    for expected in (
        "现象",
        "一段重要的话，见门户。",
        "1. 打开门户",
        "2. 点“修改”",
        "3. 保存",
        "· 甲",
        "单位　版本",
        "沧源　6.2",
        "ping 10.0.0.1",
        "  -n 4",
        "· ☑ 已做",
        "· ☐ 没做",
        "［截图］",
    ):
        assert expected in lines, (expected, lines)
    assert lines.index("1. 打开门户") < lines.index("3. 保存") < lines.index("· 甲")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("3. 三\n4. 四", "3. 三\n4. 四"),
        ("1. 外\n    - 内\n    - 里\n2. 外二", "1. 外\n  · 内\n  · 里\n2. 外二"),
        ("<script>alert(1)</script>好", "好"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("One. \n\nTwo. ", "One.\n\nTwo."),
        ("", ""),
    ],
)
def test_small_texts(body: str, text: str) -> None:
    assert as_text(body) == text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("甲乙1.*-_`#>|[]()! \n&<x"), max_size=200))
def test_any_text_becomes_some_text(body: str) -> None:
    text = as_text(body)
    assert text == text.strip()
    assert "\n\n\n" not in text
