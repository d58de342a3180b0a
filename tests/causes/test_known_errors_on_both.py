"""The life of a known error on each database: offered, outgrown unit by unit, off line, back again."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library
from defects.flow import DefectState
from defects.texts import DefectText
from kb.columns import CLOCK
from kb.flow import ArticleState
from portal.catalogue.models import Deployment
from portal.catalogue.outgrown import offered_articles, outgrown, outgrown_among
from portal.causes.known import publishing, retiring
from portal.causes.known.standing import known_of
from portal.people.queries import viewer_of
from tests.engines import engine_on_each as engine
from tests.world import MOMENT, World

__all__ = ["engine"]


@pytest.mark.slow
def test_a_known_error_from_its_click_to_its_return(session: Session, desk_world: World) -> None:
    session.info[CLOCK] = MOMENT
    people, units = desk_world.people, desk_world.units
    text = DefectText(
        "算费报错", "mkt", symptoms=("点计算就报 MKT-3021",), workaround="重启", fixed_in="6.2.0"
    )
    record = library.open_record(session, text, by=people["expert"].id)
    record.state = DefectState.CONFIRMED
    article = publishing.publish(session, record, by=people["editor"]).article
    assert not outgrown(session, units["ld"])
    record.state = DefectState.VERIFIED
    session.flush()
    assert set(outgrown(session, units["ld-cy"])) == {article.id}
    assert outgrown_among(session, units["ld-cy"], [article]) == {article.id}
    assert not outgrown(session, units["hl"])
    assert session.scalars(offered_articles(session, people["wang"])).all() == []
    assert session.scalars(offered_articles(session, people["zhao"])).all() == [article]
    editor = people["editor"]
    (row,) = known_of(session, record, by=editor, viewer=viewer_of(editor)).rows
    assert (row.over, row.units) == (3, 4)
    session.scalars(select(Deployment)).one().version = "6.2.0"
    session.flush()
    assert retiring.settle(session).retired == [article]
    record.state = DefectState.CONFIRMED
    session.flush()
    assert retiring.settle(session).returned == [article]
    assert article.state == ArticleState.PUBLISHED
    session.commit()
