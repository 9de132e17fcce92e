"""What a contact's proof of consent may hold: when somebody signed up or agreed, and from where.

Nothing is guessed: what can't be read, hasn't happened yet or leads to no person is left out.
"""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# .NET writes a time that isn't set as year 1, others as 1970-01-01.
_FIRST = datetime(1970, 1, 2, tzinfo=UTC)
# Addresses within a network or a machine, and of nobody: they prove nothing.
_NOBODYS = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10"),
        "ff00::/8",
    )
)


class UnusableError(Exception):
    """A value that is left out; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_time(text: str, now: datetime) -> str:
    """Return a time as it is sent, without a zone taken as UTC; raises UnusableError.

    now: aware. A day alone is its beginning.
    """
    try:
        found = datetime.fromisoformat(text)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnusableError("time_unreadable") from None
    if found < _FIRST:
        raise UnusableError("time_unreadable")
    if found > now:
        raise UnusableError("time_in_future")
    return found.isoformat(timespec="seconds")


def read_address(text: str) -> str:
    """Return an IP address as it is sent; raises UnusableError."""
    try:
        found: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        raise UnusableError("ip_unreadable") from None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    found = mapped or found
    if any(found.version == net.version and found in net for net in _NOBODYS):
        raise UnusableError("ip_private")
    return str(found)
