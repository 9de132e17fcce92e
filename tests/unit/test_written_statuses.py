"""No way leads from a known contact to a written status but leaving and the question to return."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.root import ROOT

STATUSES = ("status", "status_if_new")
# What speaks to Mailchimp, see test_boundaries.py.
# Contacts of a live check are its own and nobody's: tests/services/mailchimp/test_live_check.py.
NOBODYS = ROOT / "shared" / "mailchimp" / "live_check"
SPEAKING = ("shared/mailchimp", "shared/exports", "shared/runs", "shared/erasure", "shared/people")


def functions(folders: tuple[str, ...]) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every function, with its file and name."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.is_relative_to(NOBODYS):
                continue
            file = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    yield f"{Path(file).stem}.{node.name}", node


def is_text(node: ast.AST | None, *texts: str) -> bool:
    return isinstance(node, ast.Constant) and node.value in texts


def written(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the members that say a status, each as it is written, with its value."""
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if is_text(key, *STATUSES):
                    yield f"{ast.unparse(key)}: {ast.unparse(value)}"  # type: ignore[arg-type] # a key
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and is_text(target.slice, *STATUSES):
                    yield f"{ast.unparse(target)} = {ast.unparse(node.value)}"


def calls(function: ast.FunctionDef, *names: str) -> set[str]:
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called.rpartition(".")[2] in names:
                found.add(called)
    return found


def test_a_status_is_written_to_whom_is_new_to_leavers_and_by_the_question_alone() -> None:
    found = {
        f"{name}: {text}"
        for name, function in functions(("shared/mailchimp", "shared/runs/sending"))
        for text in written(function)
        # A trial's contact is nobody's, and tables of people are written to no contact.
        if not name.startswith(("trial.", "told.", "load."))
    }
    assert found == {
        # Counts for contacts that are not there.
        "members.if_new: 'status_if_new': job.status_for_new",
        "upserts.create: 'status': self.attempt.job.status_for_new",
        # To whom this app archived: never subscribed without the person.
        "existing.ask_each: 'status': 'pending'",
        # To leavers of this app's.
        "client.unsubscribe: 'status': 'unsubscribed'",
        # Of a page, not of a contact.
        "client.members: params['status'] = status",
        "client.contacts: params['status'] = status",
    }


def test_a_status_that_is_sent_plainly_is_sent_to_be_created_alone() -> None:
    (create,) = (f for name, f in functions(("shared/runs/sending",)) if name == "upserts.create")
    (send,) = (f for name, f in functions(("shared/runs/sending",)) if name == "upserts._send")
    sent = [node for node in ast.walk(create) if isinstance(node, ast.Call)]
    with_status = [ast.unparse(node) for node in sent if ast.unparse(node.func) == "self._send"]
    assert with_status == ["self._send(sent, status, create=True)"]
    assert "update_existing=not create" in ast.unparse(send)


def test_contacts_are_archived_and_unsubscribed_where_they_are_read_first_and_nowhere_else() -> (
    None
):
    found = {
        (name, called)
        for name, function in functions(SPEAKING)
        for called in calls(function, "archive", "unsubscribe", "ask_each")
        if not name.startswith(("trial.", "client."))
    }
    assert found == {
        ("singles.archive", "client.archive"),
        ("singles.call", "client.archive"),
        ("singles.unsubscribe", "client.unsubscribe"),
        ("singles.call", "client.unsubscribe"),
        ("upserts.upsert", "ask_each"),
        ("chunk_sender._call", "calls.archive"),
        ("chunk_sender._call", "calls.unsubscribe"),
        # What this app's own call has just created under an address that was changed.
        ("mending._archive", "calls.archive"),
    }
