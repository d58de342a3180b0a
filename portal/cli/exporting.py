"""``tierdesk export``: what somebody may see, in a file that ``tierdesk import`` reads.

Without ``--as`` it is the operator's own machine and everything is exported; with it, no more than that
person may read. The invariant: a ticket leaves only for a post that may export.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from defects.exporting import RECIPE, columns_for, defect_rows
from defects.models import Defect
from defects.queries import visible_defects
from kb.exporting.articles import COLUMNS as ARTICLE_COLUMNS
from kb.exporting.articles import article_rows
from kb.exporting.bundles import PARTS, write_bundle_to
from kb.exporting.files import BUNDLES, format_of, write_file
from kb.models import Article
from kb.queries import readable_articles
from portal.catalogue.exporting import COLUMNS as CATALOGUE_COLUMNS
from portal.catalogue.exporting import catalogue_rows
from portal.causes.keys.recipe import may_read
from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.place import acting, beside, opened
from portal.cli.telling import as_json, as_login, bar, tell_json
from portal.curation.copies import files_of
from portal.people.exporting import COLUMNS as PEOPLE_COLUMNS
from portal.people.exporting import people_rows
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets.exporting import COLUMNS as TICKET_COLUMNS
from portal.tickets.exporting import ticket_rows
from portal.tickets.models import Ticket
from portal.tickets.visibility import served_tickets

Rows = Iterator[Mapping[str, Any]]


def _articles(session: Session, person: Person | None) -> Rows:
    return article_rows(session, _wanted(person), logins=_logins(session))


def _wanted(person: Person | None) -> Select[Article]:
    return select(Article) if person is None else readable_articles(viewer_of(person))


def _defects(session: Session, person: Person | None) -> Rows:
    _needs(person, Permission.READ_STAFF_TEXTS)  # a record holds more than the page for employees shows
    wanted = select(Defect) if person is None else visible_defects(viewer_of(person))
    return defect_rows(session, wanted, logins=_logins(session))


def _of_defects(person: Person | None) -> Sequence[str]:
    """Recipes for mending data are for those who may run them."""
    return columns_for(RECIPE if person is not None and not may_read(person) else ())


def _logins(session: Session) -> dict[int, str]:
    return dict(session.execute(select(Person.id, Person.login)).all())


def _tickets(session: Session, person: Person | None) -> Rows:
    _needs(person, Permission.EXPORT)
    return ticket_rows(session, select(Ticket) if person is None else served_tickets(person))


def _people(session: Session, person: Person | None) -> Rows:
    _needs(person, Permission.MANAGE_PEOPLE)
    return people_rows(session)


def _catalogue(session: Session, person: Person | None) -> Rows:
    _needs(person, Permission.MANAGE_CATALOGUE)
    return catalogue_rows(session)


def _needs(person: Person | None, permission: Permission) -> None:
    if person is not None and not person.may(permission):
        raise Ended(f"{person.name}的岗位不能导出这些内容。", BAD_INPUT)


@dataclass(frozen=True, slots=True)
class Noun:
    columns: Callable[[Person | None], Sequence[str]]
    rows: Callable[[Session, Person | None], Rows]


NOUNS = {
    "articles": Noun(lambda _: ARTICLE_COLUMNS, _articles),
    "defects": Noun(_of_defects, _defects),
    "tickets": Noun(lambda _: TICKET_COLUMNS, _tickets),
    "people": Noun(lambda _: PEOPLE_COLUMNS, _people),
    "catalogue": Noun(lambda _: CATALOGUE_COLUMNS, _catalogue),
}


HELP = (
    "导出到 .csv、.xlsx、.jsonl（都可加 .gz）；知识还可以连同图片导出成 Markdown 文件夹、"
    ".zip（里面是 Markdown）或 .html.zip（里面是网页）。"
)


@click.command("export", help=HELP)
@click.argument("noun", type=click.Choice(list(NOUNS)), metavar="articles|defects|tickets|people|catalogue")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@as_login
@as_json
def command(noun: str, path: Path, login: str | None, as_json: bool) -> None:
    kind = BUNDLES.get(format_of(beside(path)))
    if kind and noun != "articles":
        raise Ended("只有知识能导出成 Markdown 或网页，请写 .csv、.xlsx 或 .jsonl 文件名。", BAD_INPUT)
    with opened() as place, place.reading() as session, bar("导出", quiet=as_json) as advance:
        person = acting(session, login) if login else None
        rows = _told(NOUNS[noun].rows(session, person), advance)
        if kind:
            files = files_of(session, _wanted(person), place.settings.upload_dir)
            count = write_bundle_to(path, PARTS[kind](ARTICLE_COLUMNS, rows, files))
        else:
            count = write_file(path, NOUNS[noun].columns(person), rows)
    if as_json:
        tell_json({"exported": count, "file": str(path)})
    else:
        click.echo(f"已导出 {count} 条到 {path}。")


def _told(rows: Rows, advance: Callable[[int], None]) -> Rows:
    for row in rows:
        yield row
        advance(1)
