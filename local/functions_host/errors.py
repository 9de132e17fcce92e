"""What can keep a host, or a function of it, from starting."""


class HostError(Exception):
    """The app or its settings cannot be hosted; the text says what to change."""


class IndexingError(HostError):
    """The worker refused the function app: a bad annotation, an extra parameter, a name twice."""


class UnsupportedError(HostError):
    """Azure may take it, this host does not: it never goes on without it."""
