"""An app with one function of each kind, for the tests of the host.

What its functions did is seen in the container `journal`: one blob per invocation, named
`<function>/<word>/<time>-<what>`, where what is `start` or `end`.
"""

import json
import logging
import os
import time
from datetime import UTC, datetime

import azure.functions as func
from azure.storage.blob import ContainerClient

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
storage = os.environ["AzureWebJobsStorage"]  # noqa: SIM112 - the platform spells it so
journal = ContainerClient.from_connection_string(storage, "journal")


def note(function: str, word: str, what: str, **details: object) -> None:
    """Adds an entry to the journal."""
    # A host is known by its process, the parent of the worker's.
    entry = {"time": time.time(), "pid": os.getppid(), **details}
    name = f"{function}/{word}/{time.time_ns()}-{what}"
    journal.upload_blob(name, json.dumps(entry))


@app.route(route="echo/{word}/{number:int?}", methods=["POST"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Answers with what reached it."""
    seen = {
        "method": req.method,
        "url": req.url,
        "route": dict(req.route_params),
        "query": dict(req.params),
        "headers": dict(req.headers),
        "body": req.get_body().hex(),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="accepted", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
def accepted(req: func.HttpRequest) -> func.HttpResponse:
    """Answers 202 with a place to look."""
    headers = {"Location": f"/api/echo/{req.method}", "Retry-After": "2"}
    return func.HttpResponse(b"\x00\xff", status_code=202, headers=headers, mimetype="image/png")


@app.route(route="accepted", methods=["DELETE"], auth_level=func.AuthLevel.ADMIN)
def delete(req: func.HttpRequest) -> str:  # noqa: ARG001 - the binding needs it
    """Shares its route with another function."""
    return "deleted"


@app.route(route="broken", auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> func.HttpResponse:
    """Fails."""
    raise RuntimeError(f"broken by {req.method}")


@app.route(route="sleepy", auth_level=func.AuthLevel.ANONYMOUS)
def sleepy(req: func.HttpRequest) -> str:
    """Takes as long as it is asked to."""
    time.sleep(float(req.params["seconds"]))
    return "woken"


@app.route(route="die", auth_level=func.AuthLevel.ANONYMOUS)
def die(req: func.HttpRequest) -> str:  # noqa: ARG001 - the binding needs it
    """Ends its worker."""
    os._exit(1)


@app.route(route="auth", auth_level=func.AuthLevel.ANONYMOUS)
def auth(req: func.HttpRequest) -> str:
    """Says what it knows of its caller."""
    seen = {name: value for name, value in req.headers.items() if "principal" in name}
    return json.dumps({"enabled": os.environ.get("WEBSITE_AUTH_ENABLED"), "headers": seen})


@app.queue_trigger(arg_name="msg", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="out", queue_name="results", connection="AzureWebJobsStorage")
def work(msg: func.QueueMessage, out: func.Out[str], context: func.Context) -> None:
    """Does what the message says: `{word, seconds, fail_until, die_at}`."""
    task = msg.get_json()
    attempt = msg.dequeue_count or 0
    metadata = [msg.id, msg.pop_receipt, msg.insertion_time, msg.expiration_time]
    metadata.append(msg.time_next_visible)
    details = {"attempt": attempt, "whole": all(metadata)}
    note("work", task["word"], "start", **details)
    if attempt == task.get("die_at"):
        os._exit(1)
    logging.info("attempt %d of %s", attempt, context.invocation_id)
    time.sleep(task.get("seconds", 0))
    if attempt < task.get("fail_until", 0):
        raise ValueError("not yet")
    note("work", task["word"], "end", **details)
    if task.get("result"):
        out.set(task["result"])


@app.timer_trigger(arg_name="timer", schedule="%TICK%")
def tick(timer: func.TimerRequest) -> None:
    """Takes longer than its interval."""
    note("tick", "-", "start", past_due=timer.past_due)
    time.sleep(float(os.environ.get("TICK_SECONDS", "0")))
    note("tick", "-", "end", at=datetime.now(UTC).isoformat())
