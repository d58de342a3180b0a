"""What cross-links lead to for one reader: number → current title and page, in one query per kind.

It stands with the defects because both kinds of number meet here first. The invariant: of what a reader
may not see, no title comes out, and it looks exactly like what isn't there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from defects.flow import DefectState
from defects.models import Defect
from defects.queries import visible_defects
from indexer.words import N_
from kb.audience import Viewer
from kb.flow import READABLE, STATE_LABELS
from kb.links.references import Target, numbers_in
from kb.models import Article
from kb.queries import readable_articles

LOST = N_("没有这个编号")
#: The pages of the portal; a test compares them with its routes.
ARTICLE_PAGE, DEFECT_PAGE = "/kb/{}", "/defects/{}"

Say = Callable[[str], str]


def targets_for(
    session: Session, texts: Collection[str], viewer: Viewer, *, editing: bool = False, say: Say = str
) -> dict[str, Target]:
    """The targets of every cross-link in ``texts`` that this viewer may see.

    ``editing``: somebody who works on articles; they see every article, what is wrong with a link is
    marked for them, and ``say`` translates the mark.
    """
    numbers = numbers_in(*texts)
    articles = [number for number in numbers if number.startswith("KB")]
    records = [number for number in numbers if number.startswith("QX")]
    found: dict[str, Target] = {}
    if articles:
        found.update(_articles(session, articles, viewer, editing=editing, say=say))
    if records:
        found.update(_defects(session, records, viewer))
    if editing:
        found.update({number: Target("", mark=say(LOST)) for number in numbers if number not in found})
    return found


def _articles(
    session: Session, numbers: Collection[str], viewer: Viewer, *, editing: bool, say: Say
) -> Iterator[tuple[str, Target]]:
    wanted = select(Article) if editing else readable_articles(viewer)
    columns = wanted.with_only_columns(Article.number, Article.title, Article.state)
    for number, title, state in session.execute(columns.where(Article.number.in_(numbers))):
        mark = "" if state in READABLE else say(STATE_LABELS[state])
        yield number, Target(title, ARTICLE_PAGE.format(number), mark)


def _defects(session: Session, numbers: Collection[str], viewer: Viewer) -> Iterator[tuple[str, Target]]:
    """A merged record leads to the one that answers for it."""
    asked = aliased(Defect)
    merged = asked.state == DefectState.DUPLICATE
    answers = or_(and_(merged, asked.duplicate_of_id == Defect.id), and_(~merged, asked.id == Defect.id))
    wanted = visible_defects(viewer).join(asked, answers).where(asked.number.in_(numbers))
    for number, own, title in session.execute(
        wanted.with_only_columns(asked.number, Defect.number, Defect.title)
    ):
        yield number, Target(title, DEFECT_PAGE.format(own))
