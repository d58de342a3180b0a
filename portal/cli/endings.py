"""How a command ends when something is wrong: one sentence and an exit code for every kind of fault.

The invariant: input that a person can correct ends with 2, everything else with 1.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import click

BAD_INPUT = 2
FAILURE = 1
INTERRUPTED = 130
UNKNOWN = re.compile(r"No such command '([^']+)'")


class Ended(Exception):
    """A command ends here, with this sentence and this code."""

    def __init__(self, sentence: str, code: int = FAILURE) -> None:
        super().__init__(sentence)
        self.code = code


def ending_of(fault: Exception) -> tuple[str, int]:
    """(sentence, exit code) of whatever stopped a command."""
    if isinstance(fault, Ended):
        return str(fault), fault.code
    if isinstance(fault, click.Abort):
        return "已中断。", INTERRUPTED
    if isinstance(fault, click.ClickException):
        return _usage(fault), BAD_INPUT if isinstance(fault, click.UsageError) else FAILURE
    if isinstance(fault, BrokenPipeError):
        _silence()
        return "", FAILURE
    for module, name, code in KNOWN:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(fault, kind):
            return SENTENCES.get(name, _own)(fault), code
    if isinstance(fault, OSError):
        return _system(fault), FAILURE
    line = " ".join(str(fault).split())[:300]
    return f"出现意外错误（{type(fault).__name__}：{line}）。用 tierdesk --trace … 可看详情。", FAILURE


# fmt: off
#: Exceptions by module and name, so that a command that never loads them doesn't pay for them here.
KNOWN = (
    ("kb.importing.outcome", "BadFile",        BAD_INPUT),
    ("kb.importing.outcome", "BadRow",         BAD_INPUT),
    ("kb.flow",              "Refused",        BAD_INPUT),
    ("portal.config",        "BadSetting",     BAD_INPUT),
    ("indexer.evaluation",   "BadSet",         BAD_INPUT),
    ("indexer.lock",         "Busy",           FAILURE),
    ("indexer.generation",   "Broken",         FAILURE),
    ("sqlalchemy.exc",       "IntegrityError", FAILURE),
    ("sqlalchemy.exc",       "SQLAlchemyError", FAILURE),
    ("alembic.util.exc",     "CommandError",   FAILURE),
)
# fmt: on


def _own(fault: Exception) -> str:
    return str(fault)


def _conflict(_fault: Exception) -> str:
    return "别的程序同时写入了同样的编号，本次没有写入任何内容，请再运行一次。"


def _database(fault: Exception) -> str:
    cause = getattr(fault, "orig", None) or fault
    line = (str(cause).strip().splitlines() or [""])[0]
    if "no such table" in line or "UndefinedTable" in type(cause).__name__:
        return "数据库还没有建好，请先运行 tierdesk db upgrade。"
    return f"数据库暂时不能用：{line[:300]}。"


def _history(fault: Exception) -> str:
    return f"数据库的版本不对：{fault}。"


SENTENCES = {"IntegrityError": _conflict, "SQLAlchemyError": _database, "CommandError": _history}


def _system(fault: OSError) -> str:
    place = f"{fault.filename}：" if fault.filename else ""
    return f"{place}{fault.strerror or fault}。"


def _silence() -> None:
    """Nobody reads our output any more; the interpreter must not complain while it flushes."""
    import os

    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())


def _usage(fault: click.ClickException) -> str:
    context = getattr(fault, "ctx", None)
    where = context.command_path if context else "tierdesk"
    return f"{_usage_sentence(fault)}用 {where} --help 查看用法。"


def _usage_sentence(fault: Any) -> str:
    match fault:
        case click.NoSuchOption():
            return f"没有 {fault.option_name} 这个选项。"
        case click.BadOptionUsage():
            return f"选项 {fault.option_name} 用得不对：{fault.message}。"
        case click.MissingParameter():
            return f"缺少{_kind(fault)} {_name(fault)}。"
        case click.BadParameter():
            return f"{_kind(fault)} {_name(fault)} 的值不能用：{fault.message.rstrip('.')}。"
        case click.FileError():
            return f"读不了 {fault.ui_filename}。"
        case _ if found := UNKNOWN.search(fault.format_message()):
            return f"没有“{found[1]}”这个命令。"
        case click.exceptions.NoArgsIsHelpError():
            return "还要写明做什么。"
        case _:
            return f"命令写得不对：{fault.format_message().rstrip('.')}。"


def _kind(fault: Any) -> str:
    return "参数" if isinstance(fault.param, click.Argument) else "选项"


def _name(fault: Any) -> str:
    if fault.param is None:
        return str(fault.param_hint or "")
    return (
        fault.param.human_readable_name if isinstance(fault.param, click.Argument) else fault.param.opts[-1]
    )
