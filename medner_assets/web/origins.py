"""Which names the UI answers to, and which pages may ask it to do something.

A page of another site reaches 127.0.0.1 from the visitor's browser, directly or by a name of its own that it
points there (DNS rebinding). A browser tells both: `Host` is the name that was asked for, `Origin` the page
that asks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class HostNames:
    """The names of this UI, lower case, without ports: those of loopback, and what `--allow-host` adds.

    Ports are not looked at in `Host`: a tunnel may end at any port of the visitor's machine. They count in
    `Origin`: another server on another port of the same machine is another site.
    """

    hosts: frozenset[str] = LOOPBACK

    @classmethod
    def with_added(cls, added: Iterable[str]) -> "HostNames":
        """Return the names of loopback and those of `added`, each a host name or an address."""
        return cls(LOOPBACK | {each.strip("[]").lower() for each in added})

    def answer_to(self, host: str | None) -> bool:
        """Tell whether `host`, a `Host` header, is a name of this UI."""
        if host is None:
            return False
        name = _parts(f"//{host}")
        return name is not None and name.hostname in self.hosts and name.netloc == host

    def trust(self, origin: str, host: str) -> bool:
        """Tell whether a page of `origin` may act on the UI that was asked for as `host`.

        Its own pages may: scheme aside, which a proxy in front may change, the origin is the host.
        """
        page, own = _parts(origin), _parts(f"//{host}")
        if page is None or own is None or page.scheme not in ("http", "https") or page.path or page.query:
            return False
        return self.answer_to(host) and page.netloc.lower() == own.netloc.lower()


def is_loopback(address: str) -> bool:
    """Tell whether what listens at `address`, a name or a number, is reached from this machine alone."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"


def _parts(url: str) -> SplitResult | None:
    """Return the parts of a URL with a sound name and port and no user; None for anything else."""
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return None
    return parts if sound else None
