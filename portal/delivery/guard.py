"""Where a robot may be: the guard against being sent into our own network (SSRF).

The invariant: a name is resolved once, every address it has must be allowed, and the connection goes to
an address returned here and never to a second look-up.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from indexer.words import N_
from kb.flow import Refused
from portal.config import Network

Ip = IPv4Address | IPv6Address
LONGEST = 1000
DEFAULT_PORTS = {"http": 80, "https": 443}
#: Below this only the two ports of the web; nobody's mail server or shell is a robot.
UNPRIVILEGED = 1024
#: IPv6 addresses that carry an IPv4 address: translated (NAT64), and compatible with IPv4.
NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))


@dataclass(frozen=True, slots=True)
class Target:
    """An address of the web, taken apart."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(url: str) -> Target:
    """Raises :class:`Refused` with what is wrong about the address."""
    if len(url) > LONGEST or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url) or "\\" in url:
        raise Refused(N_("网址里有不能用的字符，或者太长。"))
    try:
        split = urlsplit(url)
        port, host = split.port, _ascii(split.hostname or "")
    except ValueError as problem:
        raise Refused(N_("网址的写法不对。")) from problem
    if split.scheme not in DEFAULT_PORTS or not host:
        raise Refused(N_("网址要以 https:// 开头，内网可以用 http://。"))
    if split.username is not None or split.password is not None:
        raise Refused(N_("网址里不能写账号和密码。"))
    port = DEFAULT_PORTS[split.scheme] if port is None else port
    if port not in DEFAULT_PORTS.values() and port < UNPRIVILEGED:
        raise Refused(N_("端口只能是 80、443 或 1024 以上。"))
    return Target(split.scheme, host, port, f"{split.path or '/'}{'?' + split.query if split.query else ''}")


def _ascii(host: str) -> str:
    return host if ":" in host else host.encode("idna").decode("ascii")


def resolved(target: Target, networks: Iterable[Network]) -> list[str]:
    """The addresses to connect to. Raises :class:`Refused` when the name is unknown or leads inside."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise Refused(N_("找不到这个主机，请检查网址和域名解析。")) from problem
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    allowed = tuple(networks)
    for address in addresses:
        inside = is_listed(address, allowed)
        if not inside and not is_public(address):
            raise Refused(
                N_("这个地址在内网或本机，不允许访问；要用的话，把网段写进 TIERDESK_WEBHOOK_NETWORKS。")
            )
        if target.scheme == "http" and not inside:
            raise Refused(N_("公网地址必须用 https://，签名和内容才不会被人看见。"))
    return addresses


def meant(address: str) -> Ip:
    """The address that is really reached: what an IPv6 address wraps."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if any(ip in network for network in NAT64) and int(ip) > 1:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def is_public(address: str) -> bool:
    """An address of the open Internet, for one receiver."""
    ip = meant(address)
    return ip.is_global and not (
        ip.is_multicast
        or ip.is_private
        or ip.is_loopback
        or ip.is_link_local
        or ip.is_reserved
        or ip.is_unspecified
        or getattr(ip, "is_site_local", False)
    )


def is_listed(address: str, networks: Iterable[Network]) -> bool:
    """Has the operator allowed this network by the settings?"""
    ip = meant(address)
    return any(ip.version == network.version and ip in network for network in networks)
