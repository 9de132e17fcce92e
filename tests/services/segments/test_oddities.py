"""What real exports look like, each through the storage emulator."""

import pytest

from local.sample_data import Dialect, Model, write_export
from tests.services.segments.conftest import FOLDER, STAMP, Storage, people

PEOPLE = people(25)
EXPECTED = list(zip(PEOPLE["CustomerId"], PEOPLE["Email"], strict=True))

ODDITIES = {
    "header": Dialect(),
    "no header": Dialect(header=False),
    "semicolon": Dialect(delimiter=";"),
    "tab": Dialect(delimiter="\t"),
    "pipe without header": Dialect(delimiter="|", header=False),
    "everything quoted": Dialect(quotes="always"),
    "nothing quoted": Dialect(quotes="never"),
    "UTF-8 with BOM": Dialect(bom=True),
    "UTF-16 with BOM": Dialect(encoding="utf-16-le", bom=True),
    "big-endian UTF-16": Dialect(encoding="utf-16-be"),
    "Latin-1": Dialect(encoding="iso-8859-1"),
    "Windows line ends": Dialect(newline="\r\n"),
}
MODELS = {
    "right": Model(),
    "flags as text": Model(column_headers="string"),
    "no flags": Model(column_headers="absent"),
    "lying flags": Model(column_headers="lie"),
    "no settings": Model(settings=False),
    "data lake host": Model(host="dfs"),
    "snapshot query": Model(snapshot_query=True),
    "tables instead of entities": Model(entities_member="tables"),
    "BOM": Model(bom=True),
}


@pytest.mark.parametrize("dialect", ODDITIES.values(), ids=ODDITIES)
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_reads_every_dialect_with_every_model(
    storage: Storage, dialect: Dialect, model: Model
) -> None:
    if dialect.encoding == "iso-8859-1" and not model.settings:
        pytest.skip("nothing tells Latin-1 from other encodings but model.json")
    write_export(
        storage.container,
        FOLDER,
        {"VIP": PEOPLE},
        stamp=STAMP,
        partitions=3,
        empty_partitions=1,
        dialect=dialect,
        model=model,
    )
    snapshot = storage.find(later=0)

    assert snapshot.confirmed
    assert snapshot.whole
    assert snapshot.stamp == "2026/11/22/0600"
    assert snapshot.warnings == ()
    assert storage.read("CustomerId", "Email") == EXPECTED
