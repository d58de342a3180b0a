"""``tierdesk search``: what the portal's own search finds, seen with one person's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from sqlalchemy.orm import Session

from indexer.document import Key
from indexer.index import Index
from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.explaining import document, lines
from portal.cli.place import acting, opened, opened_index
from portal.cli.telling import as_json, as_login, tell_json
from portal.finder.explanation import Explanation, explained, key_of
from portal.finder.find import Finder
from portal.finder.found import Found, Result
from portal.people.models import Person
from portal.people.roles import Post

#: Whose eyes, when nobody is named: those who see most come first.
EYES = (Post.EDITOR, Post.MANAGER, Post.ANALYST, Post.ADMIN)
KINDS = ("article", "defect", "ticket")


@click.command("search", help="检索知识、缺陷、工单；结果和门户里看到的一样。")
@click.argument("words")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="只找这一类，可多次。")
@click.option("--limit", type=click.IntRange(1, 100), default=10, help="最多几条，默认 10。")
@click.option("--explain", is_flag=True, help="说明每一步找到什么、名次和分数，以及概率从何而来。")
@click.option("--why", "refs", multiple=True, metavar="编号", help="这一篇为什么没有排上来？可多次。")
@as_login
@as_json
def command(
    words: str,
    kinds: Sequence[str],
    limit: int,
    explain: bool,
    refs: Sequence[str],
    login: str | None,
    as_json: bool,
) -> None:
    with opened() as place, opened_index(place.settings, patient=True) as index, place.reading() as session:
        person = acting(session, login, *EYES)
        found = Finder(index).search(session, person, words, kinds=kinds, limit=limit)
        told = None
        if explain or refs:
            told = _explained(index, session, person, words, kinds, limit=limit, refs=refs)
    if as_json:
        tell_json({**_document(found), **({"trace": document(told)} if told else {})})
        return
    _tell(found)
    if told is not None:
        click.echo()
        click.echo("\n".join(lines(told)))


def _document(found: Found) -> dict[str, Any]:
    return {
        "mode": found.mode.value,
        "trusted": found.trusted,
        "total": found.total,
        "announcements": [row.title for row in found.announcements],
        "results": [_result(row) for row in found.results],
    }


def _result(row: Result) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "id": row.id,
        "ref": row.ref,
        "title": row.title,
        "snippet": "".join(text for text, _ in row.snippet),
        "probability": round(row.probability, 4),
        "counted": row.counted,
        "trusted": row.trusted,
        "why": [{"kind": reason.kind.value, "text": reason.text} for reason in row.why],
        "system": row.system,
        "language": row.language,
    }


def _tell(found: Found) -> None:
    if found.degraded:
        click.echo("检索索引暂时不能用，以下是从数据库逐字查到的。可运行 tierdesk reindex。", err=True)
    for announcement in found.announcements:
        click.echo(f"[公告] {announcement.title}")
    for row in found.results:
        reasons = "；".join(reason.text for reason in row.why)
        # Until the desk's own judgements were counted, nobody is shown a percentage.
        sure = f"{row.probability:4.0%}" if row.counted else ("  · " if row.trusted else "    ")
        line = f"{row.ref:<14} {sure}  {row.title}"
        click.echo(f"{line}  （{reasons}）" if reasons else line)
    if not found.results:
        click.echo("没有找到。")
    elif not found.trusted and not found.degraded:
        click.echo("以上都没有把握。", err=True)


def _explained(
    index: Index,
    session: Session,
    person: Person,
    words: str,
    kinds: Sequence[str],
    *,
    limit: int,
    refs: Sequence[str],
) -> Explanation:
    """With this person's eyes, but for the documents that were asked about by number."""
    about: dict[str, Key | None] = {ref: key_of(session, ref) for ref in refs}
    for ref, key in about.items():
        if key is None:
            raise Ended(f"没有编号为“{ref}”的知识、缺陷或工单。", BAD_INPUT)
    keys = [key for key in about.values() if key is not None]
    return explained(index, session, person, words, kinds=kinds, limit=limit, about=keys)
