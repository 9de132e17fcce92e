"""Mistakes in a function app that show only when the worker indexes it."""

from pathlib import Path

import pytest

from local.functions_host.process import HostProcess
from local.process import StartError
from tests.stand_ins.functions_host.conftest import until

HEAD = """
import typing
import azure.functions as func
app = func.FunctionApp()
"""
QUEUE = '@app.queue_trigger(arg_name="msg", queue_name="work", connection="AzureWebJobsStorage")\n'
OUTPUT = '@app.queue_output(arg_name="out", queue_name="out", connection="AzureWebJobsStorage")\n'
TIMER = '@app.timer_trigger(arg_name="timer", schedule="{}")\ndef tick(timer) -> None: ...\n'

MISTAKES = {
    "builtin list annotation": (
        QUEUE + OUTPUT + "def f(msg: func.QueueMessage, out: func.Out[list[str]]) -> None: ...",
        "invalid non-type annotation",
    ),
    "wrong annotation": (QUEUE + "def f(msg: dict) -> None: ...", "Python type annotation dict"),
    "extra parameter": (
        QUEUE + "def f(msg: func.QueueMessage, deps=None) -> None: ...",
        "declared in Python but not in the function definition",
    ),
    "one name twice": (
        (QUEUE + "def f(msg: func.QueueMessage) -> None: ...\n") * 2,
        "f does not have a unique function name",
    ),
    "error while importing": ("import nowhere_to_be_found", "nowhere_to_be_found"),
    "missing setting": (QUEUE.replace("work", "%NOT_SET%") + "def f(msg): ...", "%NOT_SET%"),
    "bad schedule": (TIMER.format("0 0 0 * * 7"), "'7' is not between 0 and 6"),
    "a day that never comes": (TIMER.format("0 0 0 30 2 *"), "never fires"),
    "bad queue name": (QUEUE.replace("work", "my_work") + "def f(msg): ...", "is not a queue name"),
    "run on startup": (
        TIMER.format("0 0 0 * * *").replace(")\ndef", ", run_on_startup=True)\ndef"),
        "run_on_startup must stay off",
    ),
}


def write_app(directory: Path, code: str) -> Path:
    (directory / "host.json").write_text('{"version": "2.0"}')
    (directory / "function_app.py").write_text(HEAD + code)
    return directory


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_host_does_not_start_and_says_why(
    tmp_path: Path, connection_string: str, mistake: str
) -> None:
    code, complaint = MISTAKES[mistake]
    with pytest.raises(StartError) as raised:
        HostProcess.start(
            write_app(tmp_path, code),
            {"AzureWebJobsStorage": connection_string},
            log_path=tmp_path / "log",
        )
    assert complaint in str(raised.value)


def test_a_list_annotation_from_typing_is_fine(tmp_path: Path, connection_string: str) -> None:
    app = write_app(
        tmp_path,
        QUEUE + OUTPUT + "def f(msg: str, out: func.Out[typing.List[str]]) -> None: ...",
    )
    with HostProcess.start(
        app, {"AzureWebJobsStorage": connection_string}, log_path=tmp_path / "log"
    ) as host:
        assert host.functions == ("f",)


def test_functions_that_the_app_lacks_are_refused(tmp_path: Path, connection_string: str) -> None:
    app = write_app(tmp_path, QUEUE + "def f(msg: str) -> None: ...")
    with pytest.raises(StartError, match="--functions names g"):
        HostProcess.start(
            app,
            {"AzureWebJobsStorage": connection_string},
            functions=["f", "g"],
            log_path=tmp_path / "log",
        )


def test_an_app_without_host_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"no host\.json"):
        HostProcess.start(tmp_path, {}, log_path=tmp_path / "log")


def test_a_host_that_does_not_come_up_says_where_it_stood(
    tmp_path: Path, connection_string: str
) -> None:
    reached = tmp_path / "reached"
    app = write_app(
        tmp_path,
        f"""
import pathlib
import time


def wait_for_ever():
    pathlib.Path({str(reached)!r}).touch()
    time.sleep(600)


wait_for_ever()
""",
    )
    settings = {"AzureWebJobsStorage": connection_string}
    host = HostProcess.start(app, settings, log_path=tmp_path / "log", wait=False)
    until(reached.exists)

    with host, pytest.raises(StartError, match="wait_for_ever"):
        host.wait_ready(timeout=0)
