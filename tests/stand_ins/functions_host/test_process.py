"""A host as a process: its identity, its log and its end."""

import os
import subprocess
import sys
from pathlib import Path

from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from local.azurite import Azurite
from local.certificates import Certificates
from local.functions_host.process import HostProcess
from local.identity import IdentityEndpoint
from tests.stand_ins.functions_host.conftest import SAMPLE_APP, Stage, until


def test_a_managed_identity_opens_the_hosts_storage(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "app" / "function_app.py").write_text(
        "import azure.functions as func\n"
        "app = func.FunctionApp()\n"
        '@app.queue_trigger("msg", "work", "AzureWebJobsStorage")\n'
        "def work(msg: str) -> None: ...\n"
        '@app.timer_trigger("timer", "0 0 0 29 2 *")\n'
        "def tick(timer) -> None: ...\n"
    )
    certificates = Certificates.create(tmp_path / "certificates")
    identity = IdentityEndpoint.start()
    with Azurite.start(tls=certificates, oauth=True) as azurite:
        settings = {
            "AzureWebJobsStorage__queueServiceUri": azurite.queue_url,
            "AzureWebJobsStorage__blobServiceUri": azurite.blob_url,
            "AzureWebJobsStorage__credential": "managedidentity",
            **identity.environment,
            **certificates.environment,
        }
        queue = QueueClient.from_connection_string(
            azurite.connection_string,
            "work",
            message_encode_policy=TextBase64EncodePolicy(),
            connection_verify=str(certificates.bundle),
        )
        queue.create_queue()
        with HostProcess.start(tmp_path / "app", settings, log_path=tmp_path / "log") as host:
            until(lambda: identity.resources)
            queue.send_message("hello")
            until(lambda: host.status()["functions"].get("work", {}).get("finished"))
            assert host.fire_timer("tick")
    identity.stop()


def test_log_lines_say_which_invocation_wrote_them(stage: Stage) -> None:
    stage.send("logged")
    host = stage.start()
    until(lambda: stage.noted("logged"))
    lines = [line for line in host.log_text().splitlines() if '"attempt 1 of ' in line]
    [line] = lines
    invocation = line.split('"attempt 1 of ')[1].split('"')[0]
    assert f'"invocation_id": "{invocation}"' in line
    assert '"level": "Information"' in line


def test_a_host_ends_with_its_parent(stage: Stage, tmp_path: Path) -> None:
    parent = subprocess.run(
        [sys.executable, "-c", _PARENT.format(app=str(SAMPLE_APP), log=str(tmp_path / "log"))],
        env={"AzureWebJobsStorage": stage.connection_string, "WORK_QUEUE": stage.name},
        capture_output=True,
        text=True,
        check=True,
    )
    until(lambda: not _is_running(int(parent.stdout)))


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


_PARENT = """
import os
from pathlib import Path
from local.functions_host.process import HostProcess
host = HostProcess.start(Path({app!r}), {{"TICK": "0 0 0 29 2 *"}}, log_path=Path({log!r}))
print(host.pid, flush=True)
os._exit(0)
"""
