"""Apps registered with Mailchimp's OAuth."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """A registered app; the redirect URI must be one of its own."""

    client_id: str
    secret: str
    redirect_uris: tuple[str, ...]
