"""The pages: the console, and the app's own address, which leads to it."""

from shared.http.route import Route, page

ROUTES: dict[str, Route] = {
    "get_home": page("/", "console:home", "Lead to the console", "no-cache"),
    # A catch-all: nothing else lies below console/.
    "view_console": page("console/{*path}", "console:get", "The console", "no-cache"),
}
