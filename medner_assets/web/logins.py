"""Who may use the UI: a token, or a file of names and passwords. Without either, whoever reaches the port.

Passwords are kept as scrypt hashes (RFC 7914; N 2^15, r 8, p 1: about 0.1 s and 32 MiB a try).
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from medner_assets.environment import TOKEN_VARIABLE
from medner_assets.errors import MednerError

SHORTEST_TOKEN = 16
_SCRYPT = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 2**20, "dklen": 32}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_LINE = re.compile(r"(?P<name>[^:]+):scrypt:(?P<salt>[0-9a-f]{32}):(?P<hash>[0-9a-f]{64})")


@dataclass
class Logins:
    """What is accepted. token: of anyone, as a password or a bearer token. users: name → (salt, hash)."""

    token: str | None = None
    users: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)
    _known: set[bytes] = field(default_factory=set, repr=False)

    @property
    def needed(self) -> bool:
        """Whether anything is asked for."""
        return self.token is not None or bool(self.users)

    def knows(self, authorization: str) -> bool:
        """Tell whether an `Authorization` header was accepted before: fast, and never blocks."""
        return hashlib.sha256(authorization.encode()).digest() in self._known

    def accept(self, authorization: str) -> bool:
        """Tell whether an `Authorization` header, Basic or Bearer, is accepted; takes 0.1 s."""
        accepted = self._accepts(authorization)
        if accepted:
            self._known.add(hashlib.sha256(authorization.encode()).digest())
        return accepted

    def _accepts(self, authorization: str) -> bool:
        kind, _, value = authorization.partition(" ")
        if kind.lower() == "bearer":
            return self._is_token(value)
        if kind.lower() != "basic":
            return False
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        if self._is_token(password):
            return True
        # A name that is not there takes as long as one that is: it cannot be told which names there are.
        salt, expected = self.users.get(name, (b"\0" * 16, b""))
        return hmac.compare_digest(_hashed(password, salt), expected)

    def _is_token(self, value: str) -> bool:
        return self.token is not None and hmac.compare_digest(value.encode(), self.token.encode())


def logins_from(file: Path | None, token: str | None, variable: str = TOKEN_VARIABLE) -> Logins:
    """Return what a file of logins and a token allow; raises MednerError when they are not sound.

    variable: of the environment, which holds the token.
    """
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise MednerError(
            f"{variable} is shorter than {SHORTEST_TOKEN} characters, which can be guessed: "
            "export it anew from `openssl rand -hex 16`"
        )
    return Logins(token, {} if file is None else _users(file))


def add_login(file: Path, name: str, password: str) -> None:
    """Write a user's password into a file of logins, readable by the owner only; an old one is replaced."""
    if not _NAME.fullmatch(name):
        raise MednerError(f"{name!r} is no name of a user: use 1 to 64 of letters, digits and '._@-'")
    if len(password) < 8:
        raise MednerError("the password is shorter than 8 characters: nothing was written")
    kept = [line for line in _lines(file) if line.partition(":")[0] != name] if file.exists() else []
    salt = secrets.token_bytes(16)
    lines = [*kept, f"{name}:scrypt:{salt.hex()}:{_hashed(password, salt).hex()}"]
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write("\n".join(lines) + "\n")
        output.flush()
        os.fsync(output.fileno())
    partial.replace(file)


def _hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_SCRYPT)


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise MednerError(
            f"{file}: {reason}: make it with `medner ui --login {file} --add-login NAME`"
        ) from None


def _users(file: Path) -> dict[str, tuple[bytes, bytes]]:
    users = {}
    for number, line in enumerate(_lines(file), start=1):
        match = _LINE.fullmatch(line)
        if match is None or not _NAME.fullmatch(match["name"]):
            raise MednerError(f"{file}:{number}: no login: write it with --add-login NAME")
        users[match["name"]] = (bytes.fromhex(match["salt"]), bytes.fromhex(match["hash"]))
    if not users:
        raise MednerError(f"{file} holds no login: add one with --add-login NAME")
    if file.stat().st_mode & 0o077:
        raise MednerError(f"{file} can be read by others: chmod 600 {file}")
    return users
