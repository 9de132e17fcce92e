"""What can keep a host from starting."""


class HostError(Exception):
    """The app or its settings cannot be hosted; the text says what to change."""


class IndexingError(HostError):
    """The worker refused the function app: a bad annotation, an extra parameter, a name twice."""
