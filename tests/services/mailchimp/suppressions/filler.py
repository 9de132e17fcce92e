"""A refresh in a process of its own, which tests kill."""

import sys

from local.mailchimp.control import Account, Simulator
from tests.support.scene import Scene, app_on

if __name__ == "__main__":
    connection_string, url, account_id, api_key, audience = sys.argv[1:]
    account = Account(account_id, api_key, "", "", "us21")
    scene = Scene(app_on(connection_string), Simulator(url), account, audience)
    print("ready", flush=True)
    result = scene.refresh(budget=120, workers=2)
    print("finished" if result.finished else "unfinished", result.calls, flush=True)
