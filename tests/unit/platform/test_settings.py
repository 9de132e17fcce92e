"""Every wrong setting is named at once, by name and reason, and no value of one is told."""

import pytest

from shared.platform.settings import Settings, SettingsError, judge

ACCOUNT = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=x.test"
RIGHT = {
    "AzureWebJobsStorage": ACCOUNT,
    "SegmentStorage__blobServiceUri": "https://segments.blob.core.windows.net/",
    "KEY_VAULT_URL": "https://a-vault.vault.azure.net/",
}
NUMBERS = {
    "MAILCHIMP_MAX_CONNECTIONS": ("0", "11"),
    "MAILCHIMP_TIMEOUT_SECONDS": ("0", "601"),
    "MAILCHIMP_COOLDOWN_SECONDS": ("601",),
    "RUN_DEADLINE_HOURS": ("241",),
    "SNAPSHOT_QUIET_SECONDS": ("86401",),
    "RUN_RETENTION_DAYS": ("3651",),
}
WRONG = [
    *((name, value, "out_of_range") for name, values in NUMBERS.items() for value in values),
    *((name, value, "not_a_number") for name in NUMBERS for value in ("ten", "nan", "-1", "1e3")),
    ("MAILCHIMP_MAX_CONNECTIONS", "2.5", "not_a_number"),
    ("AzureWebJobsStorage", "nonsense", "malformed"),
    ("AzureWebJobsStorage", "UseDevelopmentStorage", "malformed"),
    ("SegmentStorage", "nonsense", "malformed"),
    ("SegmentStorage", "@Microsoft.KeyVault(SecretUri=https://v/s)", "reference_unresolved"),
    ("SegmentStorage__blobServiceUri", "segments", "not_an_address"),
    ("SegmentStorage__blobServiceUri", "http://segments.test", "not_https"),
    ("KEY_VAULT_URL", "a-vault", "not_an_address"),
    ("KEY_VAULT_URL", "https://a:b@vault.test", "not_an_address"),
    ("KEY_VAULT_URL", "https://vault.test?x=1", "not_an_address"),
    ("HTTP_AUTH", "Entra", "not_a_choice"),
    ("OUTCOME_DOWNLOADS", "pieces", "not_a_choice"),
    ("PUBLIC_URL", "exports.contoso.com", "not_an_address"),
    ("SEGMENT_CONTAINERS", "Upper", "malformed"),
    ("MAILCHIMP_CLIENT_SECRET_NAME", "with a blank", "malformed"),
    ("NOTIFY_WEBHOOK_SECRET_NAME", "a/b", "malformed"),
    ("MAILCHIMP_API_URL", "https://mailchimp.evil.test/3.0", "foreign_address"),
    ("MAILCHIMP_API_URL", "http://127.0.0.2:8080\\@localhost/3.0", "not_an_address"),
    ("MAILCHIMP_API_URL", "http://localhost\t.evil.test/", "not_an_address"),
    ("MAILCHIMP_LOGIN_URL", "http://localhost@evil.test/", "not_an_address"),
    ("MAILCHIMP_LOGIN_URL", "http://localhost.evil.test/", "foreign_address"),
    ("EXPORT_TICK", "0 */5 * * * 7", "tick_schedule_invalid"),
    ("EXPORT_TICK", "0 0 25 * * *", "tick_schedule_invalid"),
    ("EXPORT_TICK", "0 0 ? * * *", "tick_schedule_invalid"),
    ("EXPORT_TICK", "@daily", "tick_schedule_invalid"),
    ("EXPORT_TICK", "00:05:00", "tick_schedule_invalid"),
    ("EXPORT_TICK", "0 0 0 31 2 *", "tick_never_fires"),
]


@pytest.mark.parametrize(("name", "value", "code"), WRONG)
def test_a_setting_that_cannot_be_used_is_named_and_its_value_is_not(
    name: str, value: str, code: str
) -> None:
    _, wrong = judge({**RIGHT, name: value})

    assert [(setting.name, setting.code) for setting in wrong] == [(name, code)]
    assert len(value) < 4 or value not in wrong[0].detail


@pytest.mark.parametrize("value", [None, "", "  "])
@pytest.mark.parametrize("name", RIGHT)
def test_a_required_setting_that_is_not_there_is_missing(name: str, value: str | None) -> None:
    given = {key: text for key, text in RIGHT.items() if key != name}
    _, [wrong] = judge(given if value is None else {**given, name: value})

    assert wrong.code == "missing"
    assert wrong.name == name.removesuffix("__blobServiceUri")


@pytest.mark.parametrize("name", [*NUMBERS, "EXPORT_TICK", "HTTP_AUTH", "SEGMENT_CONTAINERS"])
def test_an_empty_setting_is_its_default(name: str) -> None:
    assert judge({**RIGHT, name: ""}) == judge(RIGHT)


def test_all_that_are_wrong_are_named_at_once() -> None:
    given = {"MAILCHIMP_MAX_CONNECTIONS": "many", "EXPORT_TICK": "never", "HTTP_AUTH": "none"}

    with pytest.raises(SettingsError) as raised:
        Settings.from_environment(given)
    for name in (*given, *RIGHT):
        assert name.removesuffix("__blobServiceUri") in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://{dc}.localhost:8000/3.0", "http://127.0.0.1:1/{dc}/3.0", "https://[::1]:2/3.0"]
)
def test_mailchimp_may_be_a_server_of_this_machine(url: str) -> None:
    settings, wrong = judge({**RIGHT, "MAILCHIMP_API_URL": url})

    assert (settings.mailchimp_api_url, wrong) == (url, ())


@pytest.mark.parametrize(
    ("platform", "deployment", "on"),
    [
        (None, None, False),
        (None, "true", True),
        ("True", None, True),
        ("true", "false", True),
        ("False", "true", False),
        ("0", "true", False),
        ("no", "true", False),
        ("", "true", True),
    ],
)
def test_a_no_of_the_platform_outweighs_what_the_deployment_wrote(
    platform: str | None, deployment: str | None, on: bool
) -> None:
    given = {"WEBSITE_AUTH_ENABLED": platform, "ENTRA_AUTH_REQUIRED": deployment}
    settings, _ = judge({**RIGHT, **{k: v for k, v in given.items() if v is not None}})

    assert settings.authentication_on is on
