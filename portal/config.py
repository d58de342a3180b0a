"""Settings: frozen, read once, from the environment first and ``tierdesk.toml`` second.

One row per setting: its default, its reader and its meaning. A wrong value stops the start with one
sentence that names the setting. Nothing else in the house reads the environment.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Network = IPv4Network | IPv6Network


class BadSetting(Exception):
    """A setting holds a value that can't be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    data_dir: Path
    database_url: str
    encoder: str
    lexical: str
    secret_key: str
    time_zone: str
    locale: str
    index_dir: Path
    upload_dir: Path
    upload_limit_mb: int
    virus_scan: str
    comment_minutes: int
    session_hours: int
    secure_cookies: bool
    lockout_attempts: int
    lockout_minutes: int
    confirm_after_days: int
    learn_after: int
    link_precision: float
    holdout_share: float
    holdout_name: str
    base_url: str
    company: str
    smtp_host: str
    smtp_port: int
    smtp_security: str
    smtp_user: str
    smtp_password: str
    smtp_from: str
    smtp_ca: str
    smtp_timeout: int
    webhook_networks: tuple[Network, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the settings table."""

    name: str
    default: str
    read: Callable[[str], Any]
    meaning: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return f"TIERDESK_{self.name.upper()}"


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise ValueError("不是已知的时区，例如 Asia/Shanghai") from problem
    return text


def _locale(text: str) -> str:
    if text not in ("zh_CN", "en"):
        raise ValueError("只能是 zh_CN 或 en")
    return text


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise ValueError("必须是大于零的整数")
    return number


def _any_count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("必须是不小于零的整数")
    return int(text)


def _share(text: str) -> float:
    found = re.fullmatch(r"0(\.\d{1,6})?", text)
    if found is None or float(text) > 0.5:
        raise ValueError("应为 0 到 0.5 之间的小数，例如 0.05；0 为不做对照")
    return float(text)


def _precision(text: str) -> float:
    found = re.fullmatch(r"0\.\d{1,4}", text)
    if found is None or not 0.5 <= float(text) <= 0.999:
        raise ValueError("应为 0.5 到 0.999 之间的小数，例如 0.95")
    return float(text)


def _switch(text: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in answers:
        raise ValueError("只能是 true 或 false")
    return answers[text.lower()]


def _database(text: str) -> str:
    if text and not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("以 sqlite:/// 或 postgresql+psycopg:// 开头")
    return text


def _address(text: str) -> str:
    if not text:
        return ""
    split = urlsplit(text)
    if split.scheme not in ("http", "https") or not split.hostname or split.query or split.fragment:
        raise ValueError("请写成 https://desk.example.com 这样的网址")
    return text.rstrip("/")


def _security(text: str) -> str:
    if text not in ("none", "starttls", "tls"):
        raise ValueError("只能是 none、starttls 或 tls")
    return text


def _mailbox(text: str) -> str:
    if text and not re.fullmatch(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", text):
        raise ValueError("请写成 desk@example.com 这样的邮箱地址")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    """Networks, none of them so wide that it would let in the whole world."""
    try:
        found = tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as problem:
        raise ValueError("请写成网段，用逗号分隔，例如 10.20.0.0/16") from problem
    if any(network.prefixlen < (8 if network.version == 4 else 7) for network in found):
        raise ValueError("网段太大；请写出机器人所在的网段，例如 10.20.0.0/16")
    return found


def _word_engine(text: str) -> str:
    if text not in ("whoosh", "tantivy"):
        raise ValueError("只能是 whoosh 或 tantivy")
    if text == "tantivy" and find_spec("tantivy") is None:
        raise ValueError("请先安装 pip install 'tierdesk[large]'")
    return text


def _scan(text: str) -> str:
    kind, _, rest = text.partition(":")
    if text and (kind not in ("clamd", "command") or not rest.strip()):
        raise ValueError("应为 clamd:/套接字路径、clamd:主机:端口 或 command:程序 参数")
    return text


# fmt: off
TABLE = (
    Row("data_dir",           "var/data",      Path,      "数据目录：数据库文件、索引、附件、密钥都在里面"),
    Row("database_url",       "",              _database, "数据库；空为数据目录里的 SQLite 文件"),
    Row("encoder",            "",              str,       "语义编码器：空为随产品发布的模型，或任意 sentence-transformers 模型的路径或名称，none 为只用词语检索"),
    Row("lexical",            "whoosh",        _word_engine, "词语引擎：whoosh 用于三万篇以内，tantivy 用于更大的服务台（先安装 tierdesk[large]）；改动后索引自行重建"),
    Row("secret_key",         "",              str,       "签名密钥；空则生成一次并以 600 权限存放", secret=True),
    Row("time_zone",          "Asia/Shanghai", _zone,     "显示时间和工作日历所用的时区"),
    Row("locale",             "zh_CN",         _locale,   "默认界面语言：zh_CN 或 en"),
    Row("index_dir",          "",              Path,      "索引目录；空为数据目录下的 index"),
    Row("upload_dir",         "",              Path,      "附件目录；空为数据目录下的 files"),
    Row("upload_limit_mb",    "20",            _count,    "单个附件的大小上限（MB）"),
    Row("virus_scan",         "",              _scan,     "附件病毒扫描：空为不扫描；clamd:/run/clamav/clamd.ctl、clamd:主机:3310，或 command:程序 参数（从标准输入读，退出码 0 干净、1 有毒）。设了之后，没有检查通过的附件谁也打不开"),
    Row("comment_minutes",    "10",            _any_count, "留言发出后多少分钟内本人可以修改或撤回；0 为不可以"),
    Row("session_hours",      "12",            _count,    "登录多久不用就要重新登录（小时）"),
    Row("secure_cookies",     "false",         _switch,   "只经 HTTPS 发送登录 Cookie；正式部署必须为 true"),
    Row("lockout_attempts",   "5",             _count,    "连续输错几次密码后锁定账号"),
    Row("lockout_minutes",    "15",            _count,    "锁定多少分钟"),
    Row("confirm_after_days", "3",             _count,    "反馈后用户多少个工作日不回应即自动确认"),
    Row("learn_after",        "50",            _any_count, "夜里自动学习：比上次新增多少条判断才学一次；0 为从不"),
    Row("link_precision",     "0.95",          _precision, "系统自己关联缺陷所承诺的精度：学到的模型在没参与学习的判断上达到它才自动关联，实际达不到就自动暂停；调高之后要等下一次学习"),
    Row("holdout_share",      "0",             _share,    "对照实验：多大比例的人（每两周重抽）输入问题时不看推荐的知识和缺陷，例如 0.05；公告照常显示，检索和提单不受影响；0 为不做对照"),
    Row("holdout_name",       "1",             str,       "对照实验的名称；改名即重新抽签"),
    Row("base_url",           "",              _address,  "对外网址，用于邮件和群机器人消息里的链接；空则消息里不带链接"),
    Row("company",            "岭海电网公司",   str,       "页眉上的公司名称"),
    Row("smtp_host",          "",              str,       "发邮件的 SMTP 服务器；空为不发邮件"),
    Row("smtp_port",          "0",             _any_count, "SMTP 端口；0 为按加密方式取 25、587 或 465"),
    Row("smtp_security",      "starttls",      _security, "SMTP 加密：starttls、tls（从头加密）或 none（只用于内网可信的中继）"),
    Row("smtp_user",          "",              str,       "SMTP 账号；空为不登录"),
    Row("smtp_password",      "",              str,       "SMTP 密码", secret=True),
    Row("smtp_from",          "",              _mailbox,  "发件人邮箱；设置了 SMTP 服务器就必须填"),
    Row("smtp_ca",            "",              str,       "验证 SMTP 服务器证书用的 CA 文件；空为用系统的"),
    Row("smtp_timeout",       "15",            _count,    "等邮件服务器回应的秒数"),
    Row("webhook_networks",   "",              _networks, "群机器人可以在哪些内网网段，逗号分隔，例如 10.20.0.0/16；空为只允许公网地址"),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Source:
    """Where a setting's value came from, for ``tierdesk config``."""

    row: Row
    text: str
    origin: str


def sources(environ: Mapping[str, str], file: Path | None = None) -> list[Source]:
    """Every setting with its raw text and its origin."""
    path = file or Path(environ.get("TIERDESK_CONFIG", "tierdesk.toml"))
    written = _toml(path)
    unknown = set(written) - {row.name for row in TABLE}
    if unknown:
        raise BadSetting(f"{path}：没有名为 {', '.join(sorted(unknown))} 的设置。")
    found = []
    for row in TABLE:
        if row.variable in environ:
            found.append(Source(row, environ[row.variable], row.variable))
        elif row.name in written:
            found.append(Source(row, str(written[row.name]), str(path)))
        else:
            found.append(Source(row, row.default, "默认"))
    return found


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read every setting; raises :class:`BadSetting` naming the first wrong one."""
    values: dict[str, Any] = {}
    for source in sources(os.environ if environ is None else environ, file):
        try:
            values[source.row.name] = source.row.read(source.text)
        except ValueError as problem:
            raise BadSetting(
                f"设置 {source.row.variable} 的值“{source.text}”不能用：{problem}。"
            ) from problem
    return complete(values)


def complete(values: dict[str, Any]) -> Settings:
    """Fill in what depends on the data folder."""
    folder = Path(values["data_dir"]).absolute()
    values["data_dir"] = folder
    values["database_url"] = values["database_url"] or f"sqlite:///{folder / 'tierdesk.db'}"
    if values["smtp_host"] and not values["smtp_from"]:
        raise BadSetting("设置了 TIERDESK_SMTP_HOST，还要设置发件人邮箱 TIERDESK_SMTP_FROM。")
    if values["smtp_ca"] and not Path(values["smtp_ca"]).is_file():
        raise BadSetting(f"设置 TIERDESK_SMTP_CA 的文件 {values['smtp_ca']} 不存在。")
    for name, place in (("index_dir", "index"), ("upload_dir", "files")):
        values[name] = Path(values[name]).absolute() if str(values[name]) != "." else folder / place
    return Settings(**{field.name: values[field.name] for field in fields(Settings)})


def ensure_folders(settings: Settings) -> None:
    """Create the data folders, readable by the service alone."""
    for folder in (settings.data_dir, settings.index_dir, settings.upload_dir):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def secret_of(settings: Settings) -> str:
    """The signing key: as set, or generated once and kept with mode 600."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data_dir / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_hex(32)
        file.write(key)
    return key


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise BadSetting(f"{path} 不是合法的 TOML：{problem}。") from problem
