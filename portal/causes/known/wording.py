"""What a known-error article says: a record's symptoms and its workaround, in words for users. Pure.

The root cause, owners and recipes stay out. The invariant: whatever tells who somebody is, and every
password, is masked before it gets here into an article, and what people typed as a symptom is text, never a
mark of Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from defects.models import Defect
from indexer.named import names_in
from kb.articles import TITLE_LIMIT, ArticleText
from kb.audience import Audience
from kb.models import ArticleKind
from kb.steps import ITEM
from portal.finder.masking import GAP, SURNAMES, masked

SEEN, DO, PROGRESS = "现象", "现在可以这样做", "什么时候修好"
#: A symptom that reads like a title.
TITLE_LENGTHS = range(6, 61)
MOST_SYMPTOMS = 6
MOST_ALSO = 30
LONGEST_ALSO = 200
CATEGORY = "defect"

_SPECIAL = re.compile(r"([\\`*\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_AT_START = re.compile(r"^([-+=#>]|\d+(?=[.)]))")
#: Beside those that a body reads as steps: ①, （1）.
_CIRCLED = re.compile(r"^(?:[①-⑳]|[（(]\d{1,2}[)）])\s*[：:，,、.]?\s*")
_BULLET = re.compile(r"^\s*[-*•·]\s+")
#: What says that somebody laid the text out already.
_LAID_OUT = re.compile(r"^(?:#{1,6}\s|```|~~~|\||>|\s{3,}\S|!\[)", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[。；;！!])\s*")
#: An address keeps its path, which a workaround needs, and loses its question, which may hold a secret.
_ADDRESS = re.compile(r"(https?://[A-Za-z0-9.:-]+)((?:/[A-Za-z0-9./%~_+-]*)?)(\?[!-'*-~]*)?")
_HEADING = re.compile(r"^##\s+(.*?)\s*$", re.MULTILINE)


def article_text(defect: Defect, *, names: Collection[str] = ()) -> ArticleText:
    """The article that this record asks for; ``names`` are people known to be concerned."""
    mask = _masking(defect, names)
    symptoms = [line for line in map(mask, (_one_line(line) for line in defect.symptoms)) if line.strip(GAP)]
    title = next((line for line in symptoms if len(line) in TITLE_LENGTHS), mask(_one_line(defect.title)))
    also = [line[:LONGEST_ALSO] for line in (*symptoms, mask(_one_line(defect.title))) if line != title]
    return ArticleText(
        title=title[:TITLE_LIMIT],
        body=_body(defect, symptoms, mask),
        kind=ArticleKind.KNOWN_ERROR,
        system=defect.system,
        module=defect.module,
        category=CATEGORY,
        keywords=tuple(defect.codes),
        also=tuple(dict.fromkeys(also))[:MOST_ALSO],
        audience=Audience.EVERYONE if defect.shown_to_users else Audience.STAFF,
    )


def what_to_do(defect: Defect, *, names: Collection[str] = ()) -> str:
    """The workaround as the article says it."""
    return steps(_masking(defect, names)(defect.workaround))


def what_was_hidden(defect: Defect, *, names: Collection[str] = ()) -> int:
    """How many places of the record were masked on the way into its article."""
    texts = (defect.title, *defect.symptoms, defect.workaround)
    mask = _masking(defect, names)
    return sum(max(0, mask(text).count(GAP) - text.count(GAP)) for text in texts)


def brought_in_step(text: ArticleText, wanted: ArticleText) -> ArticleText:
    """An article as it is now, told again what to do; what editors wrote elsewhere in it stays.

    Where it has no such part any more, its whole body is written anew.
    """
    part = part_of(wanted.body)
    former = part_of(text.body)
    body = text.body.replace(former, part, 1) if former else wanted.body
    return replace(
        text,
        body=body,
        system=wanted.system,
        module=wanted.module,
        keywords=tuple(dict.fromkeys((*text.keywords, *wanted.keywords))),
        also=tuple(dict.fromkeys((*text.also, *wanted.also)))[: max(MOST_ALSO, len(text.also))],
        audience=wanted.audience,
    )


def part_of(body: str) -> str:
    """What stands under the heading of what to do; empty when there is no such heading."""
    heads = list(_HEADING.finditer(body))
    for place, head in enumerate(heads):
        if head[1] == DO:
            end = heads[place + 1].start() if place + 1 < len(heads) else len(body)
            return body[head.end() : end].strip("\n")
    return ""


def steps(workaround: str) -> str:
    """The workaround as numbered steps; what was laid out by hand stays as it is."""
    text = workaround.replace("\r\n", "\n").strip()
    if _LAID_OUT.search(text):
        return text
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if all(_BULLET.match(line) for line in lines):
        return "\n".join(lines)
    if len(lines) == 1:
        lines = [part.strip() for part in _SENTENCE.split(lines[0]) if part.strip()]
    above = lines.pop(0) if len(lines) > 1 and lines[0].endswith(("：", ":")) else ""
    numbered = "\n".join(f"{place}. {_bare(line)}" for place, line in enumerate(lines, 1))
    return f"{above}\n\n{numbered}" if above else numbered


def _bare(line: str) -> str:
    return _BULLET.sub("", _CIRCLED.sub("", ITEM.sub("", line)))


def _body(defect: Defect, symptoms: Collection[str], mask: Callable[[str], str]) -> str:
    seen = [f"- {as_text(line)}" for line in list(symptoms)[:MOST_SYMPTOMS]]
    codes = "、".join(f"`{code}`" for code in defect.codes if "`" not in code)
    parts = (
        f"## {SEEN}" if seen or codes else "",
        "\n".join(seen),
        f"提示的代码：{codes}" if codes else "",
        f"## {DO}",
        steps(mask(defect.workaround)),
        f"## {PROGRESS}",
        f"这是系统的问题，登记为缺陷 [[{defect.number}|{defect.number}]]。"
        "修好的版本在您单位启用后，这篇知识不再推荐给您。",
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def as_text(line: str) -> str:
    """What people typed is text: nothing in it is a mark of ours."""
    line = _SPECIAL.sub(r"\\\1", line).replace("<", "&lt;")
    return _AT_START.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", line)


def _masking(defect: Defect, names: Collection[str]) -> Callable[[str], str]:
    said = "\n".join((defect.title, *defect.symptoms, defect.workaround))
    known = {*names, *names_in(said, SURNAMES)}
    return lambda text: _masked(text, known)


def _masked(text: str, names: Collection[str]) -> str:
    found, end = [], 0
    for address in _ADDRESS.finditer(text):
        found += [masked(text[end : address.start()], names=names), address[1], masked(address[2])]
        end = address.end()
    return "".join([*found, masked(text[end:], names=names)])


def _one_line(text: str) -> str:
    return " ".join(text.split())
