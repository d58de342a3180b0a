"""The command ``tierdesk``: a table of commands, each in a file of its own, loaded when it is called.

Nothing heavy is imported here, so that ``--help`` answers at once. The invariant: whatever happens, a
person reads one sentence and a script an exit code (2 for bad input, 1 for a failure), never a traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, NoReturn

import click

# fmt: off
#: Command → the module that holds it, what it is for.
COMMANDS = {
    "demo":     ("portal.cli.demo",     "用示例数据启动整个服务台，打印演示账号"),
    "serve":    ("portal.cli.serve",    "启动正式的网页服务"),
    "worker":   ("portal.cli.worker",   "启动后台服务：更新检索索引、自动确认"),
    "db":       ("portal.cli.db",       "数据库：升级、查看版本"),
    "import":   ("portal.cli.importing", "导入知识、缺陷、工单、人员、目录"),
    "export":   ("portal.cli.exporting", "导出知识、缺陷、工单、人员、目录，可再导入"),
    "pack":     ("portal.cli.pack",     "资料包：在互不相通的网络之间携带知识、缺陷、同义词"),
    "search":   ("portal.cli.search",   "检索知识、缺陷、工单"),
    "reindex":  ("portal.cli.reindex",  "重建检索索引，或核对并修复"),
    "evaluate": ("portal.cli.evaluate", "用评测集衡量检索效果"),
    "bench":    ("portal.cli.bench",    "压测：多人同时输入时要等多久"),
    "evaluate-links": ("portal.cli.evaluate_links", "用评测集衡量工单与缺陷的关联"),
    "learn":    ("portal.cli.learn",    "从本单位的判断学习把握的大小和关联，比现在好才启用"),
    "user":     ("portal.cli.user",     "人员账号：新建、改密码、停用、令牌"),
    "trail":    ("portal.cli.trail",    "流转记录：核对是否被改动"),
    "config":   ("portal.cli.config",   "列出每项设置的值、来源和含义"),
}
# fmt: on
#: Many requests at once: one that compares vectors on every core would hold up all the others. Read by
#: numpy when it is imported, which is later.
SERVING = frozenset({"demo", "serve", "worker"})


class Commands(click.Group):
    """Loads a command's module only when that command is asked for."""

    traces = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in SERVING:
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("命令"):
            formatter.write_dl([(name, meaning) for name, (_, meaning) in COMMANDS.items()])

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and turn every way of ending into an exit code."""
        from portal.cli.endings import ending_of

        Commands.traces = False  # this call's own wish, never that of one before it in the same process
        try:
            code = super().main(*args, **{**extra, "prog_name": "tierdesk", "standalone_mode": False})
        except Exception as fault:  # the last line of defence: a person reads a sentence
            if self.traces:
                raise
            sentence, code = ending_of(fault)
            if sentence:
                click.echo(sentence, err=True)
        sys.exit(code if isinstance(code, int) else 0)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--trace", is_flag=True, help="出错时打印完整的调用栈，供开发人员排查。")
@click.version_option(
    package_name="tierdesk", prog_name="tierdesk", message="%(prog)s %(version)s", help="显示版本。"
)
def command(trace: bool) -> None:
    """Tierdesk：三级数字化服务台的命令行。"""
    Commands.traces = trace


def main() -> NoReturn:
    """The entry point of the distribution."""
    command.main(prog_name="tierdesk")
    raise SystemExit(0)
