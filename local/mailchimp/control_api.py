"""The control API: what tests and demos ask of the simulator, as JSON over `/_control/`."""

import gc
from collections.abc import Awaitable, Callable
from dataclasses import asdict

import orjson
from aiohttp import web

from . import acting, state
from .audience import Audience
from .faults import Rule
from .instants import Act
from .oauth_clients import Client
from .switches import Switches
from .world import DEFAULT_MERGE_FIELDS, World

type _Action = Callable[[dict[str, object]], object]


class ControlApi:
    """Answers `/_control/...`; anything wrong is a 400 with its reason."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._actions: dict[str, _Action] = {
            "accounts": self._add_account,
            "keys": self._add_key,
            "revoke": self._revoke,
            "disable": self._disable,
            "role": self._change_role,
            "lists": self._add_list,
            "interests": self._add_interests,
            "permissions": self._add_permissions,
            "generate": self._generate,
            "tags": self._tags,
            "summary": self._summary,
            "act": self._act,
            "switches": self._switches,
            "faults": self._add_fault,
            "clear-faults": self._clear_faults,
            "send-event": self._send_event,
            "deliveries": self._deliveries,
            "act-upon": self._act_upon,
            "acted-upon": self._acted_upon,
            "calls": self._calls,
            "stats": self._stats,
            "reset-log": self._reset_log,
            "reset": self._reset,
            "oauth": self._oauth,
        }
        self._streams: dict[str, Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]] = {
            "put-contacts": self._put_contacts,
            "dump-contacts": self._dump_contacts,
        }

    async def __call__(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        """Answer one request."""
        try:
            if stream := self._streams.get(name):
                return await stream(request)
            action = self._actions[name]
            raw = await request.read()
            result = action(orjson.loads(raw) if raw else {})
        except (KeyError, ValueError, TypeError) as error:
            text = f"{type(error).__name__}: {error}"
            return web.Response(status=400, text=text)
        return web.Response(body=orjson.dumps(result), content_type="application/json")

    def _audience(self, body: dict[str, object]) -> Audience:
        return self._world.audiences[str(body["list_id"])]

    def _add_account(self, body: dict[str, object]) -> object:
        account = self._world.add_account(
            str(body["name"]), str(body["dc"]), str(body.get("account_id") or "")
        )
        return self._key(account.id, body)

    def _add_key(self, body: dict[str, object]) -> object:
        return self._key(str(body["account_id"]), body)

    def _key(self, account_id: str, body: dict[str, object]) -> dict[str, object]:
        account = self._world.logins.accounts[account_id]
        token = body.get("token")
        login = self._world.add_login(
            account, str(token) if token else None, str(body["user"]), str(body["role"])
        )
        return {"account_id": account.id, "token": login.token, "key_id": login.key_id}

    def _revoke(self, body: dict[str, object]) -> object:
        return self._world.logins.revoke(str(body["token"]))

    def _disable(self, body: dict[str, object]) -> object:
        account = self._world.logins.accounts[str(body["account_id"])]
        account.disabled = bool(body["disabled"])
        return None

    def _change_role(self, body: dict[str, object]) -> object:
        self._world.logins.change_role(str(body["token"]), str(body["role"]))
        return None

    def _add_list(self, body: dict[str, object]) -> object:
        fields = body.get("merge_fields")
        audience = self._world.add_audience(
            self._world.logins.accounts[str(body["account_id"])],
            str(body["name"]),
            str(body["list_id"]) if body.get("list_id") else None,
            list(DEFAULT_MERGE_FIELDS) if fields is None else fields,  # type: ignore[arg-type]  # a list of objects, by the client's signature
        )
        audience.double_optin = bool(body.get("double_optin"))
        audience.marketing_permissions = bool(body.get("marketing_permissions"))
        return audience.id

    def _add_interests(self, body: dict[str, object]) -> object:
        names: list[str] = body["names"]  # type: ignore[assignment]  # by the client's signature
        return self._audience(body).add_interests(str(body["group"]), names, str(body["kind"]))

    def _add_permissions(self, body: dict[str, object]) -> object:
        texts: list[str] = body["texts"]  # type: ignore[assignment]  # by the client's signature
        return self._audience(body).add_permissions(texts)

    def _generate(self, body: dict[str, object]) -> object:
        contacts = state.generated(int(str(body["count"])), dict(body))
        count = state.load(self._audience(body), contacts, self._world.now())
        gc.freeze()
        return count

    def _tags(self, body: dict[str, object]) -> object:
        return state.tags(self._audience(body))

    def _summary(self, body: dict[str, object]) -> object:
        return state.summary(self._audience(body))

    def _act(self, body: dict[str, object]) -> object:
        reached = acting.act(self._audience(body), body, self._world.now(), self._world.switches)
        self._world.tell(self._audience(body), body)
        return reached

    def _send_event(self, body: dict[str, object]) -> object:
        return self._world.tell(self._audience(body), body)

    def _deliveries(self, body: dict[str, object]) -> object:
        del body
        return self._world.deliveries.shown()

    def _act_upon(self, body: dict[str, object]) -> object:
        self._world.instants.acts.append(Act(**body))  # type: ignore[arg-type]  # by the client's signature
        return None

    def _acted_upon(self, body: dict[str, object]) -> object:
        del body
        return self._world.instants.clear()

    def _switches(self, body: dict[str, object]) -> object:
        self._world.set_switches(body)
        return asdict(self._world.switches)

    def _add_fault(self, body: dict[str, object]) -> object:
        self._world.faults.rules.append(Rule(**body))  # type: ignore[arg-type]  # by the client's signature
        return None

    def _clear_faults(self, body: dict[str, object]) -> object:
        del body
        hits = [rule.hits for rule in self._world.faults.rules]
        self._world.faults.rules.clear()
        return hits

    def _calls(self, body: dict[str, object]) -> object:
        since = int(str(body.get("since", 0)))
        return [call.as_dict() for call in self._world.log.calls if call.number > since]

    def _stats(self, body: dict[str, object]) -> object:
        del body
        return state.stats(self._world)

    def _reset_log(self, body: dict[str, object]) -> object:
        del body
        self._world.log.reset()
        for account in self._world.logins.accounts.values():
            account.highest = account.held
            account.refused = 0
        return None

    def _reset(self, body: dict[str, object]) -> object:
        self._world.faults.rules.clear()
        self._world.instants.clear()
        self._world.deliveries.made.clear()
        self._world.switches = Switches()
        self._world.set_switches({})
        self._world.oauth_clients.clear()
        self._world.oauth_account = ""
        return self._reset_log(body)

    def _oauth(self, body: dict[str, object]) -> object:
        if "account_id" in body:
            self._world.oauth_account = str(body["account_id"])
        if "client_id" in body:
            uris = body["redirect_uris"]
            client = Client(
                str(body["client_id"]),
                str(body["secret"]),
                tuple(uris) if isinstance(uris, list) else (),
            )
            self._world.oauth_clients[client.client_id] = client
        return None

    async def _put_contacts(self, request: web.BaseRequest) -> web.StreamResponse:
        audience = self._world.audiences[request.query["list_id"]]
        contacts = (orjson.loads(line) for line in (await request.read()).splitlines())
        count = state.load(audience, contacts, self._world.now())
        if count > 10_000:
            gc.freeze()
        return web.Response(body=orjson.dumps(count), content_type="application/json")

    async def _dump_contacts(self, request: web.BaseRequest) -> web.StreamResponse:
        audience = self._world.audiences[request.query["list_id"]]
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        for chunk in state.dumped(audience):
            await response.write(chunk)
        await response.write_eof()
        return response
