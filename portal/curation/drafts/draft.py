"""What would become an article: its sentences, each with where it came from, and the text they make. Pure.

How it is put together is ``composing``'s. The invariant: what was only for the staff makes a text for the
staff.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from kb.articles import TITLE_LIMIT, ArticleText
from kb.audience import Audience
from kb.models import ArticleKind
from portal.curation.drafts.escaping import escaped
from portal.curation.drafts.models import Part, Said
from portal.curation.wording import says_the_same

HEADINGS = {
    "zh": {Part.SYMPTOM: "什么情况", Part.STEP: "怎么办", Part.NOTE: "另外"},
    "en": {Part.SYMPTOM: "What happens", Part.STEP: "What to do", Part.NOTE: "Also"},
}


@dataclass(frozen=True, slots=True)
class Source:
    """A ticket and the place in it that a sentence was taken from."""

    ticket_id: int
    number: str
    said: Said


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the draft with where it came from."""

    part: Part
    text: str
    sources: tuple[Source, ...] = ()

    @property
    def key(self) -> str:
        """What a form calls it."""
        said = f"{self.part}\0{self.text}".encode("utf-8", "replace")
        return blake2b(said, digest_size=6).hexdigest()

    @property
    def tickets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source.number for source in self.sources))

    @property
    def is_internal(self) -> bool:
        inside = (Said.WORK_NOTE, Said.INTERNAL)
        return bool(self.sources) and all(source.said in inside for source in self.sources)


@dataclass(frozen=True, slots=True)
class Draft:
    """What would become an article."""

    titles: tuple[str, ...]
    lines: tuple[Line, ...]
    left_out: tuple[str, ...] = ()
    kind: ArticleKind = ArticleKind.FAQ
    system: str | None = None
    module: str | None = None
    category: str | None = None
    keywords: tuple[str, ...] = ()
    language: str = "zh"

    @property
    def audience(self) -> Audience:
        """What was only for the staff makes a text for the staff."""
        return Audience.STAFF if any(line.is_internal for line in self.lines) else Audience.EVERYONE

    def of(self, part: Part) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.part == part)

    def without(self, dropped: Collection[str]) -> Draft:
        """The same without the sentences that were unticked."""
        return replace(self, lines=tuple(line for line in self.lines if line.key not in dropped))

    def text(self, title: str = "") -> ArticleText:
        """As the knowledge base takes it."""
        named = (title.strip() or self.titles[0])[:TITLE_LIMIT]
        return ArticleText(
            title=named,
            body=_body(self),
            kind=self.kind,
            language=self.language,
            system=self.system,
            module=self.module,
            category=self.category,
            keywords=self.keywords,
            also=tuple(line.text for line in self.of(Part.QUESTION) if not says_the_same(line.text, named)),
            audience=self.audience,
        )


# ── as Markdown ──────────────────────────────────────────────────────────────────────────────────


def _body(draft: Draft) -> str:
    heads = HEADINGS[draft.language]
    parts = [_section(heads[part], draft.of(part), part) for part in (Part.SYMPTOM, Part.STEP, Part.NOTE)]
    if not draft.of(Part.STEP):
        parts.append(f"## {heads[Part.STEP]}\n\n1. ")
    return "\n\n".join(part for part in parts if part).strip()


def _section(heading: str, lines: Sequence[Line], part: Part) -> str:
    return f"## {heading}\n\n" + "\n".join(_listed(part, lines)) if lines else ""


def _listed(part: Part, lines: Sequence[Line]) -> Iterator[str]:
    if part == Part.STEP and len(lines) == 1:
        yield escaped(lines[0].text)
        return
    for number, line in enumerate(lines, start=1):
        yield f"{number}. {escaped(line.text)}" if part == Part.STEP else f"- {escaped(line.text)}"
