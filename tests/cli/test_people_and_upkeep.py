"""Accounts, tokens, the trail, the index: what an operator does from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portal.cli.place import opened
from portal.people.login import bearer, sign_in
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.trail.models import TrailCheck
from tests.cli.conftest import PASSWORD, Desk, Write


def may_sign_in(login: str, password: str) -> bool:
    with opened() as place, place.writing() as session:
        return sign_in(session, login, password, attempts=5, minutes=15) is not None


def test_an_account_is_added_changed_and_closed(desk: Desk) -> None:
    assert desk.run("user", "add", "Mia", "--post", "admin", stdin=f"{PASSWORD}\n").exit_code == 0
    assert may_sign_in("mia", PASSWORD)
    assert desk.run("user", "passwd", "mia", stdin="another-lantern-9\n").exit_code == 0
    assert may_sign_in("mia", "another-lantern-9")
    token = desk.json("user", "token", "mia", "--scope", "read")["token"]
    assert desk.run("user", "deactivate", "mia").exit_code == 0
    assert not may_sign_in("mia", "another-lantern-9")
    with opened() as place, place.reading() as session:
        assert bearer(session, token) is None


def test_a_token_works_until_then(staffed: Desk) -> None:
    text = staffed.run("user", "token", "edith").stdout.strip()
    with opened() as place, place.reading() as session:
        found = bearer(session, text)
    assert found is not None
    assert found[0].login == "edith"


@pytest.mark.parametrize(
    ("args", "stdin", "words"),
    [
        (["add", "edith"], PASSWORD, "已经存在"),
        (["add", "a b"], PASSWORD, "账号只能用"),
        (["add", "nina"], "short", "密码长度"),
        (["add", "nina"], "", "标准输入"),
        (["add", "nina", "--unit", "moon"], PASSWORD, "moon"),
        (["add", "nina", "--post", "king"], PASSWORD, "--post"),
        (["passwd", "nobody"], PASSWORD, "nobody"),
        (["deactivate", "nobody"], "", "nobody"),
        (["token", "nobody"], "", "nobody"),
    ],
)
def test_an_account_that_cannot_be_is_refused(staffed: Desk, args: list[str], stdin: str, words: str) -> None:
    result = staffed.run("user", *args, stdin=stdin)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_password_never_stands_on_the_command_line(desk: Desk) -> None:
    from portal.cli.user import add, passwd

    assert not [
        option for made in (add, passwd) for option in made.params if "password" in (option.name or "")
    ]


def test_the_trail_verifies_until_somebody_touches_it(staffed: Desk, write: Write) -> None:
    staffed.json("import", "catalogue", write("c.csv", "code,name\nmkt,营销系统\n"))
    rows = write("t.csv", "external_id,text,category,system,requester\n1,打不开,咨询,mkt,edith\n")
    staffed.json("import", "tickets", rows)
    assert staffed.json("trail", "verify") == {"entries": 1, "broken": [], "tickets": 1}
    with opened() as place, place.writing() as session:
        session.query(TrailEntry).one().note = "never happened"
        number = session.query(Ticket).one().number
    result = staffed.run("trail", "verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["broken"][0]["ticket"] == number
    told = staffed.run("trail", "verify").stdout
    assert f"{number}：第 1 条流转记录对不上。" in told
    with opened() as place, place.reading() as session:
        kept = session.query(TrailCheck).order_by(TrailCheck.id).all()
    assert [(row.tickets, row.broken_count) for row in kept] == [(1, 0), (1, 1), (1, 1)]


def test_the_index_is_rebuilt_compared_and_repaired(staffed: Desk, write: Write) -> None:
    rows = write("a.csv", "external_id,title,body\n1,怎样连VPN,先装客户端\n2,打印机卡纸,打开后盖\n")
    staffed.json("import", "articles", rows, "--publish", "--no-index")
    assert staffed.json("reindex")["documents"] == 2
    assert staffed.json("reindex", "--check")["repaired"] == 0
    from indexer.index import Index

    index = Index.open(staffed.folder / "data" / "index", embedder=None)
    index.remove([("article", "1")])
    index.close()
    told = staffed.json("reindex", "--check")
    assert (told["missing"], told["repaired"]) == (1, 1)
    assert staffed.json("search", "VPN")["results"][0]["title"] == "怎样连VPN"


def test_a_set_is_evaluated(desk: Desk) -> None:
    folder = desk.folder / "set"
    (folder / "qrels").mkdir(parents=True)
    corpus = [
        {"_id": "d1", "title": "VPN 连不上", "text": "重装客户端"},
        {"_id": "d2", "title": "打印机", "text": "卡纸"},
    ]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q1", "text": "VPN 客户端"}) + "\n")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    run = desk.folder / "out.trec"
    figures = desk.json("evaluate", folder, "--run", run, "--engine", "lexical")
    assert (figures["hit_at_1"], figures["questions"]) == (1.0, 1)
    assert run.read_text().startswith("q1 Q0 d1 1 ")
    (folder / "queries.jsonl").unlink()
    assert "queries.jsonl" in desk.refused("evaluate", folder)


def test_a_search_without_an_index_says_so(staffed: Desk, write: Write) -> None:
    rows: Path = write("a.csv", "external_id,title,body\n1,怎样连VPN,先装客户端\n")
    staffed.json("import", "articles", rows, "--publish", "--no-index")
    result = staffed.run("search", "VPN")
    assert "tierdesk reindex" in result.stderr
    assert "怎样连VPN" in result.stdout
