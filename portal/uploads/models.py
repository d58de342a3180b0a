"""Tables of imports and what each of them brings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect
from indexer.words import N_
from kb.columns import UtcDateTime, choice
from kb.importing.outcome import Fate
from kb.models import Article
from portal.db import Base
from portal.people.models import Person


class Kind(StrEnum):
    """What an import brings in."""

    ARTICLES = "articles"
    DEFECTS = "defects"


class Phase(StrEnum):
    """How far an import has come."""

    READING = "reading"
    FAILED = "failed"
    PREVIEWED = "previewed"
    RUNNING = "running"
    LINKING = "linking"  # what points at things that came later in the same import
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


PHASE_LABELS = {
    Phase.READING: N_("正在读取文件"),
    Phase.FAILED: N_("文件不能用"),
    Phase.PREVIEWED: N_("等您确认"),
    Phase.RUNNING: N_("正在导入"),
    Phase.LINKING: N_("正在补上互相引用"),
    Phase.DONE: N_("导入完毕"),
    Phase.UNDOING: N_("正在撤销"),
    Phase.UNDONE: N_("已撤销"),
}
MOVING = (Phase.READING, Phase.RUNNING, Phase.LINKING, Phase.UNDOING)


class Stage(StrEnum):
    """How far one thing of an import has come."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # refused at the moment of writing
    UNDONE = "undone"
    KEPT = "kept"  # not taken back, with the reason


STAGE_LABELS = {
    Stage.WAITING: N_("待导入"),
    Stage.DONE: N_("已导入"),
    Stage.FAILED: N_("没有导入"),
    Stage.UNDONE: N_("已撤销"),
    Stage.KEPT: N_("没有撤销"),
}


class Import(Base):
    """One upload by one person, from its reading to its end."""

    __tablename__ = "file_import"
    __table_args__ = (Index("ix_file_import_phase", "phase", "moved_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    kind: Mapped[Kind] = mapped_column(choice(Kind), default=Kind.ARTICLES)
    phase: Mapped[Phase] = mapped_column(choice(Phase), default=Phase.READING)
    name: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(100))
    stored_as: Mapped[str | None] = mapped_column(String(80))  # None: the upload is no longer kept
    size: Mapped[int] = mapped_column(Integer)
    plan: Mapped[str] = mapped_column(Text, default="")  # the map file, as it came or as it was changed here
    found: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the words that the file uses
    encoding: Mapped[str] = mapped_column(String(20), default="auto")
    split: Mapped[bool] = mapped_column(default=False)
    submits: Mapped[bool] = mapped_column(default=False)  # new drafts go on to review at once
    sentence: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    by: Mapped[Person] = relationship()


class ImportItem(Base):
    """One article or record of an import: what the file says, what would become of it, what did."""

    __tablename__ = "file_import_item"
    __table_args__ = (
        Index("ix_file_import_item_stage", "import_id", "stage"),
        Index("ix_file_import_item_article", "article_id"),
        Index("ix_file_import_item_defect", "defect_id"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey(Import.id, ondelete="CASCADE"), primary_key=True)
    turn: Mapped[int] = mapped_column(Integer, primary_key=True)  # originals before their translations
    file: Mapped[str] = mapped_column(Text)
    row: Mapped[int] = mapped_column(Integer)
    place: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(100), default="")
    external_id: Mapped[str] = mapped_column(String(200), default="")
    parent: Mapped[list[str]] = mapped_column(JSON, default=list)  # source and id of the original
    title: Mapped[str] = mapped_column(String(300), default="")
    stated: Mapped[str] = mapped_column(String(20), default="")  # its number in the desk it comes from
    given: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)  # our fields, as the file has them
    fate: Mapped[Fate] = mapped_column(choice(Fate))
    stage: Mapped[Stage] = mapped_column(choice(Stage), default=Stage.WAITING)
    remarks: Mapped[list[str]] = mapped_column(JSON, default=list)
    sentence: Mapped[str] = mapped_column(Text, default="")
    article_id: Mapped[int | None] = mapped_column(ForeignKey(Article.id, ondelete="SET NULL"))
    defect_id: Mapped[int | None] = mapped_column(ForeignKey(Defect.id, ondelete="SET NULL"))
    seen: Mapped[int | None] = mapped_column(Integer)  # the version of what is there, in the preview
    after: Mapped[int | None] = mapped_column(Integer)  # and once it was written
    before: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)  # what taking back needs
    files: Mapped[list[int]] = mapped_column(JSON, default=list)  # attachments that came with it
    links: Mapped[bool] = mapped_column(default=False)  # it points at things that come later

    article: Mapped[Article | None] = relationship(Article)
    defect: Mapped[Defect | None] = relationship(Defect)
