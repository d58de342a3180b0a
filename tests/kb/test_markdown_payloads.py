"""Whatever an author writes, a page of the desk stays a page of the desk.

Every payload is rendered and the result is read as a browser reads it (html.parser), not searched with
patterns: what counts is which elements, attributes and addresses come out.
"""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from kb import markdown
from kb.links.references import Target
from kb.markdown import ATTRIBUTES, FORCED, IDS, PICTURE, SCHEMES, TAGS, contents, plain, render
from tests.security.payloads import PATHOLOGICAL, PAYLOADS, SAMPLED


class Reading(HTMLParser):
    """Collects every element with its attributes, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))


def elements_of(html: str) -> list[tuple[str, dict[str, str]]]:
    reading = Reading()
    reading.feed(html)
    reading.close()
    return reading.elements


def check(html: str) -> None:
    """Every element is one of ours, with attributes of ours, and no address that could run."""
    for tag, attributes in elements_of(html):
        assert tag in TAGS, tag
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | set(FORCED.get(tag, ()))
        allowed |= {"rel"} if tag == "a" else set()
        assert set(attributes) <= allowed, (tag, attributes)
        if "id" in attributes:
            assert IDS.match(attributes["id"])
        if "src" in attributes:
            assert PICTURE.match(attributes["src"])
        address = attributes.get("href", "/").strip()
        head = address.split("/")[0].split("?")[0].split("#")[0]
        assert ":" not in head or head.split(":")[0].lower() in SCHEMES, address
        if tag == "input":
            assert attributes["type"] == "checkbox"
            assert "disabled" in attributes


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_runs_comes_out(payload: str) -> None:
    check(str(render(payload)))
    check(str(render(f"1. step\n\n    {payload}\n\n> {payload}\n\ntext {payload} text")))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_runs_comes_out_of_a_cross_linked_title(payload: str) -> None:
    """Titles are filled in after the cleaning, so they are escaped by themselves."""
    targets = {
        "KB000001": Target(payload, "/kb/KB000001", mark=payload),
        "KB000002": Target("", mark=payload),
    }
    html = str(render("[[KB1]] [[KB1#s-a|x]] [[KB2]] ## [[KB1]]", targets))
    check(html)
    assert [tag for tag, _ in elements_of(html)] == [
        "p",
        "a",
        "span",
        "a",
        "span",
        "span",
        "span",
        "a",
        "span",
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_plain_text_is_words_and_shown_as_such(payload: str) -> None:
    """What it holds is text, to be escaped like any other; only what was in code looks like an element."""
    assert not elements_of(str(escape(plain(payload))))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_anchors_of_the_contents_are_those_of_the_headings(payload: str) -> None:
    text = f"## {payload}\n\ntext"
    shown = {attributes.get("id") for _, attributes in elements_of(str(render(text)))}
    assert {heading.anchor for heading in contents(text)} <= shown


def test_the_guard_is_the_cleaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same check fails when what Python-Markdown makes is shown as it is."""
    monkeypatch.setattr(markdown, "clean_html", lambda html: html)
    markdown._rendered.cache_clear()
    try:
        with pytest.raises(AssertionError):
            check(str(render("<script>alert('guard removed')</script>")))
    finally:
        markdown._rendered.cache_clear()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(SAMPLED), max_size=40).map("".join))
def test_nothing_that_runs_comes_out_of_anything(text: str) -> None:
    check(str(render(text)))
    assert not elements_of(str(escape(plain(text))))


# ── bounded in time ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_pathological_text_is_rendered_or_shown_as_typed(name: str) -> None:
    """Minutes without the guard; the limit on the test, not a measured time, is what fails."""
    check(str(render(PATHOLOGICAL[name])))


def test_text_that_is_shown_as_typed_is_escaped() -> None:
    shown = str(render("[" * 20_000 + "<script>alert(1)</script>"))
    assert shown.startswith("<pre>")
    check(shown)


def test_a_long_honest_article_is_rendered() -> None:
    text = "\n\n".join(
        f"## 第 {n} 节\n\n1. 打开 [菜单](/kb)\n2. 点 **保存**\n\n| 码 | 义 |\n|---|---|\n| `E{n}` | x |"
        for n in range(300)
    )
    assert markdown.is_tame(text)
    assert "<pre>" not in str(render(text))


# ── what authors need ────────────────────────────────────────────────────────────────────────────


def test_chinese_headings_keep_their_characters() -> None:
    text = "## 现象 与 原因\n\n### 查 `ORA-01017`？\n\n## 现象 与 原因"
    assert [heading.anchor for heading in contents(text)] == [
        "s-现象-与-原因",
        "s-查-ora-01017？",
        "s-现象-与-原因_1",
    ]
    assert 'id="s-现象-与-原因"' in str(render(text))


def test_tables_tasks_code_and_notes() -> None:
    html = str(
        render(
            "| 返回码 | 含义 |\n|:--|--:|\n| `5021` | 密钥 |\n\n- [ ] 未做\n- [x] 做了\n\n"
            "```sql\nselect '<b>'\n```\n\n"
            '!!! warning "注意"\n    小心\n\n甲[^1]\n\n[^1]: 注\n'
        )
    )
    for expected in (
        "<table>",
        "<th",
        'class="task-list-item"',
        'checked=""',
        "&lt;b&gt;",
        'class="language-sql"',
        'class="admonition warning"',
        'href="#fn:1"',
        'id="fn:1"',
    ):
        assert expected in html, expected


def test_links_inside_and_outside() -> None:
    html = str(
        render("[站内](/kb/KB000001) [外](https://example.com) [信](mailto:a@example.com) ![图](/files/12)")
    )
    for expected in (
        'href="/kb/KB000001"',
        'href="https://example.com"',
        'href="mailto:a@example.com"',
        'src="/files/12"',
    ):
        assert expected in html
