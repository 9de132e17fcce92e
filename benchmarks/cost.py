"""What a million contacts cost, computed from what the other benchmarks measured."""

from benchmarks.results import Result, Table, load

NAME = "cost"
_MILLION = 1_000_000


def run(*, quick: bool) -> Result:  # noqa: ARG001 - every benchmark takes it
    """Compute function seconds, storage operations and calls; nothing is measured here."""
    result = Result(NAME)
    planning, sending = load("planning"), load("sending")
    if planning is None or sending is None:
        return result
    share = _MILLION / sending.values["contacts"]
    heavy = {
        what: sum(planning.values[f"{step}, {what}"]["seconds"] for step in ("Plan", "Finish"))
        * (_MILLION / planning.size)
        for what in ("first export", "nothing changed")
    }
    lanes = sending.values["lane_seconds"] * share
    calls = sending.values["bulk_calls"] * share
    rows = [
        ("planning and finishing, function seconds", f"{heavy['first export']:.0f}"),
        (
            f"sending at {sending.values['seconds_per_call']:g} s a call, function seconds "
            "(eight lanes, as a rule on one instance)",
            f"{lanes:,.0f}",
        ),
        ("the same, seconds of that instance", f"{lanes / 8:,.0f}"),
        ("storage operations of the whole run", f"{sending.values['operations'] * share:,.0f}"),
        ("calls to Mailchimp", f"{calls:,.0f}"),
        (
            "nothing changed: planning and finishing, function seconds",
            f"{heavy['nothing changed']:.0f}",
        ),
    ]
    result.tables.append(Table("Cost of a million contacts", ("what", "amount"), rows))
    return result
