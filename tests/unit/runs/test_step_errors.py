"""What a function raises ends in the host's log, so it says nothing about anybody."""

import json
import traceback
from contextlib import suppress

import polars as pl
import pytest

from shared.platform import log
from shared.platform.settings import Settings


def fail() -> None:
    try:
        raise KeyError("ann@contoso.example")
    except KeyError as error:
        raise ValueError("conversion failed for ann@contoso.example") from error


def test_a_step_that_fails_tells_neither_the_text_of_its_error_nor_its_cause() -> None:
    with pytest.raises(log.StepError) as raised, log.without_texts("plan_run"):
        fail()
    text = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert "contoso" not in text
    assert "plan_run failed by ValueError" in text


def test_a_panic_of_a_library_is_told_no_further_than_an_error() -> None:
    assert not issubclass(pl.exceptions.PanicException, Exception)
    with (
        pytest.raises(log.StepError, match="PanicException") as raised,
        log.without_texts("plan_run"),
    ):
        raise pl.exceptions.PanicException("ann@contoso.example")
    assert "contoso" not in "".join(traceback.format_exception(raised.value))


def test_a_setting_that_cannot_be_used_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(log.StepError), log.without_texts("tick"):
        Settings.from_environment({"AzureWebJobsStorage": "x", "SegmentStorage": "x"})
    assert "KEY_VAULT_URL: It is not set." in caplog.text


@pytest.mark.parametrize("fails", [False, True])
def test_a_step_tells_how_long_it_took_however_it_ended(
    caplog: pytest.LogCaptureFixture, fails: bool
) -> None:
    with caplog.at_level("INFO"), suppress(log.StepError), log.step("tick"):
        if fails:
            fail()
    events = [json.loads(record.message) for record in caplog.records]
    assert [event["event"] for event in events] == [*(["step_failed"] * fails), "step_ended"]
    assert events[-1]["step"] == "tick"
    assert events[-1]["seconds"] >= 0
