"""Settings: precedence of the sources, old names, and errors that name the setting."""

from pathlib import Path

import pytest

from sent_server import settings
from sent_server.settings import SettingsError


def load(tmp_path: Path, environ: dict[str, str], toml: str = "") -> tuple[settings.Settings, list[str]]:
    warnings: list[str] = []
    file = tmp_path / "sent.toml"
    file.write_text(toml)
    return settings.load(environ=environ, config_file=file, warn=warnings.append), warnings


def test_a_variable_overrides_the_file_and_the_file_the_default(tmp_path: Path) -> None:
    found, warnings = load(tmp_path, {"SENT_PORT": "9000"}, 'port = 9001\nhost = "127.0.0.2"')
    assert (found.port, found.host, found.user_quota) == (9000, "127.0.0.2", 1_000)
    assert warnings == []


def test_the_old_name_of_a_setting_works_in_the_environment_with_a_warning(tmp_path: Path) -> None:
    found, warnings = load(tmp_path, {"SENT_SMS_MAX_PARTS": "3", "SENT_WEBHOOK_CLEAN_BODY": "true"})
    assert (found.sms_max_segments, found.webhook_current_names_only) == (3, True)
    assert warnings == [
        "SENT_SMS_MAX_PARTS is now called SENT_SMS_MAX_SEGMENTS",
        "SENT_WEBHOOK_CLEAN_BODY is now called SENT_WEBHOOK_CURRENT_NAMES_ONLY",
    ]


def test_the_old_name_of_a_setting_works_in_the_file_with_a_warning(tmp_path: Path) -> None:
    found, warnings = load(tmp_path, {}, "sms_max_parts = 3")
    assert found.sms_max_segments == 3
    assert warnings == [f"{tmp_path}/sent.toml: sms_max_parts is now called sms_max_segments"]


def test_an_old_name_beside_its_new_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SENT_SMS_MAX_PARTS is the old name of SENT_SMS_MAX_SEGMENTS"):
        load(tmp_path, {"SENT_SMS_MAX_PARTS": "3", "SENT_SMS_MAX_SEGMENTS": "4"})
    with pytest.raises(SettingsError, match="sms_max_parts is the old name of sms_max_segments"):
        load(tmp_path, {}, "sms_max_parts = 3\nsms_max_segments = 4")


def test_a_new_name_in_the_environment_overrides_an_old_one_in_the_file(tmp_path: Path) -> None:
    found, _ = load(tmp_path, {"SENT_SMS_MAX_SEGMENTS": "4"}, "sms_max_parts = 3")
    assert found.sms_max_segments == 4


@pytest.mark.parametrize(
    ("environ", "toml", "problem"),
    [
        ({"SENT_PORT": "http"}, "", "SENT_PORT='http' must be a whole number"),
        ({"SENT_SMS_MAX_PARTS": "many"}, "", "SENT_SMS_MAX_PARTS='many' must be a whole number"),
        ({"SENT_SMS_MAX_PARTS": "256"}, "", "sms_max_segments must be between 1 and 255"),
        ({}, "prot = 1", "unknown setting 'prot'; did you mean port"),
        ({}, 'port = "1"', "port must be a int"),
        ({}, 'sms_max_parts = "3"', "sms_max_segments must be a int"),
        ({}, "port", "is not valid TOML"),
    ],
)
def test_an_invalid_setting_is_named(tmp_path: Path, environ: dict[str, str], toml: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load(tmp_path, environ, toml)


def test_an_unknown_variable_is_ignored_with_the_nearest_name(tmp_path: Path) -> None:
    _, warnings = load(tmp_path, {"SENT_PROT": "1", "SENT_DM_API_KEY": "k", "SENT_BASE_URL": "x"})
    assert warnings == ["SENT_PROT is not a setting of this server and is ignored; did you mean SENT_PORT?"]
