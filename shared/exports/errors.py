"""What may be wrong with a connection that somebody wants to use."""


class ConnectionUnusableError(Exception):
    """The connection can't reach Mailchimp now.

    `code` is the run's error code for it: `connection_missing`, `connection_not_ready` or
    `secret_unreadable`; `detail` is for people and holds no secret. `temporary`: asking again later
    may help.
    """

    def __init__(self, code: str, detail: str, *, temporary: bool = False) -> None:
        super().__init__(code)
        self.temporary = temporary
        self.code = code
        self.detail = detail
