"""``tierdesk serve``: the web application under gunicorn, several processes with several threads each."""

from __future__ import annotations

import socket
from typing import Any

import click

from portal.cli.endings import Ended
from portal.cli.place import opened, settings_here
from portal.cli.settling import settle
from portal.config import Settings

THREADS = 8


def check_free(host: str, port: int) -> None:
    """Say early and plainly that somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise Ended(f"不能在 {host}:{port} 上监听：{fault.strerror}。可用 --port 换一个端口。") from fault


host_option = click.option("--host", default="127.0.0.1", help="监听的地址，默认 127.0.0.1。")
port_option = click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, help="监听的端口，默认 8000。"
)


@click.command("serve", help="启动正式的网页服务（gunicorn）；检索索引由 tierdesk worker 更新。")
@host_option
@port_option
@click.option("--workers", type=click.IntRange(1, 64), default=2, help="进程数，默认 2。")
def command(host: str, port: int, workers: int) -> None:
    settings = settings_here()
    with opened(settings):
        pass  # tables are checked once, before the processes start
    check_free(host, port)
    _server(settings, host=host, port=port, workers=workers).run()


def _server(settings: Settings, *, host: str, port: int, workers: int) -> Any:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn brings no types
        def load_config(self) -> None:
            options = {
                "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
                "workers": workers,
                "threads": THREADS,
                "worker_class": "gthread",
                "proc_name": "tierdesk",
                "graceful_timeout": 20,
                "timeout": 60,
                "max_requests": 20_000,
                "max_requests_jitter": 2_000,
                "control_socket_disable": True,
            }
            for name, value in options.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Any:
            from portal.app import create_app

            app = create_app(settings)
            settle(app.extensions["tierdesk"].finder.index)
            return app

    return Server()
