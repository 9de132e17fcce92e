"""HTTP/1.1 messages as raw bytes: read whole, passed on unchanged."""

import asyncio
from dataclasses import dataclass, field

_HEAD_END = b"\r\n\r\n"
# Storage and Mailchimp's simulator send at most some kilobytes of headers.
LIMIT = 1 << 20


@dataclass
class Message:
    """A request or an answer. `whole` is False where the sender stopped in the middle."""

    start: str
    headers: dict[str, str]
    raw: bytes
    body: bytes = b""
    whole: bool = True
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words = self.start.split(" ", 2)

    @property
    def closes(self) -> bool:
        """Whether the sender ends the connection after this message."""
        return self.headers.get("connection", "").lower() == "close"


async def read_request(reader: asyncio.StreamReader) -> Message | None:
    """Return the next request, None where the client has gone."""
    return await _read(reader, bodiless=False, until_closed=False)


async def read_answer(reader: asyncio.StreamReader, method: str) -> Message | None:
    """Return the answer to a request, None where the connection ended without one."""
    return await _read(reader, bodiless=method == "HEAD", until_closed=True)


async def _read(
    reader: asyncio.StreamReader, *, bodiless: bool, until_closed: bool
) -> Message | None:
    try:
        head = await reader.readuntil(_HEAD_END)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    start, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    message = Message(start, headers, head)
    if bodiless or (until_closed and message.words[1] in ("204", "304")):
        return message
    try:
        await _read_body(reader, message, until_closed=until_closed)
    except asyncio.IncompleteReadError as error:
        message.raw += error.partial
        message.whole = False
    except ConnectionError:
        message.whole = False
    return message


async def _read_body(reader: asyncio.StreamReader, message: Message, *, until_closed: bool) -> None:
    if message.headers.get("transfer-encoding", "").lower() == "chunked":
        while True:
            line = await reader.readuntil(b"\r\n")
            message.raw += line
            size = int(line.split(b";")[0], 16)
            piece = await reader.readexactly(size + 2)
            message.raw += piece
            message.body += piece[:-2]
            if size == 0:
                return
    elif length := message.headers.get("content-length"):
        message.body = await reader.readexactly(int(length))
        message.raw += message.body
    elif until_closed:
        message.body = await reader.read()
        message.raw += message.body
