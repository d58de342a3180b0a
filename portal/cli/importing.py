"""``tierdesk import``: read, rename, check, load; all or nothing unless bad rows may be skipped.

The invariant: with ``--dry-run``, and with a bad row without ``--skip-bad``, nothing at all is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from kb.importing.fields import Field
from kb.importing.outcome import Outcome, Record
from kb.importing.plan import Plan, plan_for
from kb.importing.rows import ENCODINGS, read_rows
from portal.causes.trackers.mapping import Mapped, mapping_from
from portal.causes.trackers.reading import Tracker, records_of
from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.feeding import feed
from portal.cli.nouns import NOUNS, Job
from portal.cli.outcomes import tell_outcome, write_rejects, write_report
from portal.cli.place import Place, acting, beside, opened
from portal.cli.telling import as_json, as_login, bar, tell_json
from portal.people.models import Person
from portal.people.roles import Permission, Post

HELP = (
    "导入 CSV、XLSX、JSONL（都可为 .gz）；知识还可以是 Markdown、HTML、Word（.docx）文件，"
    "或者装着它们和图片的文件夹、ZIP 压缩包。默认全部成功才写入。"
)
PLACE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says: each option under its own name."""

    noun: str
    files: Sequence[Path]
    map_file: Path | None
    tracker: str | None
    mapping: Path | None
    fields: Sequence[str]
    constants: Sequence[str]
    language: str | None
    source: str | None
    encoding: str
    split: bool
    publish: bool
    dry_run: bool
    rejects: Path | None
    report: Path | None
    list_fields: bool
    index: bool
    login: str | None
    as_json: bool

    @property
    def skips_bad(self) -> bool:
        return self.rejects is not None

    def plan(self) -> Plan:
        given = [f"language={self.language}"] if self.language else []
        noun = NOUNS[self.noun]
        return plan_for(
            noun.table,
            noun.fields,
            map_file=self.map_file,
            fields=self.fields,
            constants=[*self.constants, *given],
            source=self.source,
        )

    def records(self, plan: Plan) -> list[Record]:
        if self.tracker is not None:
            return self._foreign(Tracker(self.tracker))
        found: list[Record] = []
        for path in self.files:
            name = path.resolve().name.split(".")[0] or path.name
            found += plan.records(read_rows(path, encoding=self.encoding, split=self.split), source=name)
        return found

    def _foreign(self, tracker: Tracker) -> list[Record]:
        mapped = mapping_from(self.mapping) if self.mapping else Mapped()
        encoding = self.encoding if self.encoding != "utf-8" else "auto"
        given = {"source": self.source or "", "encoding": encoding}
        return [row for path in self.files for row in records_of(path, tracker, mapped, **given)]

    def check(self) -> None:
        """Raise what does not go together."""
        if not self.files:
            raise Ended("请写明要导入的文件。", BAD_INPUT)
        if self.tracker and self.noun != "defects":
            raise Ended("--from 只用于 defects：其他系统导出的是缺陷。", BAD_INPUT)
        if self.mapping and not self.tracker:
            raise Ended("--mapping 要和 --from 一起用；普通表格的列名对照用 --map。", BAD_INPUT)
        if self.tracker and (self.map_file or self.fields or self.constants):
            raise Ended(
                "--from 的对照写在 --mapping 的文件里，不和 --map、--field、--set 一起用。", BAD_INPUT
            )

    def writes(self, outcome: Outcome) -> bool:
        """Is what was loaded kept?"""
        return not self.dry_run and (not outcome.faults or self.skips_bad)


@click.command("import", help=HELP)
@click.argument("noun", type=click.Choice(list(NOUNS)), metavar="articles|defects|tickets|people|catalogue")
@click.argument("files", nargs=-1, type=PLACE, metavar="FILE…")
@click.option("--map", "map_file", type=PLACE, help="列名对照表（TOML），一行可以生成几篇。")
@click.option(
    "--from",
    "tracker",
    type=click.Choice([tracker.value for tracker in Tracker]),
    help="缺陷来自别的系统的导出：Bugzilla（XML、CSV）、Jira（XML、CSV、JSON）或别的 CSV。",
)
@click.option("--mapping", type=PLACE, help="和 --from 一起：产品、状态、版本、账号的对照（TOML 或 JSON）。")
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
def command(**options: Any) -> None:
    asked = Asked(**options)
    if asked.list_fields:
        _tell_fields(NOUNS[asked.noun].fields, asked.as_json)
        return
    asked.check()
    for path in filter(None, (asked.rejects, asked.report)):
        beside(path)
    plan = asked.plan()
    records = asked.records(plan)
    with opened() as place:
        outcome = _load(place, asked, plan, records)
        written = asked.writes(outcome)
        _keep(asked, outcome)
        if written and asked.index and outcome.new + outcome.changed:
            feed(place, quiet=asked.as_json)
    tell_outcome(
        outcome, written=written, dry_run=asked.dry_run, rejects=asked.rejects, as_json=asked.as_json
    )
    if outcome.faults and not asked.rejects:
        raise click.exceptions.Exit(BAD_INPUT)


def _tell_fields(fields: Sequence[Field], as_json: bool) -> None:
    if as_json:
        tell_json([{"name": row.name, "meaning": row.meaning, "required": row.required} for row in fields])
        return
    for row in fields:
        click.echo(f"{row.name:<15} {row.meaning}{'（必需）' if row.required else ''}")


def _keep(asked: Asked, outcome: Outcome) -> None:
    """The files that were asked for: what was wrong, and what became of every row."""
    if asked.rejects and outcome.faults:
        write_rejects(asked.rejects, outcome)
    if asked.report:
        write_report(asked.report, outcome)


class _Undo(Exception):
    """Leave the unit of work without keeping anything."""


def _load(place: Place, asked: Asked, plan: Plan, records: Sequence[Record]) -> Outcome:
    outcome = Outcome()
    try:
        with place.writing() as session, bar("导入", len(records), quiet=asked.as_json) as advance:
            job = Job(
                session,
                records,
                plan,
                _acting(session, asked),
                place.settings,
                publish=asked.publish,
                skip_bad=asked.skips_bad,
                dry_run=asked.dry_run,
                bound=asked.login is not None,
                progress=advance,
                foreign=asked.tracker is not None,
            )
            outcome = NOUNS[asked.noun].load(job)
            if not asked.writes(outcome):
                raise _Undo
    except _Undo:
        pass
    return outcome


def _acting(session: Session, asked: Asked) -> Person:
    by = acting(session, asked.login, Post.EDITOR, Post.ADMIN)
    if asked.publish and not (by.may(Permission.PUBLISH_ARTICLES) or by.may(Permission.MANAGE_CATALOGUE)):
        raise Ended(f"{by.name}的岗位不能发布知识，请用 --as 指明知识编辑或管理员。", BAD_INPUT)
    return by
