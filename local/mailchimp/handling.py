"""The way of one API call: who is it, may it come in, how long does it take, how does it end."""

import asyncio
import time
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import unquote

import orjson
from aiohttp import web

from . import acting, problems, router
from .calls import Call
from .faults import STATUS_KINDS, Rule
from .gates import Pass
from .instants import Moment
from .problems import Problem
from .requests import Request
from .responses import answer_response, fault_response, html, problem_response
from .world import World

_WATCH_SECONDS = 0.02


@dataclass(slots=True)
class _Open:
    """A call between coming in and its answer."""

    request: web.BaseRequest
    call: Call
    passed: Pass
    asked: Request
    path: str
    dc: str
    # Set when the call goes on being counted after its answer.
    held: bool = False


class Handler:
    """Answers the Marketing API's own paths."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._holding: set[asyncio.Task[None]] = set()

    async def __call__(self, request: web.BaseRequest, dc: str | None, path: str) -> web.Response:
        """Answer one call; `path` begins after `/3.0` and is still escaped."""
        world = self._world
        call = world.log.begin(
            request.method, path or "/", request.rel_url.raw_query_string, time.monotonic()
        )
        try:
            response = await self._enter(request, call, dc, path)
            call.status = response.status
            if offset := world.switches.clock_offset_seconds:
                response.headers["Date"] = formatdate(time.time() + offset, usegmt=True)
        finally:
            call.ended = time.monotonic()
            call.disconnected = request.transport is None or request.transport.is_closing()
        return response

    async def _enter(
        self, request: web.BaseRequest, call: Call, dc: str | None, path: str
    ) -> web.Response:
        world = self._world
        try:
            login = world.logins.enter(request.headers.get("Authorization"), dc)
        except Problem as problem:
            return problem_response(problem, dc or "us1")
        call.key_id, call.account_id = login.key_id, login.account.id
        passed = world.gates.enter(login, world.switches)
        if passed is None:
            return problem_response(problems.too_many_requests(), login.account.dc)
        call.in_flight = login.account.held
        asked = Request(world, login, request.method, dict(request.query))
        opened = _Open(request, call, passed, asked, path, login.account.dc)
        try:
            return await self._serve(opened)
        except Problem as problem:
            return problem_response(problem, login.account.dc)
        finally:
            if not opened.held:
                passed.leave()

    async def _serve(self, opened: _Open) -> web.Response:
        world, call = self._world, opened.call
        switches = world.switches
        raw = await opened.request.read()
        body = _parsed(raw)
        opened.asked = Request(
            world,
            opened.asked.login,
            opened.asked.method,
            opened.asked.query,
            body,
            lambda: self._happen(call, "during"),
        )
        call.members = router.members_in(body)
        if switches.record_bodies:
            call.body = body
        self._happen(call, "before")
        rule = world.faults.pick(call.method, call.path, call.members, raw)
        if rule is not None:
            call.fault = rule.kind
            if rule.kind == "reset_before":
                _reset(opened.request)
            if rule.kind in STATUS_KINDS and not rule.after_work:
                return fault_response(rule.kind, opened.dc)
        delay = self._delay(call)
        if self._times_out(call, rule, delay):
            return await self._time_out(opened, rule)
        if switches.work_at == "before":
            response = self._work(opened)
            await self._wait(opened, delay)
        else:
            await self._wait(opened, delay)
            response = self._work(opened)
        if rule is not None:
            response = await self._spoil(opened, rule, response)
        return response

    def _delay(self, call: Call) -> float:
        switches = self._world.switches
        if switches.bulk_seconds is not None and call.members and call.method == "POST":
            return switches.bulk_seconds
        return switches.base_seconds + call.members * switches.per_member_seconds

    def _times_out(self, call: Call, rule: Rule | None, delay: float) -> bool:
        switches = self._world.switches
        if rule is not None and rule.kind == "timeout":
            return True
        above = switches.always_timeout_above
        if above is not None and call.members > above:
            call.fault = call.fault or "timeout"
            return True
        if delay > switches.cutoff_seconds:
            call.fault = call.fault or "timeout"
            return True
        return False

    async def _time_out(self, opened: _Open, rule: Rule | None) -> web.Response:
        """Let the call hang until the cut-off; its work may be done, now, then or later."""
        switches = self._world.switches
        work = switches.timeout_work
        if rule is not None and rule.kind == "timeout":
            work = ("at_cutoff" if work == "none" else work) if rule.after_work else "none"
        if work == "at_once":
            self._work(opened)
        await self._wait(opened, switches.cutoff_seconds)
        if work == "at_cutoff":
            self._work(opened)
        if switches.timeout_hold_seconds > 0:
            opened.held = True
            task = asyncio.get_running_loop().create_task(
                self._hold(opened, switches.timeout_hold_seconds, work == "late")
            )
            self._holding.add(task)
            task.add_done_callback(self._holding.discard)
        elif work == "late":
            self._work(opened)
        if switches.timeout_answer == "close":
            _close(opened.request)
        return html(switches.timeout_answer)

    async def _hold(self, opened: _Open, seconds: float, work: bool) -> None:
        try:
            await asyncio.sleep(seconds)
            if work:
                self._work(opened)
        finally:
            opened.passed.leave()

    async def _wait(self, opened: _Open, seconds: float) -> None:
        """Until the call has lasted so long. A client that leaves may give its place back."""
        end = opened.call.started + seconds
        if self._world.switches.hold_connection_after_disconnect:
            if (left := end - time.monotonic()) > 0:
                await asyncio.sleep(left)
            return
        while (left := end - time.monotonic()) > 0:
            transport = opened.request.transport
            if transport is None or transport.is_closing():
                opened.passed.leave()
            await asyncio.sleep(min(left, _WATCH_SECONDS))

    def _work(self, opened: _Open) -> web.Response:
        opened.call.worked = True
        if not opened.call.members:
            # A call about one contact has no middle but the moment before it is written.
            self._happen(opened.call, "during")
        try:
            found = router.answer(opened.asked, unquote(opened.path).strip("/"))
            response = answer_response(found, opened.dc)
        except Problem as problem:
            response = problem_response(problem, opened.dc)
        self._happen(opened.call, "after")
        return response

    def _happen(self, call: Call, moment: Moment) -> None:
        """Let people do what they were told to do at this moment of the call."""
        world = self._world
        for act in world.instants.due(f"{call.method} {call.path}", moment):
            audience = world.audiences[str(act["list_id"])]
            acting.act(audience, act, world.now(), world.switches)
            world.tell(audience, act)

    async def _spoil(self, opened: _Open, rule: Rule, response: web.Response) -> web.Response:
        """The work is done, but the answer does not arrive as it should."""
        match rule.kind:
            case "reset_after_work":
                _reset(opened.request)
            case "truncated_answer":
                await _truncate(opened.request, response)
            case "garbled_answer":
                response.body = _garbled(response.body)
            case kind:
                return fault_response(kind, opened.dc)
        return response


def _parsed(raw: bytes) -> object:
    if not raw:
        return None
    try:
        found: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise problems.unparsable() from None
    return found


def _reset(request: web.BaseRequest) -> None:
    """Cut the connection the hard way."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("cut on purpose")


def _close(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()
    raise ConnectionResetError("closed on purpose")


def _garbled(body: object) -> bytes:
    """An answer that lost its middle on the way: it begins and ends as it should."""
    whole = body if isinstance(body, bytes) else b""
    return whole[: len(whole) // 4] + whole[-len(whole) // 4 :]


async def _truncate(request: web.BaseRequest, response: web.Response) -> None:
    """Send the headers of the whole answer and half of its body."""
    body = response.body if isinstance(response.body, bytes) else b""
    partial = web.StreamResponse(status=response.status, headers=response.headers)
    partial.content_length = len(body)
    await partial.prepare(request)
    await partial.write(body[: len(body) // 2])
    _close(request)
