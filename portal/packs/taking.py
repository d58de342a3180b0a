"""What is done with one item: taken, laid beside ours as a draft, or ours kept for good.

Everything goes through the verbs of the knowledge base and the defect library and leaves revisions and
moves like a person's work. The invariant: what was here when the item was compared must still be here, and
whoever takes an article never counts as the second pair of eyes for what they have not asked to publish.
"""

from __future__ import annotations

from collections.abc import Callable

from indexer.words import N_
from kb.flow import Refused
from portal.finder.synonyms import words as synonyms
from portal.finder.synonyms.models import SynonymGroup
from portal.packs import article_takes, defect_takes
from portal.packs.idents import parts
from portal.packs.task import Task, write_on_line
from portal.packs.words import Choice, Kind, Standing
from portal.people.models import Person
from portal.people.roles import Permission

#: Who may take what.
POSTS = {
    Kind.ARTICLE: Permission.PUBLISH_ARTICLES,
    Kind.DEFECT: Permission.CURATE_DEFECTS,
    Kind.SYNONYM: Permission.PUBLISH_ARTICLES,
}


def may_take(person: Person | None, kind: Kind) -> bool:
    return person is not None and person.active and person.may(POSTS[kind])


def kinds_open_to(person: Person | None) -> list[Kind]:
    return [kind for kind in Kind if may_take(person, kind)]


def do(task: Task) -> None:
    """Do with this item what is chosen; raises :class:`Refused`. The row keeps what taking back needs."""
    if not may_take(task.by, task.item.kind):
        raise Refused(N_("这一类内容要由别的岗位接收。"))
    standing, chosen = task.row.standing, task.row.chosen
    if standing == Standing.UNCHANGED:
        _agree(task)
    elif chosen == Choice.KEEP:
        _keep_ours(task)
    else:
        _check_seen(task)
        DEEDS[task.item.kind](task)


def _check_seen(task: Task) -> None:
    now = task.here.seen if task.here else ""
    if task.item.kind != Kind.SYNONYM and now != task.row.seen:
        raise Refused(N_("核对以后这里又有人改过，请重新核对这一条。"))


def _agree(task: Task) -> None:
    """Both say the same: from here on, what either changes is a change."""
    here = task.here
    if here is not None and task.item.content is not None and here.state.version != task.item.version:
        write_on_line(task, here, content=here.seen)


def _keep_ours(task: Task) -> None:
    """Somebody has looked at theirs and stays with ours: ours goes on from theirs."""
    if task.here is not None and task.row.standing == Standing.CONFLICT and task.row.chosen_by_id is not None:
        write_on_line(task, task.here, content="")


# ── synonyms ─────────────────────────────────────────────────────────────────────────────────────


def _take_synonym(task: Task) -> None:
    item, by = task.item, task.by
    if item.content is None:
        group = task.session.get(SynonymGroup, task.row.subject_id or 0)
        if group is not None:
            synonyms.remove(task.session, group, by=by)
        return
    source = task.pack.desk_name
    group = synonyms.add(task.session, item.content["words"], by=by, source=source, desk=parts(item.ident)[0])
    task.row.subject_id = group.id


DEEDS: dict[Kind, Callable[[Task], None]] = {
    Kind.ARTICLE: article_takes.WAYS.take,
    Kind.DEFECT: defect_takes.WAYS.take,
    Kind.SYNONYM: _take_synonym,
}
