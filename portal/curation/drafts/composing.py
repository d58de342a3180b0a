"""An article put together out of sentences that were really said. Pure.

No sentence is invented and none rewritten: the most supported answer gives the steps in its own order,
near-identical sentences of other tickets are counted with theirs, what else was said stands behind. The
invariants: every sentence knows the tickets it came from; too little, or answers that contradict each
other, are refused with the reason, never smoothed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from defects.signatures import codes_in
from indexer.words import N_
from kb.flow import Refused
from kb.models import ArticleKind
from portal.curation.drafts.draft import Draft, Line, Source
from portal.curation.drafts.material import Material, Words
from portal.curation.drafts.models import Part, Said
from portal.curation.drafts.titles import titles_of
from portal.curation.drafts.weighing import contradict, is_hollow, is_one_case, weight, without_greeting
from portal.curation.wording import (
    distinct,
    headline,
    says_the_same,
    sentences_of,
    together,
)
from portal.tickets.words import Category

LEAST_ANSWERS = 2
LEAST_CHARACTERS = 16
STEPS, NOTES, SYMPTOMS, QUESTIONS, KEYWORDS = 12, 6, 4, 8, 8
KINDS = {"policy": ArticleKind.POLICY, "how_to": ArticleKind.HOWTO}
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def composed(material: Material, *, asked: Sequence[str] = (), least: int = LEAST_ANSWERS) -> Draft:
    """The draft, or :class:`Refused` with what is missing.

    ``asked``: further wordings that no ticket stands for; ``least``: so many accepted answers are needed
    when there are several tickets.
    """
    _check_enough(material, least=least)
    answers = [_Answer(words, _useful(words.text)) for words in material.answers]
    _check_agreed(answers)
    steps = _steps(answers)
    if sum(weight(line.text) for line in steps) < LEAST_CHARACTERS:
        raise Refused(
            N_("答复太短，看不出怎么做：去掉客套话和只对个案有效的话之后，没有剩下可以写进知识的内容。")
        )
    notes = _notes(answers, material.remarks, steps)
    used = [*steps, *notes]
    return _framed(material, used, asked=asked)


def only_questions(material: Material, *, asked: Sequence[str] = ()) -> Draft:
    """The ways of asking alone, where nobody's answer is good enough: the editor writes it."""
    return _framed(material, [], asked=asked)


# ---------------------------------------------------------------------------- is it enough?


def _check_enough(material: Material, *, least: int) -> None:
    needed = least if len(material.tickets) > 1 else 1
    accepted = len({words.ticket_id for words in material.answers if words.said == Said.OUTCOME})
    if accepted >= needed:
        return
    if not material.tickets:
        raise Refused(N_("没有您能看到的工单，只有大家的说法，摘不出答案。"))
    if len(material.tickets) == 1:
        raise Refused(N_("这张工单还没有用户认可的答复：要办结、有答复内容、评分不低于 3 分。"))
    raise Refused(
        N_("用户认可的答复只有 %(n)s 份，至少要 %(least)s 份（已办结、有答复内容、评分不低于 3 分）。"),
        n=accepted,
        least=needed,
    )


def _check_agreed(answers: Sequence[_Answer]) -> None:
    for one, other in combinations(answers, 2):
        if one.words.ticket_id == other.words.ticket_id:
            continue
        for this in one.sentences:
            against = next((that for that in other.sentences if contradict(this, that)), None)
            if against is not None:
                raise Refused(
                    N_(
                        "答复互相矛盾：%(one)s 说“%(this)s”，%(other)s 说“%(that)s”。"
                        "请先核实哪个对，去掉说错的那张工单再来。"
                    ),
                    one=one.words.number,
                    this=this,
                    other=other.words.number,
                    that=against,
                )


# ---------------------------------------------------------------------------- the answer


@dataclass(frozen=True, slots=True)
class _Answer:
    words: Words
    sentences: tuple[str, ...]


def _useful(text: str) -> tuple[str, ...]:
    parts = (without_greeting(part) for part in sentences_of(text))
    return tuple(part for part in parts if not is_hollow(part) and not is_one_case(part))


def _left_out(words: Iterable[Words]) -> tuple[str, ...]:
    parts = (part for one in words for part in sentences_of(one.text) if is_hollow(part) or is_one_case(part))
    return tuple(distinct(parts, most=12))


def _steps(answers: Sequence[_Answer]) -> list[Line]:
    """The sentences of the answer that most others agree with, in its own order."""
    told = [answer for answer in answers if answer.words.said == Said.OUTCOME and answer.sentences]
    if not told:
        return []
    best = max(told, key=lambda answer: (*_support(answer, answers), -told.index(answer)))
    lines = [_line(Part.STEP, sentence, answers) for sentence in best.sentences[:STEPS]]
    return _apart(lines)


def _support(answer: _Answer, answers: Sequence[_Answer]) -> tuple[int, int, int]:
    agreeing = sum(
        any(says_the_same(sentence, other) for other in one.sentences)
        for sentence in answer.sentences
        for one in answers
        if one.words.ticket_id != answer.words.ticket_id
    )
    return agreeing, answer.words.worth, min(LEAST_CHARACTERS * 8, sum(map(weight, answer.sentences)))


def _notes(answers: Sequence[_Answer], remarks: Sequence[Words], steps: Sequence[Line]) -> list[Line]:
    """What else was said, the most supported first, nothing twice."""
    said = [*answers, *(_Answer(words, _useful(words.text)) for words in remarks)]
    places = [(sentence, number) for number, answer in enumerate(said) for sentence in answer.sentences]
    fresh = [pair for pair in places if not any(says_the_same(pair[0], line.text) for line in steps)]
    groups = together([sentence for sentence, _ in fresh])
    lines = [_line(Part.NOTE, fresh[group[0]][0], said) for group in groups]
    ranked = sorted(lines, key=lambda line: -len(line.tickets))
    return _apart([line for line in ranked if weight(line.text) >= 8])[:NOTES]


def _line(part: Part, sentence: str, answers: Sequence[_Answer]) -> Line:
    sources = (
        Source(answer.words.ticket_id, answer.words.number, answer.words.said)
        for answer in answers
        if any(sentence == other or says_the_same(sentence, other) for other in answer.sentences)
    )
    return Line(part, sentence, tuple(dict.fromkeys(sources)))


def _apart(lines: Sequence[Line]) -> list[Line]:
    kept: list[Line] = []
    for line in lines:
        if not any(says_the_same(line.text, former.text) for former in kept):
            kept.append(line)
    return kept


# ---------------------------------------------------------------------------- the question, and the facts


def _framed(material: Material, used: Sequence[Line], *, asked: Sequence[str]) -> Draft:
    titles = titles_of(material, asked)
    questions = _questions(material, asked, titles[0])
    symptoms = _symptoms(material, [titles[0], *(line.text for line in questions)])
    lead = material.tickets
    sub = _commonest(ticket.sub for ticket in lead)
    category = _commonest(str(ticket.category) for ticket in lead)
    whole = " ".join(words.text for words in (*material.titles, *material.questions, *material.answers))
    return Draft(
        titles=tuple(titles),
        lines=(*questions, *symptoms, *used),
        left_out=_left_out(material.answers),
        kind=_kind(category, sub),
        system=_commonest(ticket.system.code for ticket in lead) or None,
        module=_commonest(ticket.module or "" for ticket in lead) or None,
        category=category or None,
        keywords=codes_in(whole)[:KEYWORDS],
        language="zh" if not whole.strip() or 10 * len(_CHINESE.findall(whole)) > len(whole) else "en",
    )


def _kind(category: str, sub: str) -> ArticleKind:
    if category in (Category.DEFECT, Category.FAULT):
        return ArticleKind.KNOWN_ERROR
    return KINDS.get(sub, ArticleKind.FAQ)


def _questions(material: Material, asked: Sequence[str], title: str) -> list[Line]:
    """Other ways to ask: one line a person, near-identical ones once."""
    said = [(headline(words.text, longest=80), words) for words in material.questions]
    lines = [(line, words) for line, words in said if weight(line) >= 4]
    groups = together([line for line, _ in lines])
    found = [
        Line(
            Part.QUESTION,
            lines[group[0]][0],
            tuple(
                Source(words.ticket_id, words.number, words.said)
                for words in (lines[place][1] for place in group)
            ),
        )
        for group in groups
    ]
    found += [Line(Part.QUESTION, line) for line in (headline(text, longest=80) for text in asked) if line]
    ranked = sorted(found, key=lambda line: -len(line.sources))
    return [line for line in _apart(ranked) if line.text != title][:QUESTIONS]


def _symptoms(material: Material, known: Sequence[str]) -> list[Line]:
    """What users saw, beyond the ways of asking."""
    said = [_Answer(words, tuple(sentences_of(words.text)[:6])) for words in material.questions]
    places = [sentence for answer in said for sentence in answer.sentences if weight(sentence) >= 6]
    fresh = [
        sentence
        for sentence in places
        if not is_hollow(sentence) and not any(says_the_same(sentence, line) for line in known)
    ]
    lines = [_line(Part.SYMPTOM, fresh[group[0]], said) for group in together(fresh)]
    return _apart(sorted(lines, key=lambda line: -len(line.tickets)))[:SYMPTOMS]


def _commonest(values: Iterable[str]) -> str:
    counted = Counter(value for value in values if value)
    return min(counted, key=lambda value: (-counted[value], value)) if counted else ""
