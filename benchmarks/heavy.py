"""Plans or finishes one run in a process of its own, watched; prints what was seen as JSON.

Used as `python -m benchmarks.heavy plan|finish|answer <run>`, with the app's settings in the
environment. `answer` stands in for the lanes: it writes the outcome blobs of a run in which
Mailchimp took every contact.
"""

import json
import sys

from benchmarks.watching import Watch
from shared.app import App
from shared.bootstrap import build_app
from shared.platform.settings import Settings
from shared.runs import chunks
from shared.runs.codes import NUMBER
from shared.runs.finishing.finish import finish_run
from shared.runs.plan_document import load_plan
from shared.runs.planning.plan import plan_run
from shared.runs.sending import calls


def main() -> None:
    """Do what the command line says."""
    what, run = sys.argv[1:]
    app = build_app(Settings.from_environment())
    if what == "answer":
        answer(app, run)
        return
    with Watch() as watch:
        (plan_run if what == "plan" else finish_run)(app, {"run": run})
    print(json.dumps(watch.seen.document()))


def answer(app: App, run: str) -> None:
    """Write outcomes for every item of a run's plan."""
    plan = load_plan(app.blobs, run)
    assert plan is not None
    code = {"upsert": "created", "tag": "tagged"}
    for number, index in enumerate(plan.chunks):
        chunk = chunks.claim(app.blobs, app.leases, run, number)
        assert chunk is not None
        for start in range(0, index.items, 500):
            size = min(500, index.items - start)
            codes = [NUMBER[code.get(index.kind, index.kind + "d")]] * size
            chunk.append(calls.Answers(codes).block(start, []))
        chunk.release(done=True)


if __name__ == "__main__":
    main()
