"""Files of names and passwords."""

import base64

import pytest
from click.testing import CliRunner

from medner_assets.cli import main
from medner_assets.errors import MednerError
from medner_assets.web.logins import add_login, logins_from


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_a_password_that_was_added_is_accepted_and_no_other(tmp_path):
    file = tmp_path / "logins"
    add_login(file, "ada", "correct horse")
    add_login(file, "bo@example.org", "another one")
    logins = logins_from(file, None)
    assert logins.accept(basic("ada", "correct horse"))
    assert logins.accept(basic("bo@example.org", "another one"))
    for name, password in (("ada", "another one"), ("ada", ""), ("eve", "correct horse"), ("", "")):
        assert not logins.accept(basic(name, password))


def test_only_what_was_accepted_is_known_without_a_second_look(tmp_path):
    file = tmp_path / "logins"
    add_login(file, "ada", "correct horse")
    logins = logins_from(file, None)
    right, wrong = basic("ada", "correct horse"), basic("ada", "correct mule")
    assert not logins.knows(right)
    assert not logins.accept(wrong)
    assert logins.accept(right)
    assert (logins.knows(right), logins.knows(wrong)) == (True, False)


def test_a_file_of_logins_is_its_owners_holds_no_password_and_keeps_the_others(tmp_path):
    file = tmp_path / "logins"
    add_login(file, "ada", "correct horse")
    add_login(file, "bo", "another one")
    add_login(file, "ada", "a new password")
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(line.partition(":")[0] for line in file.read_text().splitlines()) == ["ada", "bo"]
    assert "password" not in file.read_text()
    assert logins_from(file, None).accept(basic("ada", "a new password"))
    assert [path.name for path in tmp_path.iterdir()] == ["logins"]


@pytest.mark.parametrize("name", ["", "a:b", "a b", "a\nb", "-a", "ä", "a" * 65])
def test_a_name_that_would_spoil_the_file_is_refused(tmp_path, name):
    with pytest.raises(MednerError, match="no name of a user"):
        add_login(tmp_path / "logins", name, "long enough")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["", "ada", "ada:secret", "ada:scrypt:00:00", "\udc80"])
def test_a_file_that_is_none_is_refused_in_one_line(tmp_path, content):
    file = tmp_path / "logins"
    file.write_bytes(content.encode(errors="surrogateescape"))
    file.chmod(0o600)
    with pytest.raises(MednerError, match="logins"):
        logins_from(file, None)


def test_a_file_that_others_can_read_is_refused_with_its_remedy(tmp_path):
    file = tmp_path / "logins"
    add_login(file, "ada", "correct horse")
    file.chmod(0o644)
    with pytest.raises(MednerError, match="chmod 600"):
        logins_from(file, None)


def test_a_token_that_can_be_guessed_is_refused():
    with pytest.raises(MednerError, match="shorter than 16 characters"):
        logins_from(None, "secret")
    assert logins_from(None, "0123456789abcdef").needed
    assert not logins_from(None, None).needed


def test_a_login_is_added_by_the_command_that_asks_for_the_password_twice(tmp_path):
    file = tmp_path / "logins"
    ran = CliRunner().invoke(main, ["ui", "--login", str(file), "--add-login", "ada"], input="12345678\n" * 2)
    assert ran.exit_code == 0
    assert "12345678" not in ran.output
    assert logins_from(file, None).accept(basic("ada", "12345678"))


def test_a_ui_that_other_machines_reach_needs_a_login(monkeypatch):
    monkeypatch.delenv("MEDNER_UI_TOKEN", raising=False)
    ran = CliRunner().invoke(main, ["ui", "--host", "0.0.0.0", "--port", "0"])
    assert ran.exit_code == 1
    assert ran.stderr.startswith("Error: --host 0.0.0.0 lets other machines reach the UI: give it a login")
