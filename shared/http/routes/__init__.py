"""Every HTTP route of the app by the name of its function, which function keys hang on.

The host tries routes in the order of these names and takes the first that fits, so the name of a
route with a catch-all sorts last.
"""

from shared.http.route import Route
from shared.http.routes import (
    configuration,
    connections,
    console,
    exports,
    people,
    product,
    proof,
    runs,
)

ROUTES: dict[str, Route] = {
    **connections.ROUTES,
    **exports.ROUTES,
    **runs.ROUTES,
    **people.ROUTES,
    **proof.ROUTES,
    **configuration.ROUTES,
    **product.ROUTES,
    **console.ROUTES,
}
