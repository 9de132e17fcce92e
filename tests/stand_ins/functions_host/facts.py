"""What Microsoft's Functions host does, a row for each fact, and where the fact is from.

`python -m tests.stand_ins.functions_host.facts` prints the table. HTTP is asked as written here, by
`test_facts.py`, of the app in `contract_app`; other rows name the test that shows them. When
Microsoft's host changes, change or add a row, and the stand-in until the tests pass.
"""
# ruff: noqa: E501 - a row of the tables is one line.

from collections.abc import Mapping
from dataclasses import dataclass, field

# Built from its source and asked, with SDK 3.0.48, queue extension 5.3.10, Python worker 4.34.
HOST = "measured, host 4.1037 (October 2024)"
ISSUE = HOST + "; azure-functions-host issue"


@dataclass(frozen=True)
class Http:
    """A question over HTTP.

    `ask` is method and target, then header lines, then after an empty line the body; characters
    are bytes (latin-1), MASTER and FUNCTION stand for keys. The answer has one of `status`; where
    `empty`, neither body nor type. `seen` is what the function was given, in part; `headers` are of
    the answer, None for one that must not be there.
    """

    says: str
    ask: str
    status: int
    seen: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    empty: bool = False
    body: str | None = None
    source: str = HOST


@dataclass(frozen=True)
class Shown:
    """A fact that a test of this folder shows."""

    says: str
    by: str
    source: str = HOST


@dataclass(frozen=True)
class NotShown:
    """A fact that the stand-in does not share, and why not."""

    says: str
    because: str
    source: str = HOST


def by(function: str) -> Mapping[str, object]:
    """The function that answers."""
    return {"function": function}


def value(text: str) -> Mapping[str, object]:
    """What reached the parameter of `echo/{value}`."""
    return {"params": {"value": text}}


CHUNKED = "Transfer-Encoding: chunked\n\n5\r\nhello\r\n0\r\n\r\n"
LONG = "x" * 8200
MANY_HEADERS = "\n".join(f"X-H{n}: {'v' * 4000}" for n in range(9))

# fmt: off
HTTP = [
    # Routes
    Http("a parameter beats a literal by its name", "GET /api/order/literal", 200, by("a_parameter")),
    Http("a catch-all beats a literal by its name", "GET /api/first/literal", 200, by("c_rest")),
    Http("one route, different methods", "POST /api/both", 200, by("e_post")),
    Http("one route, a method in common: the first", "POST /api/overlap", 200, by("f_one")),
    Http("… and the second is disabled", "PUT /api/overlap", 404, empty=True),
    Http("a route below admin is refused", "GET /api/admin/mine", 404, empty=True),
    Http("a method that is not listed", "PUT /api/plain", 404, headers={"Allow": None}, empty=True),
    Http("HEAD is a method like others", "HEAD /api/plain", 404, empty=True),
    Http("OPTIONS is a method like others", "OPTIONS /api/plain", 404, empty=True),
    Http("no methods listed: any", "FOO /api/echo/x", 200, {"method": "FOO"}),
    # Paths
    Http("/x/ is /x", "GET /api/plain/", 200, by("h_plain")),
    Http("/x// is not", "GET /api/plain//", 404, empty=True),
    Http("//x is not", "GET //api/plain", 404, empty=True),
    Http("x//y is not, between literals", "GET /api//plain", 404, empty=True),
    Http("literals ignore case, values keep it", "GET /API/Echo/MiXed", 200, value("MiXed")),
    Http("a catch-all takes nothing", "GET /api/first", 200, by("c_rest")),
    Http("a catch-all takes a slash", "GET /api/first/", 200, by("c_rest")),
    Http("… and a//b", "GET /api/first/a//b", 200, {"params": {"path": "a//b"}}),
    Http("%2F stays", "GET /api/echo/a%2Fb", 200, value("a%2Fb")),
    Http("%252F looks the same", "GET /api/echo/a%252Fb", 200, value("a%2Fb")),
    Http("not UTF-8 stays as typed", "GET /api/echo/%fFx%C3%A9", 200, value("%fFxé")),
    Http("all else is decoded", "GET /api/echo/%41%20%3F", 200, value("A ?")),
    Http("+ stays +", "GET /api/echo/a+b", 200, value("a+b")),
    Http("%00 is refused", "GET /api/echo/a%00b", 400, empty=True),
    Http(".. is worked out first", "GET /api/echo/../plain", 200, by("h_plain")),
    Http("%2e%2e, too", "GET /api/order/%2e%2e/plain", 200, by("h_plain")),
    Http("., too", "GET /api/./plain", 200, by("h_plain")),
    Http("..%2F.. is not", "GET /api/echo/..%2F..%2Fplain", 200, value("..%2F..%2Fplain")),
    # Requests
    Http("chunks arrive empty", f"POST /api/plain\n{CHUNKED}", 200, {"body": ""}, source=f"{ISSUE} 7930"),
    Http("… and the header is seen", f"POST /api/plain\n{CHUNKED}", 200, {"headers": {"transfer-encoding": "chunked"}}),
    Http("a body with its length arrives", "POST /api/plain\n\nhello", 200, {"body": "hello"}),
    Http("header names in lower case, repeats joined", "GET /api/plain\nX-A: 1\nx-a: 2", 200, {"headers": {"x-a": "1,2"}}),
    Http("query names merged without case", "GET /api/plain?a=1&a=2&A=3", 200, {"query": {"a": "1,2,3"}}),
    Http("empty query values are missing", "GET /api/plain?a=&b&c=1", 200, {"query": {"c": "1"}}),
    Http("a header that is not UTF-8", "GET /api/plain\nX-A: \xff", 400, empty=True),
    Http("a header that is UTF-8", "GET /api/plain\nX-A: \xc3\xa9", 200, {"headers": {"x-a": "é"}}),
    Http("a URL above 8 kB", f"GET /api/plain?a={LONG}", 414, empty=True),
    Http("headers above 32 kB", f"GET /api/plain\n{MANY_HEADERS}", 431, empty=True),
    # Answers
    Http("headers pass", 'POST /api/answer\n\n{"headers": {"ETag": "\\"1\\"", "Cache-Control": "no-store"}}', 200, headers={"ETag": '"1"', "Cache-Control": "no-store"}),
    Http("Location stays relative", 'POST /api/answer\n\n{"status": 302, "headers": {"Location": "/x"}}', 302, headers={"Location": "/x"}),
    Http("compressed bytes pass", 'POST /api/answer\n\n{"hex": "1f8b", "headers": {"Content-Encoding": "gzip"}}', 200, headers={"Content-Encoding": "gzip"}, body="\x1f\x8b"),
    Http("it never compresses", 'POST /api/answer\nAccept-Encoding: gzip\n\n{"hex": "61616161"}', 200, headers={"Content-Encoding": None}, body="aaaa"),
    Http("204 has no body", 'POST /api/answer\n\n{"status": 204, "hex": "61"}', 204, body=""),
    Http("304 has no body", 'POST /api/answer\n\n{"status": 304, "hex": "61"}', 304, body=""),
    Http("no type is text", 'POST /api/answer\n\n{"hex": "61"}', 200, headers={"Content-Type": "text/plain; charset=utf-8"}),
    Http("a header that is not ASCII", 'POST /api/answer\n\n{"headers": {"X-A": "\\u00e9"}}', 500, empty=True),
    Http("a header with a line end", 'POST /api/answer\n\n{"headers": {"X-A": "a\\nb"}}', 500, empty=True),
    Http("an exception", "GET /api/fails", 500, empty=True),
    Http("cookies are encoded again", 'POST /api/answer\n\n{"cookie": "a=b/c; Path=/x; HttpOnly"}', 200, headers={"Set-Cookie": "a=b%2Fc; domain=; path=/x; httponly"}),
    Http("Partitioned makes a cookie vanish", 'POST /api/answer\n\n{"cookie": "a=b; Partitioned"}', 200, headers={"Set-Cookie": None}),
    # Keys
    Http("no key", "GET /api/keyed", 401, empty=True),
    Http("a wrong key", "GET /api/keyed\nx-functions-key: no", 401, empty=True),
    Http("a key in the query, which the function sees", "GET /api/keyed?code=FUNCTION", 200, {"query": {"code": "FUNCTION"}}),
    Http("the header beats the query", "GET /api/keyed?code=FUNCTION\nx-functions-key: no", 401, empty=True),
    # The host's own
    Http("a path that nobody has", "GET /nothing", 404, empty=True),
    Http("ping is open", "GET /admin/host/ping", 200),
    Http("warmup is open", "GET /admin/warmup", 200),
    Http("other admin routes want a key", "GET /admin/host/status", 401, empty=True),
    Http("… and not the function key", "GET /admin/host/status\nx-functions-key: FUNCTION", 403, empty=True),
    Http("… but the master key", "GET /admin/host/status\nx-functions-key: MASTER", 200),
    Http("admin routes that are none, without a key", "GET /admin/nothing", 401, empty=True),
    Http("… with the function key", "GET /admin/nothing\nx-functions-key: FUNCTION", 403, empty=True),
    Http("the home page", "GET /", 200, headers={"Content-Type": "text/html; charset=utf-8"}),
    Http("the home page, for every method", "PUT /", 200),
]

SHOWN = [
    Shown("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT sets the largest body", "test_the_largest_body_can_be_set"),
    Shown("a body above 100 MiB is an empty 500 or a cut connection", "test_a_body_above_the_limit_is_refused"),
    Shown("AzureWebJobsDisableHomepage makes / an empty 204", "test_the_home_page_can_be_switched_off"),
    Shown("a root function serves /, and Microsoft's page its other methods", "test_a_root_function_serves_the_methods_that_it_lists"),
    Shown("an import error: no functions, 404, ping 200", "test_an_app_that_cannot_be_indexed_has_no_functions"),
    Shown("two functions of one name: the same", "test_an_app_that_cannot_be_indexed_has_no_functions"),
    Shown("an invalid route or host.json: 503 on everything", "test_a_broken_host_says_503_to_everything"),
    Shown("a bad schedule, queue name or connection costs that function", "test_what_is_wrong_with_a_function_costs_only_that_one"),
    Shown("31 February is taken and never fires", "test_what_is_wrong_with_a_function_costs_only_that_one"),
    Shown("host.json: unknown keys ignored, wrong values refused, \"10\" is ten days", "test_values_that_azure_refuses_are_refused"),
    Shown("NCRONTAB: both days must match, week 0 to 6, five fields are minutes", "test_what_the_host_does_not_know_is_refused"),
    Shown("1,000 threads where not set: 16 messages at once with 8 + 8", "test_sixteen_messages_run_at_once_without_any_setting"),
    Shown("a client that leaves does not stop the function", "test_a_client_that_leaves_does_not_stop_the_function"),
    Shown("POST /admin/functions/NAME runs queue and timer functions", "test_a_function_is_started_by_hand"),
    Shown("exactly maxDequeueCount deliveries, then poison", "test_a_message_that_keeps_failing_is_poisoned_after_the_last_attempt"),
    Shown("no base64: poison at once, text as it was", "test_text_that_is_not_base64_is_poisoned_as_it_is"),
    Shown("base64 of what is no UTF-8: never reached, poison after the tries", "test_bytes_that_are_no_text_never_reach_the_function"),
    Shown("empty text and what is no JSON reach the function", "test_any_text_reaches_the_function"),
    Shown("a running message is hidden for 600 s, renewed at half of it", "test_a_running_message_is_hidden_for_ten_minutes"),
    Shown("a missing queue is polled until it appears", "test_a_queue_that_is_missing_is_looked_for_until_it_is_there"),
    Shown("two hosts, no message twice", "test_two_hosts_share_a_queue"),
    Shown("host killed: the worker finishes, the message comes again", "test_a_worker_outlives_its_killed_host_and_the_message_comes_again"),
    Shown("SIGTERM: refused at once, queue functions get 10 s, then are cut and stay hidden", "test_after_sigterm_queue_functions_are_cut_when_their_time_is_over"),
    Shown("SIGTERM: an HTTP call in flight extends it", "test_after_sigterm_a_call_in_flight_is_answered"),
    Shown("drain stops the listeners and lets the rest end", "test_a_drained_host_serves_http_only"),
    Shown("a worker that dies: all its calls 500, messages back with a delivery spent", "test_a_worker_that_dies_takes_all_its_calls_along"),
    Shown("the third death within 30 minutes ends the host", "test_the_third_death_ends_the_host"),
    Shown("functionTimeout: the worker killed at +2 s, its neighbours fail, back after 10 s", "test_a_call_that_exceeds_its_time_takes_its_neighbours_along"),
    Shown("timers: one host by a lease, another takes over", "test_one_of_two_hosts_fires_and_the_other_takes_over"),
    Shown("timers: a missed one is made up once, past due", "test_an_occurrence_that_no_host_saw_is_made_up_for_once"),
    Shown("timers: never overlap", "test_a_timer_never_overlaps_itself"),
    Shown("timers: a failing one is not tried again", "test_a_failed_timer_is_not_tried_again"),
]

NOT_SHOWN = [
    NotShown("keys live in azure-webjobs-secrets, made at the first keyed call", "they come by the command line, so that a test knows them"),
    NotShown("an answer of 100 or 103 hangs the client", "a 500 here: no test should wait for ever"),
    NotShown("a 250 MB answer takes the host 1.5 GB", "another program has other memory"),
    NotShown("a lost queue endpoint ends the host after 44 s", "nothing would start it again; it follows from time-outs of .NET's storage client"),
    NotShown("a second host takes a stopped one's timer within 37 s, a killed one's after 56 s", "the lease is the same; tests shorten it"),
    NotShown("log lines of threads that a function starts are lost", "kept, for who looks for a mistake"),
    NotShown("a cold start takes 5.4 to 5.9 s with 48 functions", "it is .NET's time"),
    NotShown("idle latency 0.03 to 0.96 s with one second of polling", "no assertions on times"),
    NotShown("what the host writes and sends: logs, a span per poll", "the stand-in has no telemetry; docs/costs.md has the sizes"),
    NotShown("enableChunkedRequestBinding changes nothing", "unknown keys of host.json are ignored here anyway"),
    NotShown("App Service Authentication, front end, scale controller", "they are not the host's; not measured either", "not measured"),
]
# fmt: on


def main() -> None:
    """Print the table."""
    print(f"{len(HTTP) + len(SHOWN)} facts of Microsoft's host that the stand-in shares:")
    rows: list[Http | Shown] = [*HTTP, *SHOWN]
    for fact in rows:
        print(f"  {fact.says} [{fact.source}]")
    print(f"{len(NOT_SHOWN)} that it does not:")
    for left in NOT_SHOWN:
        print(f"  {left.says}: {left.because} [{left.source}]")


if __name__ == "__main__":
    main()
