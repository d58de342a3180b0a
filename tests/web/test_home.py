"""The home page: what an employee meets first."""

from __future__ import annotations

from portal.tickets.words import CATEGORY_DOORS
from tests.web.conftest import Clients, Filing


def test_a_stranger_is_sent_to_the_sign_in_page(client: Clients) -> None:
    answer = client().get("/")
    assert answer.status_code == 302
    assert "/sign-in" in answer.location


def test_it_offers_the_box_and_all_eight_doors(client: Clients) -> None:
    page = client("wang").get("/").text
    assert 'id="text"' in page
    for category, words in CATEGORY_DOORS.items():
        assert f"/ask?category={category.value}" in page
        assert words in page


def test_my_open_tickets_stand_there_with_who_has_them_and_nobody_elses(client: Clients, filed: Filing) -> None:
    mine, other = filed("电费核算打不开"), filed("公文发不出去", by="zhao", system="oa")
    page = client("wang").get("/").text
    assert mine in page
    assert "服务台已收到" in page
    assert other not in page
