"""The log of every call, as tests read it."""

from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class Call:
    """One call to the simulator.

    `path` is without data centre and version. Times are seconds of the monotonic clock, which
    all processes of one machine share. `status` is 0 while the call is open or when it ended
    without an answer. `worked` says whether its work was done, whatever the client saw.
    """

    number: int
    method: str
    path: str
    query: str
    started: float
    key_id: str = ""
    account_id: str = ""
    members: int = 0
    status: int = 0
    ended: float = 0.0
    fault: str = ""
    worked: bool = False
    disconnected: bool = False
    in_flight: int = 0
    address_in_url: bool = False
    body: object = None

    def as_dict(self) -> dict[str, object]:
        """Plain values, for the control API."""
        return asdict(self)


@dataclass(slots=True)
class CallLog:
    """All calls since the last reset, in the order of their arrival."""

    calls: list[Call] = field(default_factory=list)
    _next: int = 1

    def begin(self, method: str, path: str, query: str, now: float) -> Call:
        """Write down that a call has come in."""
        has_address = "@" in path or "@" in query or "%40" in path or "%40" in query
        call = Call(self._next, method, path, query, now, address_in_url=has_address)
        self._next += 1
        self.calls.append(call)
        return call

    def reset(self) -> None:
        """Forget the calls; numbers go on."""
        self.calls.clear()
