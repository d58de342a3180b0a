"""Settings of mail and robots: a wrong one stops the start with a sentence, and no password is printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from portal import config
from portal.cli.config import command

MAIL = {"TIERDESK_SMTP_HOST": "mail.example.com", "TIERDESK_SMTP_FROM": "desk@example.com"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"TIERDESK_SMTP_FROM": ""}, "TIERDESK_SMTP_FROM"),
        ({"TIERDESK_SMTP_FROM": "desk@example.com\r\nBcc: x@example.com"}, "TIERDESK_SMTP_FROM"),
        ({"TIERDESK_SMTP_FROM": "a@example.com, b@example.com"}, "TIERDESK_SMTP_FROM"),
        ({"TIERDESK_SMTP_SECURITY": "ssl"}, "TIERDESK_SMTP_SECURITY"),
        ({"TIERDESK_SMTP_PORT": "-1"}, "TIERDESK_SMTP_PORT"),
        ({"TIERDESK_SMTP_CA": "/nowhere/ca.pem"}, "TIERDESK_SMTP_CA"),
        ({"TIERDESK_BASE_URL": "desk.example.com"}, "TIERDESK_BASE_URL"),
        ({"TIERDESK_BASE_URL": "javascript:alert(1)"}, "TIERDESK_BASE_URL"),
        ({"TIERDESK_BASE_URL": "https://desk.example.com/?x=1"}, "TIERDESK_BASE_URL"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, str], named: str, tmp_path: Path) -> None:
    with pytest.raises(config.BadSetting, match=named):
        config.load({**MAIL, **wrong}, file=tmp_path / "none.toml")


def test_right_ones_are_taken(tmp_path: Path) -> None:
    settings = config.load(
        {**MAIL, "TIERDESK_BASE_URL": "https://desk.example.com/"}, file=tmp_path / "none.toml"
    )
    assert settings.base_url == "https://desk.example.com"
    assert (settings.smtp_host, settings.smtp_security) == ("mail.example.com", "starttls")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_password_is_never_printed(options: list[str], tmp_path: Path) -> None:
    environ = {
        **MAIL,
        "TIERDESK_SMTP_PASSWORD": "secret-lantern",
        "TIERDESK_CONFIG": str(tmp_path / "x.toml"),
    }
    result = CliRunner().invoke(command, options, env=environ)
    assert result.exit_code == 0
    assert "TIERDESK_SMTP_PASSWORD" in result.output
    assert "secret-lantern" not in result.output
