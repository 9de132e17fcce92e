"""Every trigger of the app: parse, call, translate; the work is in `shared`.

Nothing heavy is imported here: an instance that answers a small request never loads the planner.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import azure.functions as func

from shared.http.route import Route, trigger
from shared.http.routes import ROUTES
from shared.platform import log, queue_names
from shared.runs.messages import ForeignMessageError, read_ids

# The queues live in the storage account of the host.
STORAGE = "AzureWebJobsStorage"
EVERY_FIVE_MINUTES = "0 */5 * * * *"
HTTP_AUTH = os.environ.get("HTTP_AUTH") or "keys"

app = func.FunctionApp()


@app.timer_trigger(arg_name="timer", schedule=os.environ.get("EXPORT_TICK") or EVERY_FIVE_MINUTES)
def tick(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the binding wants it
    """Start due exports; mend lost messages and missing lanes."""
    from shared.bootstrap import get_app
    from shared.runs.upkeep.tick import tick as run_tick

    with _step("tick", context):
        run_tick(get_app())


@app.queue_trigger(arg_name="message", queue_name=queue_names.PLAN, connection=STORAGE)
def plan_run(message: func.QueueMessage, context: func.Context) -> None:
    """Read the snapshots of a run and decide what to send."""
    from shared.bootstrap import get_app
    from shared.runs.planning.plan import plan_run as run_plan

    with _step("plan_run", context):
        run_plan(get_app(), read_ids(message.get_body()))


@app.queue_trigger(arg_name="message", queue_name=queue_names.LANE, connection=STORAGE)
def send_batches(message: func.QueueMessage, context: func.Context) -> None:
    """Send batches to one Mailchimp account for some minutes."""
    from shared.bootstrap import get_lanes
    from shared.runs.sending.lane import send_batches as run_lane

    with _step("send_batches", context):
        run_lane(get_lanes(), read_ids(message.get_body()))


@app.queue_trigger(arg_name="message", queue_name=queue_names.FINISH, connection=STORAGE)
def finish_run(message: func.QueueMessage, context: func.Context) -> None:
    """Fold a run's outcomes into the ledger and end it."""
    from shared.bootstrap import get_app
    from shared.runs.finishing.finish import finish_run as run_finish

    with _step("finish_run", context):
        run_finish(get_app(), read_ids(message.get_body()))


@app.queue_trigger(arg_name="message", queue_name=queue_names.UPKEEP, connection=STORAGE)
def upkeep(message: func.QueueMessage, context: func.Context) -> None:
    """Work for some minutes on what is long and no run."""
    from shared.bootstrap import get_app
    from shared.upkeep import work

    with _step("upkeep", context):
        work(get_app(), read_ids(message.get_body()))


@app.queue_trigger(arg_name="message", queue_name=queue_names.NOTICES, connection=STORAGE)
def notices(message: func.QueueMessage, context: func.Context) -> None:
    """Send a notification to whoever listens."""
    from shared.bootstrap import get_app
    from shared.notifications.telling import tell

    with _step("notices", context):
        tell(get_app(), read_ids(message.get_body()))


@app.queue_trigger(arg_name="message", queue_name=f"{queue_names.PLAN}-poison", connection=STORAGE)
def plan_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Put back a plan message that still has attempts, or fail its run."""
    _revive(queue_names.PLAN, message, context)


@app.queue_trigger(arg_name="message", queue_name=f"{queue_names.LANE}-poison", connection=STORAGE)
def lane_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Put back a lane."""
    _revive(queue_names.LANE, message, context)


@app.queue_trigger(
    arg_name="message", queue_name=f"{queue_names.FINISH}-poison", connection=STORAGE
)
def finish_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Put back a finish message that still has attempts, or fail its run."""
    _revive(queue_names.FINISH, message, context)


@app.queue_trigger(
    arg_name="message", queue_name=f"{queue_names.UPKEEP}-poison", connection=STORAGE
)
def upkeep_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Tell of work that failed again and again; the tick comes back to it."""
    _revive(queue_names.UPKEEP, message, context)


@app.queue_trigger(
    arg_name="message", queue_name=f"{queue_names.NOTICES}-poison", connection=STORAGE
)
def notices_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Tell of a notification that failed again and again; the tick comes back to it."""
    _revive(queue_names.NOTICES, message, context)


def _register(name: str, route: Route) -> None:
    """Make a function of a row of the table of routes; the host knows it by this name."""

    def answer(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        from shared.http.serve import serve
        from shared.platform import tracing

        with tracing.invocation(context.trace_context.trace_parent):
            return serve(name, req)

    answer.__name__ = name
    app.route(**trigger(route, HTTP_AUTH))(answer)


for _name, _route in ROUTES.items():
    _register(_name, _route)


@contextmanager
def _step(name: str, context: func.Context) -> Iterator[None]:
    """Do a step of the app in the trace of its invocation."""
    from shared.platform import tracing

    with tracing.invocation(context.trace_context.trace_parent), log.step(name):
        yield


def _revive(queue: str, message: func.QueueMessage, context: func.Context) -> None:
    from shared.bootstrap import get_app
    from shared.runs.upkeep.recovery import revive

    with _step("revive", context):
        try:
            ids = read_ids(message.get_body())
        except ForeignMessageError:
            log.event("foreign_message_dropped", level=logging.ERROR, queue=queue)
            return
        revive(get_app(), queue, ids)
