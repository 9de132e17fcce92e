"""The app reads forms of its own and earlier versions, and fails at those of a later one."""

import io
import json

import polars as pl
import pytest

from shared.app import App
from shared.frames import tables
from shared.platform.forms import Form, FormError
from shared.stored_forms import DOCUMENTS, TABLES

FORMS = (*DOCUMENTS, *TABLES)


def name_of(form: Form) -> str:
    """A name that a blob of this form may have."""
    return form.where.replace("{", "").replace("}", "")


def parquet(table: pl.DataFrame, **metadata: str) -> bytes:
    """The file of a table with words of its own."""
    file = io.BytesIO()
    table.write_parquet(file, metadata=metadata)
    return file.getvalue()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.where))
def test_every_name_has_one_form(form: Form) -> None:
    assert [one for one in FORMS if one.pattern.fullmatch(name_of(form))] == [form]


@pytest.mark.parametrize("form", DOCUMENTS, ids=lambda form: str(form.where))
def test_a_document_of_a_later_version_is_neither_read_nor_changed(app: App, form: Form) -> None:
    name = name_of(form)
    later = json.dumps({"version": form.version + 1, "id": "x"}).encode()
    app.blobs.write(name, later)

    with pytest.raises(FormError, match=form.name):
        app.blobs.read_document(name)
    with pytest.raises(FormError):
        app.blobs.update_document(name, lambda document: {**document, "id": "y"})
    with pytest.raises(FormError):
        app.blobs.create_document(name, {"id": "y"})
    assert app.blobs.read(name) == later


@pytest.mark.parametrize("form", DOCUMENTS, ids=lambda form: str(form.where))
def test_a_document_that_is_written_says_its_version(app: App, form: Form) -> None:
    app.blobs.write_document(name_of(form), {"id": "x"})
    stored = json.loads(app.blobs.read(name_of(form)))
    assert stored == {"version": form.version, "id": "x"}


@pytest.mark.parametrize("form", TABLES, ids=lambda form: str(form.where))
def test_a_table_says_its_version_and_one_of_a_later_one_is_not_read(app: App, form: Form) -> None:
    name = name_of(form)
    tables.write(app.blobs, name, pl.DataFrame({"a": [1]}))
    assert pl.read_parquet_metadata(io.BytesIO(app.blobs.read(name)))["version"] == str(
        form.version
    )
    later = parquet(pl.DataFrame({"b": [1]}), version=str(form.version + 1))
    app.blobs.write(name, later)

    with pytest.raises(FormError, match=form.name):
        tables.read(app.blobs, name, ["a"])
    with pytest.raises(FormError, match=form.name):
        tables.parse(app.blobs, name, later)


def test_a_table_that_says_no_version_is_of_the_first(app: App) -> None:
    name = name_of(TABLES[0])
    app.blobs.write(name, parquet(pl.DataFrame({"a": [1]})))
    assert tables.read(app.blobs, name)["a"].to_list() == [1]
