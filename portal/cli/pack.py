"""``tierdesk pack``: carry articles, defects and synonyms between closed networks, signed and compared first.

The command is the operator's, on the machine itself; with ``--as`` it is somebody's, and may what they may.
The invariant: nothing is taken from a pack whose signer is not trusted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.pack_taking import FILE, apply, looked_at, undo
from portal.cli.pack_telling import about, items_told, lines_about, tell_items
from portal.cli.place import Place, acting, beside, opened
from portal.cli.telling import as_json, as_login, tell_json
from portal.packs import lists, making, manifest, receiving, senders, signing, ties, wishes
from portal.packs.models import Pack, PackSender
from portal.packs.signing import own_key
from portal.packs.wishes import Wish
from portal.packs.words import PHASE_LABELS, Kind, Phase
from portal.people.queries import viewer_of
from portal.people.roles import Permission, Post


@click.group("pack", help="资料包：在互不相通的网络之间携带知识、缺陷和同义词，签名，先看差异再接收。")
def command() -> None:
    pass


@command.command(help="本服务台的公钥和指纹，告诉对方用来核对。")
@as_json
def key(as_json: bool) -> None:
    with opened() as place, place.writing() as session:
        own, desk = own_key(place.settings.data_dir), ties.this_desk(session).desk
        told = {
            "desk": place.settings.company,
            "desk_id": desk,
            "public_key": signing.spelled(own.public),
            "fingerprint": signing.fingerprint(own.public),
        }
    if as_json:
        tell_json(told)
    else:
        click.echo(f"公钥 {told['public_key']}\n指纹 {told['fingerprint']}")


@command.command(
    help="制作资料包。默认是所有人和服务台人员能看的已发布知识、缺陷和同义词；工单和人员从不带出。"
)
@click.option("--articles", is_flag=True, help="只带知识，可与另两个合用。")
@click.option("--defects", is_flag=True, help="只带缺陷，可与另两个合用。")
@click.option("--synonyms", is_flag=True, help="只带同义词，可与另两个合用。")
@click.option("--system", "systems", multiple=True, metavar="CODE", help="只带这些系统的，可多次。")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="只带这一天以来改过的。")
@click.option("--only-public", is_flag=True, help="只带所有人都能看的，不带只给某些单位的。")
@click.option(
    "--audience",
    type=click.Choice(["everyone", "staff", "experts"]),
    default="staff",
    help="最多带到哪一类读者。",
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="写到哪个文件。"
)
@as_login
@as_json
def make(
    articles: bool,
    defects: bool,
    synonyms: bool,
    systems: Sequence[str],
    since: datetime | None,
    only_public: bool,
    audience: str,
    out: Path,
    login: str | None,
    as_json: bool,
) -> None:
    beside(out)
    with opened() as place, place.writing() as session:
        by = acting(session, login, Post.EDITOR, Post.ADMIN)
        if login and not by.may(Permission.MAKE_PACKS):
            raise Ended(f"{by.name}的岗位不能制作资料包。", BAD_INPUT)
        wish = Wish(
            kinds=_kinds(articles=articles, defects=defects, synonyms=synonyms),
            systems=frozenset(systems),
            since=since.date() if since else None,
            audience=wishes.audience_upto("everyone" if only_public else audience),
            viewer=viewer_of(by) if login else None,
        )
        made = making.make(
            session,
            wish,
            by=by,
            key=own_key(place.settings.data_dir),
            name=place.settings.company,
            uploads=place.settings.upload_dir,
            out=out,
        )
        counts = made.counts
    if as_json:
        tell_json({"file": str(out), "counts": counts, "sha256": made.sha256, "serial": made.serial})
    else:
        click.echo(
            f"已写入 {out}：知识 {counts['article']}，缺陷 {counts['defect']}，同义词 {counts['synonym']}。"
        )


def _kinds(**asked: bool) -> frozenset[Kind]:
    """Those that the flags name; without any, all."""
    return wishes.kinds_of([name.removesuffix("s") for name, wanted in asked.items() if wanted])


@command.command(help="资料包里有什么、谁签的名、签名人是否受信任。")
@click.argument("file", type=FILE, metavar="FILE")
@as_json
def show(file: Path, as_json: bool) -> None:
    with opened() as place, place.reading() as session, manifest.opened(file) as found:
        found.archive.check_all()
        told = about(found, trusted=_trusted(place, session, found.public_key))
    if as_json:
        tell_json(told)
    else:
        click.echo("\n".join(lines_about(told)))


def _trusted(place: Place, session: Session, public: bytes) -> str | None:
    """What the signer is called here; None when nobody trusts them."""
    if public == own_key(place.settings.data_dir).public:
        return place.settings.company
    sender = senders.trusted(session, public)
    return sender.name if sender else None


@command.command(help="与这里逐条比较，什么也不写入。")
@click.argument("file", type=FILE, metavar="FILE")
@click.option("--texts", is_flag=True, help="两边都改过的，逐字列出差异。")
@as_login
@as_json
def check(file: Path, texts: bool, login: str | None, as_json: bool) -> None:
    with opened() as place, looked_at(place, file, login) as (session, pack):
        if as_json:
            tell_json({"older": pack.older, "items": items_told(session, pack)})
        else:
            tell_items(session, pack, texts=texts)


@command.command(help="信任一个签名人。指纹要由对方通过电话或当面告诉您，不要照抄资料包里的。")
@click.argument("file", type=FILE, metavar="FILE", required=False)
@click.option("--key", "public_key", help="对方的公钥；给出资料包就不用写。")
@click.option("--name", required=True, help="这是哪个服务台。")
@click.option("--fingerprint", required=True, help="对方告诉您的指纹。")
@as_login
def trust(file: Path | None, public_key: str | None, name: str, fingerprint: str, login: str | None) -> None:
    if (file is None) == (public_key is None):
        raise Ended("请给出对方的资料包，或用 --key 给出公钥。", BAD_INPUT)
    if file is not None:
        with manifest.opened(file) as found:
            public = found.public_key
    else:
        public = signing.key_from(public_key or "")
    with opened() as place, place.writing() as session:
        by = acting(session, login, Post.ADMIN)
        sender = senders.trust(session, public, name=name, typed=fingerprint, by=by)
        waiting = select(Pack).where(Pack.public_key == sender.public_key, Pack.phase == Phase.UNTRUSTED)
        for pack in session.scalars(waiting):
            receiving.lay_out(session, pack, place.settings.data_dir)
    click.echo(f"已信任 {name}。")


@command.command("senders", help="受信任的签名人。")
@as_json
def list_senders(as_json: bool) -> None:
    with opened() as place, place.reading() as session:
        rows = list(session.scalars(senders.senders()))
    if as_json:
        names = ("name", "fingerprint", "public_key", "desk", "added_at", "removed_at")
        tell_json([{name: getattr(row, name) for name in names} for row in rows])
        return
    for row in rows:
        click.echo(f"{row.fingerprint}\t{row.name}{'（已不再信任）' if row.removed_at else ''}")
    if not rows:
        click.echo("还没有受信任的签名人。")


@command.command(help="不再信任一个签名人；已经接收的内容不变。")
@click.argument("fingerprint")
@as_login
def distrust(fingerprint: str, login: str | None) -> None:
    with opened() as place, place.writing() as session:
        by = acting(session, login, Post.ADMIN)
        wanted = select(PackSender).where(PackSender.fingerprint == fingerprint.strip().upper())
        sender = session.scalars(wanted).first()
        if sender is None:
            raise Ended("没有这个指纹的签名人。", BAD_INPUT)
        senders.distrust(session, sender, by=by)
    click.echo(f"已不再信任 {sender.name}。")


@command.command("list", help="收到的资料包，可以用编号撤销。")
@as_json
def list_packs(as_json: bool) -> None:
    with opened() as place, place.reading() as session:
        rows = list(session.scalars(lists.received()))
    if as_json:
        names = ("id", "desk_name", "serial", "made_at", "at", "phase", "counts", "name")
        tell_json([{name: getattr(row, name) for name in names} for row in rows])
        return
    for row in rows:
        click.echo(f"{row.id}\t{row.at:%Y-%m-%d}\t{row.desk_name} #{row.serial}\t{PHASE_LABELS[row.phase]}")


command.add_command(apply)
command.add_command(undo)
