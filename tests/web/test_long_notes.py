"""A reason of thirty pages is refused with a sentence wherever a step wants one; one of a page is kept."""

from __future__ import annotations

import pytest

from kb.flow import LONGEST_NOTE
from tests.web.conftest import Clients, Writing

TOO_LONG = "长" * (LONGEST_NOTE + 1)
SENTENCE = f"请控制在 {LONGEST_NOTE} 个字以内"


@pytest.mark.parametrize("page", ["/knowledge/KB000001/moves/mark_due", "/defects/QX000001/moves/reject"])
def test_a_step_of_a_life(client: Clients, published: Writing, known: Writing, page: str) -> None:
    published("怎样补打发票")
    known("电费重算后页面一直转圈")
    login = "editor" if page.startswith("/knowledge") else "expert"
    refused = client(login).submit(page, {"note": TOO_LONG})
    assert refused.status_code == 422
    assert SENTENCE in refused.text
    assert client(login).submit(page, {"note": "长" * LONGEST_NOTE}).status_code == 302


def test_a_pause_of_automatic_links(client: Clients, published: Writing) -> None:
    manager = client("manager")
    refused = manager.submit("/learning/automatic/pause", {"note": TOO_LONG})
    assert refused.status_code == 422
    assert SENTENCE in refused.text
    assert manager.submit("/learning/automatic/pause", {"note": "先停一停"}).status_code == 302
