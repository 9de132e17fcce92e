"""The route that says when a schedule would run."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.app import App
from shared.exports.models import Schedule
from shared.exports.schedules import next_after
from shared.http import inputs
from shared.http.messages import Request, Response
from shared.platform.clock import to_text, utc_now


class ScheduleQuestion(BaseModel):
    """A schedule as an export has it, and how many of its next times are wanted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    schedule: Schedule
    count: Annotated[int, Field(ge=1, le=50)] = 5


def next_times(app: App, request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Return the next times of a schedule, none where it has no times."""
    asked = inputs.read(ScheduleQuestion, request.document())
    times: list[str] = []
    moment = utc_now()
    while asked.schedule.kind == "cron" and len(times) < asked.count:
        following = next_after(asked.schedule.cron, asked.schedule.time_zone, moment)
        if following is None:
            break
        times.append(to_text(following))
        moment = following
    return Response(document={"items": times})
