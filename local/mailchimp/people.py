"""What tests do to an audience as the people of Mailchimp: subscribers and marketers."""

from collections.abc import Iterable
from typing import Any

import orjson
import requests

from .deliveries import Delivery, Wrong


class People:
    """The acting half of the control client; every act takes effect at once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def _ask(self, command: str, /, **body: object) -> Any:
        answer = self._session.post(f"{self.url}/_control/{command}", data=orjson.dumps(body))
        if not answer.ok:
            raise ValueError(answer.text)
        return orjson.loads(answer.content)

    # People

    def _act(self, kind: str, list_id: str, emails: str | Iterable[str], **more: object) -> None:
        listed = [emails] if isinstance(emails, str) else list(emails)
        self._ask("act", kind=kind, list_id=list_id, emails=listed, **more)

    def unsubscribe_by_self(self, list_id: str, emails: str | Iterable[str]) -> None:
        """They click the link in a mail: nobody else may subscribe them again."""
        self._act("unsubscribe_by_self", list_id, emails)

    def resubscribe_by_form(self, list_id: str, emails: str | Iterable[str]) -> None:
        """They sign up in the audience's form, which undoes everything."""
        self._act("resubscribe_by_form", list_id, emails)

    def confirm(self, list_id: str, emails: str | Iterable[str]) -> None:
        """Pending ones confirm their subscription."""
        self._act("confirm", list_id, emails)

    def bounce(self, list_id: str, emails: str | Iterable[str]) -> None:
        """Their mail comes back: cleaned."""
        self._act("bounce", list_id, emails)

    def change_email(self, list_id: str, email: str, to: str) -> None:
        """Somebody changes an address."""
        self._act("change_email", list_id, email, to=to)

    def choose(
        self, list_id: str, emails: str | Iterable[str], interest: str, has: bool = True
    ) -> None:
        """They tick, or clear, an interest in a form; given by its id."""
        self._act("choose", list_id, emails, interest=interest, has=has)

    def permit(
        self, list_id: str, emails: str | Iterable[str], permission: str, has: bool = True
    ) -> None:
        """They give, or withdraw, a marketing permission in a form; given by its id."""
        self._act("permit", list_id, emails, permission=permission, has=has)

    def set_language(self, list_id: str, emails: str | Iterable[str], language: str) -> None:
        """They choose a language."""
        self._act("set_language", list_id, emails, language=language)

    def forget(self, list_id: str, emails: str | Iterable[str]) -> None:
        """Deleted permanently: they can never be imported again."""
        self._act("forget", list_id, emails)

    # Webhooks

    def send_event(
        self, list_id: str, kind: str, emails: str | Iterable[str], wrong: Wrong = ""
    ) -> int:
        """Tell webhooks of an act that did not happen now, or in a wrong way; how many are sent."""
        listed = [emails] if isinstance(emails, str) else list(emails)
        return int(self._ask("send-event", kind=kind, list_id=list_id, emails=listed, wrong=wrong))

    def deliveries(self, list_id: str) -> list[Delivery]:
        """What was sent to the webhooks of an audience, and how it was answered."""
        found = [Delivery(**one) for one in self._ask("deliveries")]
        return [one for one in found if one.list_id == list_id]

    # Marketers

    def unsubscribe_by_admin(self, list_id: str, emails: str | Iterable[str]) -> None:
        """Unsubscribed by a marketer or another integration: no compliance state."""
        self._act("unsubscribe_by_admin", list_id, emails)

    def archive(self, list_id: str, emails: str | Iterable[str]) -> None:
        """Archived by a marketer."""
        self._act("archive", list_id, emails)

    def add_tag(self, list_id: str, emails: str | Iterable[str], tag: str) -> None:
        """Tagged by a marketer."""
        self._act("add_tag", list_id, emails, tag=tag)

    def remove_tag(self, list_id: str, emails: str | Iterable[str], tag: str) -> None:
        """Untagged by a marketer."""
        self._act("remove_tag", list_id, emails, tag=tag)

    def set_value(self, list_id: str, emails: str | Iterable[str], field: str, value: str) -> None:
        """A merge field changed by a marketer."""
        self._act("set_value", list_id, emails, field=field, value=value)

    def create_tag(self, list_id: str, tag: str, kind: str = "static") -> int:
        """A segment made by a marketer (`static` or `saved`); its id."""
        return int(self._ask("act", kind="create_tag", list_id=list_id, tag=tag, type=kind))

    def delete_tag(self, list_id: str, tag: str) -> None:
        """A tag deleted by a marketer."""
        self._ask("act", kind="delete_tag", list_id=list_id, tag=tag)

    def rename_tag(self, list_id: str, tag: str, to: str) -> None:
        """A tag renamed by a marketer."""
        self._ask("act", kind="rename_tag", list_id=list_id, tag=tag, to=to)

    def delete_interest(self, list_id: str, interest: str) -> None:
        """An interest deleted by a marketer."""
        self._ask("act", kind="delete_interest", list_id=list_id, interest=interest, emails=[])

    def delete_permission(self, list_id: str, permission: str) -> None:
        """A marketing permission deleted by a marketer."""
        self._ask(
            "act", kind="delete_permission", list_id=list_id, permission=permission, emails=[]
        )

    def create_field(self, list_id: str, field: str) -> int:
        """A merge field for text made by a marketer; its id."""
        return int(self._ask("act", kind="create_field", list_id=list_id, field=field))

    def delete_field(self, list_id: str, field: str) -> None:
        """A merge field deleted by a marketer, with all its values."""
        self._ask("act", kind="delete_field", list_id=list_id, field=field)

    def rename_field(self, list_id: str, field: str, to: str) -> None:
        """The tag of a merge field changed by a marketer; its values stay."""
        self._ask("act", kind="rename_field", list_id=list_id, field=field, to=to)
