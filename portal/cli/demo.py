"""``tierdesk demo``: the whole desk in one process on sample data, made once and kept.

Pages answer at once; the index is built behind them. The demonstration keeps to its own folder whatever
database the environment names. The invariant: sample data only ever go into an empty database.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from portal import config
from portal.cli.place import Place, opened, opened_index
from portal.cli.serve import check_free, host_option, port_option
from portal.cli.settling import settle
from portal.cli.telling import bar
from portal.config import Settings
from portal.db import sessions_of, transaction

#: Settings of a real installation that a demonstration must never touch.
NOT_OURS = (
    "TIERDESK_DATABASE_URL",
    "TIERDESK_INDEX_DIR",
    "TIERDESK_UPLOAD_DIR",
    "TIERDESK_SECRET_KEY",
    "TIERDESK_SMTP_HOST",  # nobody gets mail from made-up people; the folder's own tierdesk.toml may name one
)
THREADS = 12
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("demo", help="用示例数据启动整个服务台：网页、后台服务都在一个进程里，按 Ctrl-C 停止。")
@host_option
@port_option
@click.option("--data", type=FOLDER, default=Path("var/demo"), help="数据目录，默认 var/demo。")
def command(host: str, port: int, data: Path) -> None:
    settings = settings_for(data, os.environ)
    check_free(host, port)
    password = password_of(settings.data_dir)
    with opened(settings) as place:
        fill_once(place, password)
        tell_accounts(place, password)
        run(place, host=host, port=port)


def settings_for(data: Path, environ: Mapping[str, str]) -> Settings:
    """The demonstration's settings: encoder, language and the like as everywhere, places its own."""
    kept = {name: value for name, value in environ.items() if name not in NOT_OURS}
    settings = config.load({**kept, "TIERDESK_DATA_DIR": str(data)}, file=data / "tierdesk.toml")
    config.ensure_folders(settings)
    return settings


def password_of(folder: Path) -> str:
    """One password for every account of the demonstration, made once, readable by its owner alone."""
    path = folder / "demo_password"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        password = f"desk-{secrets.token_hex(4)}"
        file.write(f"{password}\n")
    return password


def fill_once(place: Place, password: str) -> None:
    """Sample data into an empty database, in one transaction: an interrupted start leaves nothing behind."""
    from portal.people.passwords import hashed
    from portal.sample.load import TICKETS, fill, is_empty

    # A maker without the outbox: the index is built anew afterwards, nothing need wait in line for it.
    maker = sessions_of(place.engine)
    with transaction(maker) as session:
        if is_empty(session):
            click.echo("正在准备示例数据，只需一次……", err=True)
            with bar("示例数据", TICKETS) as advance:
                fill(session, password_hash=hashed(password), progress=advance)


def tell_accounts(place: Place, password: str) -> None:
    """One account for each post, and one employee."""
    from portal.people.queries import person_by_login
    from portal.people.roles import POST_LABELS
    from portal.sample.company import demo_accounts

    click.echo(f"演示账号（密码都是 {password}）：")
    with place.reading() as session:
        for _, login, _ in demo_accounts():
            person = person_by_login(session, login)
            if person is not None:
                posts = "、".join(POST_LABELS[held.post] for held in person.posts) or "普通员工"
                click.echo(f"  {person.login:<16} {person.name}  {posts}  {person.unit.name}")


def run(place: Place, *, host: str, port: int) -> None:
    """Serve until a signal comes; the thread behind is stopped and waited for."""
    from waitress.server import create_server

    from portal.app import create_app
    from portal.cli.upkeep import Upkeep

    logging.getLogger().setLevel(logging.ERROR)  # the console is for the accounts and the address
    with opened_index(place.settings) as index:
        app = create_app(place.settings, maker=place.maker, index=index)
        server: Any = create_server(app, host=host, port=port, threads=THREADS, ident=None)
        upkeep = Upkeep(place.settings, place.maker, index)
        behind = threading.Thread(target=upkeep.run, name="upkeep", daemon=True)
        signal.signal(signal.SIGTERM, _stop)
        behind.start()
        settle(index)
        click.echo(f"服务台已启动：http://{host}:{port} ，按 Ctrl-C 停止。")
        server.run()  # returns when a signal ends it
        upkeep.stop.set()
        behind.join(timeout=20)
    click.echo("已停止。")


def _stop(*_: object) -> None:
    raise SystemExit(0)
