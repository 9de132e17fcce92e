"""Start a simulator, furnish it, act as its people and read what it saw."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import orjson

from local.running import Running

from .instants import Moment
from .people import People
from .records import Account, AccountStats, AudienceSummary, CallRecord, ContactState, Stats

__all__ = [
    "Account",
    "AccountStats",
    "AudienceSummary",
    "CallRecord",
    "ContactState",
    "Simulator",
    "Stats",
]

_ROOT = Path(__file__).resolve().parents[2]
_CHUNK = 20_000


class Simulator(People, Running):
    """A running simulator. Use `with Simulator.start() as mailchimp:`."""

    def __init__(self, url: str, process: subprocess.Popen[bytes] | None = None) -> None:
        super().__init__(url)
        self._process = process

    @classmethod
    def start(cls, port: int = 0, **switches: object) -> Self:
        """Start a process of its own, with these switches; it ends with this one."""
        command = [
            sys.executable,
            "-m",
            "local.mailchimp",
            "--port",
            str(port),
            "--until-stdin-closes",
        ]
        process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise RuntimeError(f"the simulator ended with code {process.wait()}")
        simulator = cls(orjson.loads(line)["url"], process)
        if switches:
            simulator.set(**switches)
        return simulator

    def stop(self) -> None:
        """End the process and wait for it."""
        self._session.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()

    @property
    def pid(self) -> int | None:
        """The process id, when it was started here."""
        return self._process.pid if self._process else None

    @property
    def api_url_template(self) -> str:
        """For MAILCHIMP_API_URL; each data centre has a path of its own."""
        return f"{self.url}/{{dc}}/3.0"

    @property
    def login_url(self) -> str:
        """For MAILCHIMP_LOGIN_URL."""
        return self.url

    # Accounts and audiences

    def add_account(
        self,
        name: str,
        dc: str = "us21",
        api_key: str | None = None,
        role: str = "owner",
        account_id: str | None = None,
    ) -> Account:
        """A new account with one key."""
        found = self._ask(
            "accounts",
            name=name,
            dc=dc,
            token=api_key,
            role=role,
            user="owner",
            account_id=account_id,
        )
        return Account(found["account_id"], found["token"], found["key_id"], name, dc)

    def add_key(
        self,
        account: Account | str,
        token: str | None = None,
        role: str = "owner",
        user: str = "owner",
    ) -> str:
        """One more API key or OAuth token of an account; a user name of its own makes it count
        against a connection limit of its own."""
        found = self._ask("keys", account_id=_id(account), token=token, role=role, user=user)
        return str(found["token"])

    def revoke_key(self, token: str) -> None:
        """From now on this token is answered with 401."""
        self._ask("revoke", token=token)

    def rotate_key(self, account: Account | str, old: str) -> str:
        """Replace a key by a new one, which is returned."""
        self.revoke_key(old)
        return self.add_key(account)

    def change_role(self, token: str, role: str) -> None:
        """The user behind a token has another role from now on, as `viewer`."""
        self._ask("role", token=token, role=role)

    def disable_account(self, account: Account | str, disabled: bool = True) -> None:
        """From now on every key of the account is answered with 403 User Disabled."""
        self._ask("disable", account_id=_id(account), disabled=disabled)

    def add_list(
        self,
        account: Account | str,
        name: str,
        double_optin: bool = False,
        merge_fields: list[dict[str, object]] | None = None,
        list_id: str | None = None,
        marketing_permissions: bool = False,
    ) -> str:
        """A new audience; its id. Merge fields are `{"tag", "name", "type", "required", ...}`,
        by default FNAME, LNAME, ADDRESS and PHONE, as in a new Mailchimp audience."""
        found = self._ask(
            "lists",
            account_id=_id(account),
            name=name,
            double_optin=double_optin,
            merge_fields=merge_fields,
            list_id=list_id,
            marketing_permissions=marketing_permissions,
        )
        return str(found)

    def add_interests(
        self, list_id: str, group: str, names: Iterable[str], kind: str = "checkboxes"
    ) -> dict[str, str]:
        """A group of an audience with these interests; their ids by name."""
        found: dict[str, str] = self._ask(
            "interests", list_id=list_id, group=group, names=list(names), kind=kind
        )
        return found

    def add_permissions(self, list_id: str, texts: Iterable[str]) -> dict[str, str]:
        """Marketing permissions that an audience asks its people for; their ids by text."""
        found: dict[str, str] = self._ask("permissions", list_id=list_id, texts=list(texts))
        return found

    def set_oauth_account(self, account: Account | str) -> None:
        """Whose account is connected when somebody consents on the login page."""
        self._ask("oauth", account_id=_id(account))

    def add_oauth_client(self, client_id: str, secret: str, redirect_uris: list[str]) -> None:
        """Register an app; from then on only registered ones are known."""
        self._ask("oauth", client_id=client_id, secret=secret, redirect_uris=redirect_uris)

    # Contacts

    def put_contacts(self, list_id: str, contacts: Iterable[dict[str, Any]]) -> int:
        """Put contacts in past the API's rules; how many.

        Each has `email` and may have `status`, `merge_fields`, `tags` (names), `compliance`
        (True or `unsubscribed` for people who left by themselves), and the times `timestamp`,
        `timestamp_opt`, `timestamp_signup`, `last_changed` in epoch seconds, `source`,
        `language`, `interests` and `permissions` (ids).
        """
        count = 0
        lines: list[bytes] = []
        for contact in contacts:
            lines.append(orjson.dumps(contact))
            if len(lines) >= _CHUNK:
                count += self._put(list_id, lines)
                lines.clear()
        return count + (self._put(list_id, lines) if lines else 0)

    def _put(self, list_id: str, lines: list[bytes]) -> int:
        url = f"{self.url}/_control/put-contacts"
        answer = self._session.post(url, params={"list_id": list_id}, data=b"\n".join(lines))
        if not answer.ok:
            raise ValueError(answer.text)
        return int(answer.content)

    def generate_contacts(
        self,
        list_id: str,
        count: int,
        email: str = "person{n}@contoso.com",
        merge_fields: dict[str, str] | None = None,
        status: str = "subscribed",
        tags: list[str] | None = None,
        start: int = 0,
    ) -> int:
        """Make many contacts within the simulator; `{n}` is their number."""
        return int(
            self._ask(
                "generate",
                list_id=list_id,
                count=count,
                email=email,
                merge_fields=merge_fields,
                status=status,
                tags=tags,
                start=start,
            )
        )

    def iter_contacts(self, list_id: str) -> Iterator[ContactState]:
        """Every contact, archived ones too, one by one."""
        url = f"{self.url}/_control/dump-contacts"
        with self._session.get(url, params={"list_id": list_id}, stream=True) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines(chunk_size=1 << 20):
                if line:
                    found = orjson.loads(line)
                    found["tags"] = frozenset(found["tags"])
                    for name in ("interests", "permissions"):
                        found[name] = frozenset(found[name])
                    yield ContactState(**found)

    def contacts(self, list_id: str) -> dict[str, ContactState]:
        """Every contact by its address in lower case."""
        return {contact.email.lower(): contact for contact in self.iter_contacts(list_id)}

    def summary(self, list_id: str) -> AudienceSummary:
        """Counts and a digest, for audiences too large to fetch.

        The simulator answers nobody meanwhile: some seconds for a million contacts.
        """
        return AudienceSummary(**self._ask("summary", list_id=list_id))

    def tags(self, list_id: str) -> dict[str, int]:
        """The static segments of an audience: name to id."""
        found = self._ask("tags", list_id=list_id)
        return {tag["name"]: int(tag["id"]) for tag in found if tag["type"] == "static"}

    # Behaviour

    def set(self, **switches: object) -> dict[str, Any]:
        """Change switches (`local.mailchimp.switches.Switches`); all of them as they are now."""
        found: dict[str, Any] = self._ask("switches", **switches)
        return found

    def always_timeout_above(self, size: int | None, cutoff_seconds: float | None = None) -> None:
        """Every call with more contacts than this times out, at the cut-off."""
        self.set(always_timeout_above=size)
        if cutoff_seconds is not None:
            self.set(cutoff_seconds=cutoff_seconds)

    def fail_next(
        self,
        match: str,
        kind: str,
        times: int | None = 1,
        probability: float = 1.0,
        seed: int = 0,
        after_work: bool = False,
        after: int = 0,
        min_members: int = 0,
        about: str = "",
    ) -> None:
        """Make calls fail whose `METHOD /path` this pattern finds; see `faults.KINDS`.

        `times` None is for ever; `after` lets that many matching calls through first; `about`:
        only calls whose path or body holds this text, as when a firewall dislikes one contact.
        """
        self._ask(
            "faults",
            match=match,
            kind=kind,
            times=times,
            probability=probability,
            seed=seed,
            after_work=after_work,
            after=after,
            min_members=min_members,
            about=about,
        )

    def act_upon(
        self,
        match: str,
        moment: Moment,
        kind: str,
        list_id: str,
        emails: str | Iterable[str],
        *,
        times: int | None = 1,
        after: int = 0,
        **more: object,
    ) -> None:
        """Let people act at an instant of the next calls whose `METHOD /path` this finds.

        `before`: the call has come in and nothing of it is done; `during`: half of its contacts
        are written; `after`: all is done and the caller has no answer yet. `kind` and `more` as
        in `acting`, as `unsubscribe_by_self`; `times` None is for ever, `after` passes calls over.
        """
        listed = [emails] if isinstance(emails, str) else list(emails)
        act = {"kind": kind, "list_id": list_id, "emails": listed, **more}
        self._ask("act-upon", match=match, moment=moment, act=act, times=times, after=after)

    def acted_upon(self) -> list[int]:
        """How often each of the acts above has happened; they end."""
        found: list[int] = self._ask("acted-upon")
        return found

    def clear_faults(self) -> list[int]:
        """End all rules; how often each has struck."""
        found: list[int] = self._ask("clear-faults")
        return found

    def reset(self) -> None:
        """Default switches, no rules or acts, no registered apps, empty log; audiences stay."""
        self._ask("reset")

    # What was seen

    def calls(self, since: int = 0) -> list[CallRecord]:
        """The calls since the last reset with a number above `since`, in order of arrival."""
        return [CallRecord(**call) for call in self._ask("calls", since=since)]

    def stats(self) -> Stats:
        """Totals over all calls since the last reset."""
        found = self._ask("stats")
        accounts = {key: AccountStats(**value) for key, value in found.pop("accounts").items()}
        return Stats(accounts=accounts, **found)

    def reset_log(self) -> None:
        """Forget the calls and the highest counts."""
        self._ask("reset-log")


def _id(account: Account | str) -> str:
    return account if isinstance(account, str) else account.account_id
