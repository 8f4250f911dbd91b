"""``mekiki serve`` refuses what cannot be before it loads anything."""

from pathlib import Path

import pytest

pytest.importorskip("prometheus_client", reason="the service needs pip install '.[serve]'")

from mekiki.config import ServeSettings, build
from mekiki.doors.serve_command import read_token
from mekiki.errors import SettingsError
from tests.doors.conftest import call

GOOD = "0123456789abcdef"


def test_a_token_comes_from_the_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{GOOD}-file\nmore\n")
    assert read_token(str(tmp_path / "token"), GOOD) == f"{GOOD}-file"
    assert read_token(None, GOOD) == GOOD
    assert read_token(None, None) is None


@pytest.mark.parametrize("token", ["", "short", "with a space in it", "tschüss-tschüss-tschüss", GOOD + "\n" + GOOD])
def test_a_token_that_can_be_guessed_or_not_sent_is_refused(token: str) -> None:
    with pytest.raises(SettingsError, match="MEKIKI_TOKEN: a token has 16 characters or more"):
        read_token(None, token)


def test_a_token_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="token: No such file"):
        read_token(str(tmp_path / "token"), None)


def test_an_address_that_others_reach_needs_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEKIKI_TOKEN", raising=False)
    result = call("serve", tmp_path, "--host", "0.0.0.0")
    assert result.exit_code == 2
    assert "host 0.0.0.0: others can reach it, so clients must bring a token" in result.stderr


def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEKIKI_TOKEN", raising=False)
    result = call("serve", tmp_path)
    assert result.exit_code == 1
    assert f"error: {tmp_path} holds no trained model" in result.stderr


def test_bounds_that_contradict_are_refused() -> None:
    with pytest.raises(SettingsError, match="most_pictures 32 do not fit into a queue of 8"):
        build(ServeSettings, {"queue": 8})
    with pytest.raises(SettingsError, match="most_megabytes 32 are more than held_megabytes 16"):
        build(ServeSettings, {"held_megabytes": 16})
