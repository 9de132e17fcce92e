"""Answers as Microsoft's Functions host does, on a developer's machine, for a Python app.

Indexing, binding and conversion are Microsoft's own (`azure-functions-runtime`, the library that
production runs on Python 3.13), in a process of their own as in Azure. What surrounds them there is
written here: routes, limits and keys, queue listeners, timers, host.json, the ends of workers and
hosts. `tests/stand_ins/functions_host/facts.py` is the table of what was measured on Microsoft's,
and this one is asked the same.

What a developer's machine does not have, and what is other here:
* no front end: nothing gathers chunked bodies, and only the limit of 230 s is kept; no scale
  controller, and so one process where Azure would have instances of their own for every queue;
* only HTTP, queue and timer triggers, plain route templates, no retry policies, no binding but
  output queues; connection strings and identities, not `UseDevelopmentStorage=true`;
* keys come by the command line and not from `azure-webjobs-secrets`; of `/admin` there are ping,
  warmup, status, drain and the starting of queue and timer functions by hand;
* `/admin/stand-in/…`, which tests use to fire a timer and await it, and to see what runs;
* the home page is a line and not 150 kB;
* a queue endpoint that is lost for half a minute does not end this host (Microsoft's ends 44 s
  after the loss, and Azure starts it again);
* a host that has ended stays so: nothing starts it again;
* log lines of threads that a function has started are kept, for who looks for a mistake;
* an answer of 100 or 103 is a 500 (there the client waits for ever);
* no telemetry of the host's own: its sizes are in docs/costs.md, as measured there.
"""
