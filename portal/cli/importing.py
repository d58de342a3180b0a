"""``tierdesk import``: read, rename, check, load; all or nothing unless bad rows may be skipped.

The invariant: with ``--dry-run``, and with a bad row without ``--skip-bad``, nothing at all is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from kb.importing.fields import Field
from kb.importing.outcome import Outcome, Record
from kb.importing.plan import Plan, plan_for
from kb.importing.rows import ENCODINGS, read_rows
from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.feeding import feed
from portal.cli.nouns import NOUNS, Job
from portal.cli.outcomes import tell_outcome, write_rejects, write_report
from portal.cli.place import Place, acting, beside, opened
from portal.cli.telling import as_json, as_login, bar, tell_json
from portal.people.roles import Permission, Post

HELP = (
    "导入 CSV、XLSX、JSONL（都可为 .gz）；知识还可以是 Markdown、HTML、Word（.docx）文件，"
    "或者装着它们和图片的文件夹、ZIP 压缩包。默认全部成功才写入。"
)
PLACE = click.Path(path_type=Path)


@click.command("import", help=HELP)
@click.argument("noun", type=click.Choice(list(NOUNS)), metavar="articles|defects|tickets|people|catalogue")
@click.argument("files", nargs=-1, type=PLACE, metavar="FILE…")
@click.option("--map", "map_file", type=PLACE, help="列名对照表（TOML），一行可以生成几篇。")
@click.option("--field", "fields", multiple=True, metavar="字段=列名", help="用哪一列作哪个字段，可多次。")
@click.option("--set", "constants", multiple=True, metavar="字段=值", help="每行都用的固定值，可多次。")
@click.option("--language", metavar="zh|en", help="知识的语言，等于 --set language=…。")
@click.option("--source", metavar="名称", help="来源的名称；同一来源的同一编号是同一条。不写则用文件名。")
@click.option(
    "--encoding", type=click.Choice(ENCODINGS), default="utf-8", help="文件的编码，不写则为 utf-8。"
)
@click.option("--split", is_flag=True, help="Word 和 HTML 里的每个一级标题各成一篇知识。")
@click.option("--publish", is_flag=True, help="导入的知识直接发布，不经审核。")
@click.option("--dry-run", is_flag=True, help="只检查，不写入。")
@click.option(
    "--skip-bad",
    "rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="REJECTS.csv",
    help="跳过有错的行，连同原因写进这个文件。",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="REPORT.csv",
    help="把每一行的结果写进这个文件：新增、更新、不变还是不能导入，编号和要注意的事。",
)
@click.option("--fields", "list_fields", is_flag=True, help="列出可用的字段，然后结束。")
@click.option("--index/--no-index", "index", default=True, help="导入后立刻更新检索索引（默认）或不更新。")
@as_login
@as_json
def command(
    noun: str,
    files: Sequence[Path],
    map_file: Path | None,
    fields: Sequence[str],
    constants: Sequence[str],
    language: str | None,
    source: str | None,
    encoding: str,
    split: bool,
    publish: bool,
    dry_run: bool,
    rejects: Path | None,
    report: Path | None,
    list_fields: bool,
    index: bool,
    login: str | None,
    as_json: bool,
) -> None:
    if list_fields:
        _tell_fields(NOUNS[noun].fields, as_json)
        return
    if not files:
        raise Ended("请写明要导入的文件。", BAD_INPUT)
    for path in filter(None, (rejects, report)):
        beside(path)
    given = [*constants, *([f"language={language}"] if language else [])]
    plan = plan_for(
        NOUNS[noun].table,
        NOUNS[noun].fields,
        map_file=map_file,
        fields=fields,
        constants=given,
        source=source,
    )
    records = _records(plan, files, encoding, split=split)
    with opened() as place:
        outcome = _load(
            place,
            noun,
            records,
            plan,
            login=login,
            publish=publish,
            skip_bad=bool(rejects),
            dry_run=dry_run,
            quiet=as_json,
        )
        if rejects and outcome.faults:
            write_rejects(rejects, outcome)
        if report:
            write_report(report, outcome)
        written = not dry_run and (not outcome.faults or bool(rejects))
        if written and index and outcome.new + outcome.changed:
            feed(place, quiet=as_json)
    tell_outcome(outcome, written=written, dry_run=dry_run, rejects=rejects, as_json=as_json)
    if outcome.faults and not rejects:
        raise click.exceptions.Exit(BAD_INPUT)


def _tell_fields(fields: Sequence[Field], as_json: bool) -> None:
    if as_json:
        tell_json([{"name": row.name, "meaning": row.meaning, "required": row.required} for row in fields])
        return
    for row in fields:
        click.echo(f"{row.name:<15} {row.meaning}{'（必需）' if row.required else ''}")


def _records(plan: Plan, files: Sequence[Path], encoding: str, *, split: bool) -> list[Record]:
    found: list[Record] = []
    for path in files:
        name = path.resolve().name.split(".")[0] or path.name
        found += plan.records(read_rows(path, encoding=encoding, split=split), source=name)
    return found


class _Undo(Exception):
    """Leave the unit of work without keeping anything."""


def _load(
    place: Place,
    noun: str,
    records: Sequence[Record],
    plan: Plan,
    *,
    login: str | None,
    publish: bool,
    skip_bad: bool,
    dry_run: bool,
    quiet: bool,
) -> Outcome:
    outcome = Outcome()
    try:
        with place.writing() as session, bar("导入", len(records), quiet=quiet) as advance:
            by = acting(session, login, Post.EDITOR, Post.ADMIN)
            if publish and not (by.may(Permission.PUBLISH_ARTICLES) or by.may(Permission.MANAGE_CATALOGUE)):
                raise Ended(f"{by.name}的岗位不能发布知识，请用 --as 指明知识编辑或管理员。", BAD_INPUT)
            job = Job(
                session,
                records,
                plan,
                by,
                place.settings,
                publish=publish,
                skip_bad=skip_bad,
                dry_run=dry_run,
                bound=login is not None,
                progress=advance,
            )
            outcome = NOUNS[noun].load(job)
            if dry_run or (outcome.faults and not skip_bad):
                raise _Undo
    except _Undo:
        pass
    return outcome
