"""An app for the table of facts: functions that say what reached them, or answer as they are told.

Names and routes are part of the questions: a name that sorts first decides.
"""

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def said(name: str, req: func.HttpRequest) -> func.HttpResponse:
    """Answers with the function's name and everything that it was given."""
    seen = {
        "function": name,
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "query": dict(req.params),
        "params": dict(req.route_params),
        "body": req.get_body().decode("latin-1"),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


ROUTES: dict[str, tuple[str, list[str] | None]] = {
    # A parameter before a literal, a catch-all before a literal, whatever the case of the names.
    "a_parameter": ("order/{word}", ["GET"]),
    "B_literal": ("order/literal", ["GET"]),
    "c_rest": ("first/{*path}", ["GET"]),
    "d_literal": ("first/literal", ["GET"]),
    "e_get": ("both", ["GET"]),
    "e_post": ("both", ["POST"]),
    "f_one": ("overlap", ["GET", "POST"]),
    "f_two": ("overlap", ["POST", "PUT"]),
    "g_echo": ("echo/{value}", None),
    "h_plain": ("plain", ["GET", "POST"]),
    "i_refused": ("admin/mine", ["GET"]),
}


def register(name: str, route: str, methods: list[str] | None) -> None:
    """Adds one function that says what it was given."""

    def function(req: func.HttpRequest) -> func.HttpResponse:
        return said(name, req)

    named = app.function_name(name)
    named(app.route(route=route, methods=methods)(function))


for _name, (_route, _methods) in ROUTES.items():
    register(_name, _route, _methods)


@app.route(route="keyed", auth_level=func.AuthLevel.FUNCTION)
def keyed(req: func.HttpRequest) -> func.HttpResponse:
    """Needs a key."""
    return said("keyed", req)


@app.route(route="answer", methods=["POST"])
def answer(req: func.HttpRequest) -> func.HttpResponse:
    """Answers as the body says: `{status, headers, cookie, hex}`."""
    told = req.get_json()
    headers = dict(told.get("headers", {}))
    if "cookie" in told:
        headers["Set-Cookie"] = told["cookie"]
    body = bytes.fromhex(told.get("hex", ""))
    return func.HttpResponse(body, status_code=told.get("status", 200), headers=headers)


@app.route(route="fails")
def fails(req: func.HttpRequest) -> func.HttpResponse:
    """Fails."""
    raise RuntimeError(req.method)
