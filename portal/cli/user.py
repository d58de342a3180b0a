"""``tierdesk user``: accounts from the command line: add, set a password, deactivate, issue a token.

Passwords are read from a prompt or from standard input, never from an argument that ``ps`` would show.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime

import click
from sqlalchemy.orm import Session

from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.place import acting, moment, opened
from portal.cli.telling import as_json, tell_json
from portal.people.login import SCOPES, issue_token
from portal.people.models import AuditEntry, Person, PersonPost, Unit
from portal.people.passwords import hashed
from portal.people.queries import person_by_login, unit_by_code, units_in_order
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, Post


@click.group("user", help="人员账号：新建、改密码、停用、令牌。")
def command() -> None:
    pass


def _password() -> str:
    """Asked twice on a terminal, one line from a pipe."""
    if sys.stdin.isatty():
        return str(click.prompt("密码", hide_input=True, confirmation_prompt="再输一次", err=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Ended("请从标准输入给出密码，例如 tierdesk user passwd LOGIN < 密码文件。", BAD_INPUT)
    return line


def _audit(session: Session, action: str, person: Person) -> None:
    entry = AuditEntry(at=moment(), by_id=None, action=action, subject="person", subject_id=person.login)
    session.add(entry)


@command.command(help="新建账号；密码在提示下输入，或从标准输入读一行。还没有单位时自动建立总公司。")
@click.argument("login")
@click.option("--name", help="姓名；不写则同账号。")
@click.option("--unit", "unit_code", metavar="CODE", help="所在单位的代码；不写则为最上级单位。")
@click.option(
    "--post", "posts", multiple=True, type=click.Choice([post.value for post in Post]), help="岗位，可多次。"
)
@click.option("--system", "systems", multiple=True, metavar="CODE", help="专家岗、开发岗负责的系统，可多次。")
@click.option("--email", default="", help="邮箱。")
@click.option("--phone", default="", help="电话。")
def add(
    login: str,
    name: str | None,
    unit_code: str | None,
    posts: Sequence[str],
    systems: Sequence[str],
    email: str,
    phone: str,
) -> None:
    from portal.people.importing import LOGIN

    login = login.strip().lower()
    if not LOGIN.fullmatch(login):
        raise Ended("账号只能用字母、数字和 . _ - @。", BAD_INPUT)
    secret = hashed(_password())
    with opened() as place, place.writing() as session:
        if person_by_login(session, login) is not None:
            raise Ended(f"账号 {login} 已经存在。", BAD_INPUT)
        unit = _unit(session, unit_code, company=place.settings.company)
        person = Person(
            login=login,
            name=name or login,
            unit=unit,
            email=email,
            phone=phone,
            password_hash=secret,
            created_at=moment(),
            posts=[_post(Post(post), unit, systems) for post in posts],
        )
        session.add(person)
        _audit(session, "add", person)
    click.echo(f"已建立账号 {login}。")


def _unit(session: Session, code: str | None, *, company: str) -> Unit:
    if code:
        found = unit_by_code(session, code)
        if found is None:
            raise Ended(f"没有代码为 {code} 的单位。", BAD_INPUT)
        return found
    units = units_in_order(session)
    if units:
        return units[0]
    return Unit(code="hq", name=company, kind="company", path="/hq/")


def _post(post: Post, unit: Unit, systems: Sequence[str]) -> PersonPost:
    return PersonPost(
        post=post,
        unit=unit if post in BOUND_TO_UNITS else None,
        systems=sorted(set(systems)) if post in BOUND_TO_SYSTEMS else [],
    )


@command.command(help="设置新密码并解除锁定；密码在提示下输入，或从标准输入读一行。")
@click.argument("login")
def passwd(login: str) -> None:
    secret = hashed(_password())
    with opened() as place, place.writing() as session:
        person = _somebody(session, login)
        person.password_hash = secret
        person.failed_logins, person.locked_until = 0, None
        _audit(session, "set_password", person)
    click.echo(f"已更新 {login} 的密码。")


@command.command(help="停用账号：不能再登录，令牌和会话失效，历史记录不变。")
@click.argument("login")
def deactivate(login: str) -> None:
    from portal.people.models import ApiToken, LoginSession

    with opened() as place, place.writing() as session:
        person = _somebody(session, login)
        person.active = False
        session.query(LoginSession).filter_by(person_id=person.id).delete()
        for token in session.query(ApiToken).filter_by(person_id=person.id, revoked_at=None):
            token.revoked_at = moment()
        _audit(session, "deactivate", person)
    click.echo(f"已停用 {login}。")


def _somebody(session: Session, login: str) -> Person:
    person = person_by_login(session, login)
    if person is None:
        raise Ended(f"没有账号为“{login}”的人员。", BAD_INPUT)
    return person


@command.command(help="签发接口令牌；令牌只显示这一次。")
@click.argument("login")
@click.option("--name", default="命令行签发", help="用途，写给以后的自己看。")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), default=("read",), help="范围，可多次。"
)
@click.option("--days", type=click.IntRange(1, 3650), default=365, help="有效天数。")
@as_json
def token(login: str, name: str, scopes: Sequence[str], days: int, as_json: bool) -> None:
    with opened() as place, place.writing() as session:
        person = acting(session, login)
        issued, text = issue_token(session, person, name, scopes=list(dict.fromkeys(scopes)), days=days)
        _audit(session, "issue_token", person)
        expires: datetime | None = issued.expires_at
    if as_json:
        tell_json({"token": text, "login": person.login, "scopes": list(scopes), "expires_at": expires})
    else:
        click.echo(text)
