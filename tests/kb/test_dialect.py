"""What authors write beyond plain Markdown: cross-links, notes, tasks, struck words, addresses, anchors."""

from __future__ import annotations

import pytest

from kb.links.references import Reference, Target, numbers_in
from kb.markdown import addresses, contents, plain, references, render

TITLES = {
    "KB000123": Target("密码过期怎么改 <新>", "/kb/KB000123"),
    "QX000007": Target("重复计费", "/defects/QX000007", mark="已关闭"),
    "KB000009": Target("", mark="没有这个编号"),
}


def shown(text: str) -> str:
    return str(render(text, TITLES))


# ── cross-links ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("written", ["[[KB000123]]", "[[KB-123]]", "[[kb123]]", "[[ KB000123 ]]"])
def test_a_number_shows_the_title_of_now(written: str) -> None:
    title = "密码过期怎么改 &lt;新&gt;"
    link = f'<a class="xref" href="/kb/KB000123" title="KB000123 {title}">{title}</a>'
    assert shown(written) == f"<p>{link}</p>"


@pytest.mark.parametrize(
    "written", ["[[KB123|看这篇]]", "[[KB123｜看这篇]]", "[[KB123 看这篇]]", r"[[KB123\|看这篇]]"]
)
def test_given_words_are_shown_instead(written: str) -> None:
    assert ">看这篇</a>" in shown(written)
    assert ">看这篇</a></td>" in shown(
        f"| 甲 | 乙 |\n|---|---|\n| 丙 | {written} |".replace("3|看", "3\\|看")
    )


def test_a_part_of_an_article_is_pointed_at() -> None:
    assert 'href="/kb/KB000123#s-第二步"' in shown("[[KB123#s-第二步|第二步]]")


def test_what_a_reader_may_not_see_is_words() -> None:
    assert str(render("见 [[KB123]] 和 [[KB123|这一篇]]")) == "<p>见 KB000123 和 这一篇</p>"
    assert plain("见 [[KB123]]") == "见 KB000123"
    assert plain("见 [[KB123]]", TITLES) == "见 密码过期怎么改 <新>"


def test_what_is_wrong_with_a_target_stands_beside_it() -> None:
    assert shown("[[QX7]]").endswith('重复计费</a> <span class="xref-mark">已关闭</span></p>')
    assert '<span class="xref is-lost">KB000009</span> <span class="xref-mark">没有这个编号</span>' in shown(
        "[[KB9]]"
    )


@pytest.mark.parametrize(
    "text", ["`[[KB123]]`", "    [[KB123]]", "```\n[[KB123]]\n```", r"\[[KB123]]", "[[GD123]]"]
)
def test_code_escapes_and_other_numbers_point_at_nothing(text: str) -> None:
    assert references(text) == ()
    assert "xref" not in shown(f"甲\n\n{text}")


def test_what_a_text_points_at() -> None:
    text = "[[KB1#s-a|甲]] ![图](/files/3) [外](https://example.com/a?b=1&c=2) [信](mailto:a@b.cn) [[QX2]]"
    assert references(text) == (Reference("KB000001", "#s-a", "甲"), Reference("QX000002"))
    assert addresses(text) == ("/files/3", "https://example.com/a?b=1&c=2", "mailto:a@b.cn")
    assert numbers_in(text, "`[[KB3]]`", "x") == ["KB000001", "QX000002", "KB000003"]


def test_anchors_do_not_depend_on_titles_of_others() -> None:
    text = "## 见 [[KB123]]\n\n甲"
    (heading,) = contents(text)
    assert heading.anchor == "s-见-kb000123"
    assert f'id="{heading.anchor}"' in shown(text)


def test_an_author_sets_an_anchor_that_stays() -> None:
    (heading,) = contents("## 换个说法的标题 {#s-first}\n\n甲")
    assert heading.anchor == "s-first"


# ── notes, tasks, words, addresses ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "look", "title"),
    [
        ("!!! 提示", "tip", "提示"),
        ("！！！ 注意", "warning", "注意"),
        ('!!! 危险 "别拔电源"', "danger", "别拔电源"),
        ("!!! 说明 “为什么”", "note", "为什么"),
        ("!!! 注意 升级期间 不要提交", "warning", "升级期间 不要提交"),
        ("!!! warning", "warning", "Warning"),
        ("!!! 自己起的名字", "note", "自己起的名字"),
    ],
)
def test_notes_have_chinese_names(first: str, look: str, title: str) -> None:
    html = shown(f"甲\n\n{first}\n    里面 **重点**\n\n外面")
    assert f'<div class="admonition {look}">\n<p class="admonition-title">{title}</p>' in html
    assert html.endswith("</div>\n<p>外面</p>")


def test_a_note_needs_no_title() -> None:
    assert "admonition-title" not in shown('!!! 注意 ""\n    里面')


def test_tasks_stay_whole_with_blank_lines_between() -> None:
    html = shown("- [ ] 未做\n\n- [x] 做了")
    assert html.count('<li class="task-list-item">\n<p><input') == 2
    assert "<p></p>" not in html


def test_struck_out_words() -> None:
    assert shown("~~旧的~~ 新的 ~ 5 ~~ 6") == "<p><del>旧的</del> 新的 ~ 5 ~~ 6</p>"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("打开 https://example.com/a。然后", "https://example.com/a"),
        ("打开https://example.com/a，然后", "https://example.com/a"),
        ("(https://example.com/a)", "https://example.com/a"),
        ("https://example.com/a_(b).", "https://example.com/a_(b)"),
        ("<https://example.com/a>", "https://example.com/a"),
    ],
)
def test_bare_addresses_are_links_without_what_follows(text: str, address: str) -> None:
    assert addresses(text) == (address,)


def test_an_address_within_a_link_makes_no_second_one() -> None:
    assert shown("[https://a.cn](https://b.cn)").count("<a ") == 1


def test_plain_text_says_signs_as_they_are() -> None:
    assert plain("甲 & 乙 < 丙 `a<b>`") == "甲 & 乙 < 丙 a<b>"
