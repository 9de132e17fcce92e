"""POST /batches: operations that an account's queue works off, one batch at a time."""

from .. import problems
from ..batch_queue import METHODS, Batch, Operation
from ..links import resource_links
from ..requests import Answer, Request, iso

PENDING_MOST = 500
_ONE = "Batches/Response"


def add_batch(request: Request) -> Answer:
    """Queue operations; nothing of them is done yet when this answers."""
    given = request.document().get("operations")
    if not isinstance(given, list) or not given:
        raise problems.bad_shape(("operations", "This value should not be blank."))
    operations = [_operation(one, position) for position, one in enumerate(given)]
    queue = request.world.batches
    if queue.pending(request.login.account.id) >= PENDING_MOST:
        raise problems.too_many_batches()
    batch = queue.add(request, operations)
    return Answer(_shown(request, batch), _ONE)


def get_batches(request: Request) -> Answer:
    """The account's batches."""
    offset, count = request.page()
    found = request.world.batches.of(request.login.account.id)
    shown = [_shown(request, one) for one in found[offset : offset + count]]
    body = {"batches": shown, "total_items": len(found)}
    return Answer(body, "Batches/CollectionResponse")


def get_batch(request: Request, batch_id: str) -> Answer:
    """One batch; its results are behind a URL once it is finished."""
    return Answer(_shown(request, _find(request, batch_id)), _ONE)


def delete_batch(request: Request, batch_id: str) -> Answer:
    """Stop a batch; results of what was done are lost."""
    request.world.batches.remove(_find(request, batch_id))
    return Answer(None, _ONE)


def _find(request: Request, batch_id: str) -> Batch:
    batch = request.world.batches.by_id.get(batch_id)
    if batch is None or batch.login.account.id != request.login.account.id:
        raise problems.not_found()
    return batch


def _operation(given: object, position: int) -> Operation:
    at = f"operations.item:{position}"
    if not isinstance(given, dict):
        raise problems.bad_shape((at, "Schema describes object"))
    method, path, body = given.get("method"), given.get("path"), given.get("body")
    if method not in METHODS:
        raise problems.bad_shape((f"{at}.method", "Data presented is not an accepted value"))
    if not isinstance(path, str):
        raise problems.bad_shape((f"{at}.path", "This value should not be blank."))
    if body is not None and not isinstance(body, str):
        raise problems.bad_shape((f"{at}.body", "Schema describes string, object found instead"))
    params = given.get("params")
    query = {str(name): str(value) for name, value in params.items()} if params else {}
    operation_id = given.get("operation_id")
    return Operation(str(method), path, query, body or "", operation_id)


def _shown(request: Request, batch: Batch) -> dict[str, object]:
    url = f"{request.world.base_url}/batch-results/{batch.id}.tar.gz"
    started = batch.status != "pending"
    return {
        "id": batch.id,
        "status": batch.status,
        # Nothing is counted before Mailchimp has looked at the batch.
        "total_operations": len(batch.operations) if started else 0,
        "finished_operations": batch.finished,
        "errored_operations": batch.errored,
        "submitted_at": iso(batch.submitted),
        "completed_at": iso(batch.completed),
        "response_body_url": url if batch.archive else "",
        "_links": resource_links(
            batch.login.account.dc, f"/batches/{batch.id}", "/batches", "Batches"
        ),
    }
