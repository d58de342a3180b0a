"""Ed25519: the desk's own key pair, signatures, fingerprints. The one door to ``cryptography``.

The private key is made at its first use, lies in the data folder with mode 600 and never leaves it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from indexer.words import N_
from portal.packs.words import BadPack

FILE = "pack_key"
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
#: 160 bits: nobody finds a second key with the same, and it can still be read out on the telephone.
FINGERPRINT_BYTES = 20


@dataclass(frozen=True, slots=True)
class OwnKey:
    """What this desk signs with; its ``repr`` tells the public half alone."""

    _private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"OwnKey({fingerprint(self.public)})"

    @property
    def public(self) -> bytes:
        return self._private.public_key().public_bytes_raw()

    def sign(self, content: bytes) -> bytes:
        return self._private.sign(content)


def own_key(folder: Path) -> OwnKey:
    """This desk's key pair, made when it is first asked for."""
    path = folder / FILE
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise BadPack(
            N_("签名密钥 %(path)s 别人也能读，不能再用来签名。请先运行 chmod 600，确认没有泄露。"), path=path
        )
    try:
        return OwnKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii").strip())))
    except ValueError as fault:
        raise BadPack(N_("签名密钥 %(path)s 已损坏，请从备份恢复。"), path=path) from fault


def _make(path: Path) -> None:
    """Whole or not at all; of two that make one at the same moment, the first one's stays."""
    beside = path.with_name(f".{FILE}.{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex())
            file.flush()
            os.fsync(handle)
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink()


def is_signed(content: bytes, signature: bytes, public: bytes) -> bool:
    """Did the holder of this public key's other half sign exactly these bytes?"""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """Eight groups of four letters and digits, to be compared by people."""
    text = base64.b32encode(hashlib.sha256(public).digest()[:FINGERPRINT_BYTES]).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def is_typed(typed: str, wanted: str) -> bool:
    """Is this the whole fingerprint, however it was divided and written?"""
    return re.sub(r"[^A-Z0-9]", "", typed.upper()) == wanted.replace("-", "")


def spelled(public: bytes) -> str:
    """A public key as people pass it on."""
    return base64.b64encode(public).decode()


def key_from(text: str) -> bytes:
    """The public key that somebody pasted; raises :class:`BadPack`."""
    try:
        public = base64.b64decode("".join(text.split()), validate=True)
    except ValueError as fault:
        raise BadPack(N_("这不是公钥：应是 44 个字符，由对方在“签名人”页面上复制。")) from fault
    if len(public) != PUBLIC_BYTES:
        raise BadPack(N_("这不是公钥：应是 44 个字符，由对方在“签名人”页面上复制。"))
    return public
