"""Timer triggers: on one host of many, never overlapping, never retried."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob.aio import ContainerClient

from local.functions_host.functions import Function, TimerTrigger
from local.functions_host.invocations import Invocations
from local.functions_host.ncrontab import Schedule
from local.functions_host.singleton import Singleton
from local.functions_host.wire import Typed

_log = logging.getLogger("Host.Triggers.Timer")


class TimerListener:
    """Fires one function by its schedule for as long as this host holds the function's lock.

    Schedules are wall-clock times; the host's time scale does not change them.
    """

    def __init__(
        self,
        function: Function,
        trigger: TimerTrigger,
        container: ContainerClient,
        host_id: str,
        lock: Singleton,
        invocations: Invocations,
    ) -> None:
        self._schedule = Schedule.parse(trigger.schedule)
        self._function = function
        self._expression = trigger.schedule
        self._lock = lock
        self._invocations = invocations
        self._firing = asyncio.Lock()
        self._status = container.get_blob_client(
            f"timers/{host_id}/Host.Functions.{function.name}/status"
        )
        self._monitored = trigger.use_monitor and self._interval() >= timedelta(minutes=1)
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Waits for the lock, fires while it is held, and waits again when it was lost."""
        while not self._stopping.is_set():
            async with self._lock.held(self._stopping) as lost:
                if lost is None:
                    return
                work = asyncio.create_task(self._fire_by_schedule())
                stops = [asyncio.create_task(event.wait()) for event in (lost, self._stopping)]
                await asyncio.wait({work, *stops}, return_when=asyncio.FIRST_COMPLETED)
                for task in (work, *stops):
                    task.cancel()
                results = await asyncio.gather(work, *stops, return_exceptions=True)
                # Nobody else gets the lock while an invocation of ours is still running.
                async with self._firing:
                    pass
                if isinstance(error := results[0], AzureError):
                    _log.warning("%s restarts: %s", self._function.name, type(error).__name__)
                elif isinstance(error, Exception):
                    raise error

    def stop(self) -> None:
        """Fires no more; an invocation that runs is not stopped by it."""
        self._stopping.set()

    async def fire(self, *, past_due: bool = False) -> bool:
        """Invokes now, after a running invocation of it has ended; says whether it succeeded."""
        return await asyncio.shield(asyncio.ensure_future(self._fire(past_due)))

    async def _fire(self, past_due: bool) -> bool:
        async with self._firing:
            now = datetime.now(UTC)
            status = await self._read_status()
            info = {
                "Schedule": {"AdjustForDST": True},
                "ScheduleStatus": status,
                "IsPastDue": past_due,
            }
            answer = await self._invocations.run(
                self._function, Typed(json.dumps(info), "json"), {}, "Timer fired"
            )
            await self._write_status(last=now)
            return answer.succeeded

    async def _fire_by_schedule(self) -> None:
        # A run that was due while no host was there is made up for, once.
        status = await self._read_status()
        if status and datetime.fromisoformat(status["Next"]) < datetime.now(UTC):
            await self.fire(past_due=True)
        elif self._monitored and not status:
            await self._write_status(last=None)
        while occurrence := self._schedule.next_after(datetime.now(UTC)):
            while (wait := (occurrence - datetime.now(UTC)).total_seconds()) > 0:
                await asyncio.sleep(min(wait, 3600))
            await self.fire()
        # 31 February: the host takes it, and waits.
        await self._stopping.wait()

    def _interval(self) -> timedelta:
        first = self._schedule.next_after(datetime.now(UTC))
        second = self._schedule.next_after(first) if first else None
        return second - first if first and second else timedelta.max

    async def _read_status(self) -> Mapping[str, Any] | None:
        if not self._monitored:
            return None
        try:
            stream = await self._status.download_blob()
            status: dict[str, Any] = json.loads(await stream.readall())
        except ResourceNotFoundError:
            return None
        # With another schedule than the one it was written under, its Next means nothing.
        return status if status.get("Expression") == self._expression else None

    async def _write_status(self, last: datetime | None) -> None:
        if not self._monitored:
            return
        now = datetime.now(UTC)
        following = self._schedule.next_after(now)
        status = {
            "Expression": self._expression,
            "Last": (last or datetime.min.replace(tzinfo=UTC)).isoformat(),
            "Next": (following or datetime.max.replace(tzinfo=UTC)).isoformat(),
            "LastUpdated": now.isoformat(),
        }
        with contextlib.suppress(AzureError):
            await self._status.upload_blob(json.dumps(status), overwrite=True)
