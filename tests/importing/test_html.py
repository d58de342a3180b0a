"""HTML from outside becomes Markdown that says the same: words, steps, tables, links stay what they are."""

from __future__ import annotations

import re
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.importing.html_blocks import markdown_of
from kb.importing.html_tree import DEEPEST, tree_of
from kb.importing.targets import Link, links, rewritten
from kb.markdown import plain, render

MARKS = "*_`#>-+=~|[](){}!:<&\\.1 \n字a\"'"


def brought(html: str) -> str:
    return markdown_of(tree_of(html).children)


def bare(words: str) -> str:
    return re.sub(r"\s+", "", words)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text(MARKS, max_size=24))
def test_words_stay_words(words: str) -> None:
    """Whatever looks like Markdown in a text is shown as it stands."""
    for html in (
        f"<p>{escape(words)}</p>",
        f"<ul><li>{escape(words)}</li></ul>",
        f"<h2>x {escape(words)}</h2>",
    ):
        shown = plain(brought(html))
        assert bare(shown) == bare(words if "<h2>" not in html else f"x{words}"), brought(html)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.text(MARKS, min_size=1, max_size=12), min_size=2, max_size=3))
def test_cells_stay_cells(words: list[str]) -> None:
    html = "<table><tr><th>甲</th><th>乙</th><th>丙</th></tr><tr>"
    html += "".join(f"<td>{escape(cell)}</td>" for cell in words) + "</tr></table>"
    shown = render(brought(html))
    cells = re.findall(r"<td>(.*?)</td>", shown, re.DOTALL)
    assert len(cells) == 3
    assert bare(plain(brought(html))) == bare("甲乙丙" + "".join(words))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ol><li>一<ol><li>甲</li></ol></li><li>二</li></ol>", "1. 一\n    1. 甲\n2. 二"),
        ('<ol start="3"><li>三</li></ol>', "3. 三"),
        ("<ul><li><p>一</p><pre>x\n  y</pre></li></ul>", "- 一\n\n        x\n          y"),
        ('<ul><li><input type="checkbox" checked>好</li></ul>', "- [x] 好"),
        ('<pre><code class="language-sql">a `b`\n```</code></pre>', "````sql\na `b`\n```\n````"),
        ("<section><h2>甲</h2>乙</section><section>丙</section>", "## 甲\n\n乙\n\n丙"),
        ("<blockquote>一<br>二</blockquote>", "> 一\n> 二"),
        (
            "<p>a<b> 粗 </b>b <b></b><i>斜</i> <s>删</s> <kbd>Ctrl</kbd></p>",
            "a **粗** b *斜* ~~删~~ <kbd>Ctrl</kbd>",
        ),
        ("<table><tr><td>框</td></tr></table>", "框"),
        ("<a href='javascript:x()'>甲</a><a href='#top'>乙</a>", "甲乙"),
        ("<p>x<!-- c --><style>p{}</style><template>t</template></p>", "x"),
    ],
)
def test_shapes(html: str, text: str) -> None:
    assert brought(html) == text


def test_merged_cells_stay_a_table() -> None:
    html = (
        "<table><tr><th colspan=2>并</th></tr><tr><td rowspan='1'>a<br>b</td><td>&lt;c&gt;</td></tr></table>"
    )
    assert '<th colspan="2">并</th>' in render(brought(html))
    assert "<td>a<br>b</td><td>&lt;c&gt;</td>" in render(brought(html))


def test_any_depth_is_read() -> None:
    assert bare(brought("<div>" * 5000 + "深" + "</div>" * 5000)) == "深"
    assert "深" in brought("<ul><li>" * 500 + "深")
    assert tree_of("<b>" * (DEEPEST * 3) + "x").text == "x"


# ── links of a Markdown text ─────────────────────────────────────────────────────────────────────


def test_links_are_found_where_a_reader_finds_them() -> None:
    text = (
        '![甲](a.png "题") [乙](<b c.md>) [![丙](c.png)](d.html)\n\n`[不](e)` \\[不](f)\n\n'
        "```\n[不](g)\n```\n[丁]: h.md\n<img alt='x' src='i.png'>\n"
    )
    assert {link.target for link in links(text)} == {"a.png", "b c.md", "c.png", "d.html", "h.md", "i.png"}
    assert rewritten(text, lambda link: None) == text
    assert '![甲](/files/1 "题")' in rewritten(
        text, lambda link: Link("/files/1", link.label, True) if link.target == "a.png" else None
    )


@given(st.text('[]()!`<>\\\n ab"', max_size=60))
def test_a_text_whose_links_stay_is_left_alone(text: str) -> None:
    assert rewritten(text, lambda link: None) == text


@pytest.mark.parametrize("piece", ["[", "![", "[a](", "[[a]", "`", "``a`", "<img src='", "[a](b", "]("])
def test_many_open_links_take_no_time(piece: str) -> None:
    """Finished at all is the point: a pattern that goes back over itself would not be."""
    assert rewritten(piece * 20_000, lambda link: None) == piece * 20_000
