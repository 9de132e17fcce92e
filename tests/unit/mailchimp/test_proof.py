"""Times and IP addresses that prove a consent."""

from datetime import UTC, datetime

import pytest

from shared.mailchimp.proof import UnusableError, read_address, read_time

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01 10:00", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01T10:00:00.1234567+02:00", "2024-05-01T08:00:00+00:00"),
        ("2024-05-01", "2024-05-01T00:00:00+00:00"),
        ("2026-11-30T13:00:00+01:00", "2026-11-30T12:00:00+00:00"),
    ],
)
def test_a_time_without_a_zone_is_utc(given: str, sent: str) -> None:
    assert read_time(given, NOW) == sent


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("yesterday", "time_unreadable"),
        ("01/05/2024", "time_unreadable"),
        ("0001-01-01T00:00:00", "time_unreadable"),
        ("0001-01-01T00:00:00+14:00", "time_unreadable"),
        ("1970-01-01T00:00:00Z", "time_unreadable"),
        ("2026-11-30T12:00:01", "time_in_future"),
        ("2026-11-30T12:00:00-01:00", "time_in_future"),
        ("9999-12-31T23:59:59-14:00", "time_unreadable"),
    ],
)
def test_a_time_that_can_t_be_read_or_has_not_come_is_left_out(given: str, code: str) -> None:
    with pytest.raises(UnusableError) as told:
        read_time(given, NOW)
    assert told.value.code == code


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("203.0.113.7", "203.0.113.7"),
        ("2A00:1450:4001::8A", "2a00:1450:4001::8a"),
        ("::ffff:8.8.4.4", "8.8.4.4"),
    ],
)
def test_an_address_that_leads_to_somebody_is_sent(given: str, sent: str) -> None:
    assert read_address(given) == sent


@pytest.mark.parametrize(
    ("given", "code"),
    [
        *((text, "ip_private") for text in ("10.1.2.3", "192.168.0.9", "172.16.0.1", "127.0.0.1")),
        *((text, "ip_private") for text in ("100.64.0.1", "169.254.1.1", "0.1.2.3", "224.0.0.1")),
        *((text, "ip_private") for text in ("::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1")),
        *((text, "ip_unreadable") for text in ("8.8.8", "8.8.8.8:80", "08.8.8.8", "host", "1")),
    ],
)
def test_an_address_of_nobody_is_left_out(given: str, code: str) -> None:
    with pytest.raises(UnusableError) as told:
        read_address(given)
    assert told.value.code == code
