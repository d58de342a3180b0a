"""What a draft may be called: titles to choose from, out of the phrases that people share. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from indexer.words import N_
from portal.curation.drafts.material import Material
from portal.curation.drafts.weighing import weight
from portal.curation.wording import distinct, headline, likeness, middle_of

TITLES = 4


def titles_of(material: Material, asked: Sequence[str] = ()) -> list[str]:
    """Titles to choose from: what holds the phrases that most of the texts share, in few words."""
    texts = [words.text for words in (*material.titles, *material.questions)] + list(asked)
    lines = [headline(text) for text in (*(words.text for words in material.titles), *asked)]
    candidates = [line for line in dict.fromkeys(lines) if weight(line) >= 4]
    if not candidates:
        return [headline(texts[0]) or N_("未命名")] if texts else [N_("未命名")]
    shared = shared_phrases(texts)
    middle = candidates[middle_of(candidates)]

    def worth(line: str) -> tuple[float, float]:
        held = sum(len(phrase) for phrase in shared if phrase in line)
        return held + 4.0 * likeness(line, middle) - 0.05 * len(line), -float(candidates.index(line))

    return distinct(sorted(candidates, key=worth, reverse=True), most=TITLES)


def shared_phrases(texts: Sequence[str], *, shortest: int = 3, longest: int = 12) -> list[str]:
    """The longest stretches that at least half of the texts contain, without those within others."""
    if len(texts) < 2:
        return []
    counts: Counter[str] = Counter()
    for text in texts[:60]:
        bare = re.sub(r"[\W_]+", "\0", text[:400])
        stretches = {
            bare[place : place + n]
            for n in range(shortest, longest + 1)
            for place in range(len(bare) - n + 1)
        }
        counts.update(stretch for stretch in stretches if "\0" not in stretch)
    common = sorted(
        (phrase for phrase, n in counts.items() if n * 2 >= min(len(texts), 60) and n > 1),
        key=lambda phrase: (-len(phrase), phrase),
    )
    kept: list[str] = []
    for phrase in common:
        if not any(phrase in former for former in kept):
            kept.append(phrase)
        if len(kept) == TITLES:
            break
    return kept
