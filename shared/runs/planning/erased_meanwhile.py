"""People who were erased while a plan was worked out: they alone are taken out of it."""

from dataclasses import replace

from shared.app import App
from shared.erased import load_erased
from shared.erasure import plans
from shared.erasure.person import Person
from shared.runs.planning.build import Built


def without_erased(app: App, built: Built) -> Built:
    """Return what was built with the rows of people blank who were erased since it began.

    In what it has stored, too: an erasure that began before that was stored has not seen it.
    Raises ErasureKeyError.
    """
    new = load_erased(app.blobs, app.vault).since(built.erased)
    if not new:
        return built
    rows = built.table.filter(new.is_erased(built.table.select("email", "customer_id")))
    if rows.is_empty():
        return built
    person = Person(
        frozenset(text for text in rows["email"].to_list() if text),
        frozenset(text for text in rows["customer_id"].to_list() if text),
    )
    plans.remove(app, built.plan.folder, person)
    who = built.table.select(who=person.rows())["who"]
    return replace(built, table=plans.blanked(built.table, who))
