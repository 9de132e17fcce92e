"""An installation of many exports: none is forgotten."""

from shared.app import App
from shared.exports import store


def test_a_list_has_every_export_in_the_order_of_their_names(app: App) -> None:
    names = [f"news-{number:03d}" for number in range(300)]
    for name in reversed(names):
        store.save_export(app.blobs, {"name": name}, None)
    app.blobs.write_document("exports/_last/news-000", {"run": "of no export's document"})
    assert [export["name"] for export in store.list_exports(app.blobs)] == names


def test_an_export_that_is_deleted_while_a_list_is_read_is_left_out(app: App) -> None:
    names = [f"news-{number:03d}" for number in range(300)]
    for name in names:
        store.save_export(app.blobs, {"name": name}, None)
    listed = store.list_exports(app.blobs)
    assert next(listed)["name"] == names[0]
    app.blobs.delete(f"exports/{names[-1]}.json")
    assert [export["name"] for export in listed] == names[1:-1]
