"""Runs a Python function app on a laptop the way Azure Functions does.

Indexing, binding and conversion are Microsoft's own (`azure-functions-runtime`, the library that
production runs on Python 3.13). What surrounds it in Azure is written here: queue listeners,
timers, HTTP routes and keys, host.json, and what happens to messages when a host dies.
"""
