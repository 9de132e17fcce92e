"""The route of the record of processing."""

from dataclasses import asdict

from shared.app import App
from shared.exports import store
from shared.exports.processing import record_of
from shared.http.messages import Request, Response


def get(app: App, request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Return the record of processing, written from what is configured now."""
    connections = list(store.list_connections(app.blobs))
    known, unreadable = store.indexed_exports(app.blobs)
    exports = store.readable(store.read_some(app.blobs, [export.name for export in known]))
    record = record_of(app.settings, connections, exports, [one.name for one in unreadable])
    consents = [
        {"connection": name, **consent.model_dump(mode="json")}
        for name, consent in record.consents.items()
    ]
    return Response(document={**asdict(record), "consents": consents})
