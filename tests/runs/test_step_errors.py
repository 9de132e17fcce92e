"""What a function raises ends in the host's log, so it says nothing about anybody."""

import traceback

import pytest

from shared.platform import log


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
