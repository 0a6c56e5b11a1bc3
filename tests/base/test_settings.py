"""Settings come from the environment; a wrong one is named."""

from pathlib import Path

import pytest

from base.problems import Problem
from base.settings import load


def test_everything_has_a_default() -> None:
    """An empty environment is enough."""
    settings = load({})
    assert settings.database_url is None
    assert settings.pool_size == 10


def test_values_are_read_and_typed() -> None:
    """Numbers are numbers, paths are absolute."""
    settings = load({"NAVETTE_POOL_SIZE": "25", "NAVETTE_DATA_DIR": "somewhere", "NAVETTE_LANGUAGE": "en"})
    assert settings.pool_size == 25
    assert settings.data_dir == Path.cwd() / "somewhere"
    assert settings.language == "en"


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    """Compose files set variables to nothing."""
    assert load({"NAVETTE_DATABASE_URL": " "}).database_url is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [("NAVETTE_POOL_SIZE", "many"), ("NAVETTE_POOL_SIZE", "0"), ("NAVETTE_LOG_LEVEL", "loud")],
)
def test_a_wrong_value_names_its_variable(variable: str, value: str) -> None:
    """The operator reads which variable to correct."""
    with pytest.raises(Problem) as raised:
        load({variable: value})
    assert variable in str(raised.value)


def test_the_data_of_an_ordinary_user_is_in_their_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """`$XDG_DATA_HOME/navette`; root's is /var/lib/navette."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert load({"XDG_DATA_HOME": "/srv/somebody"}).data_dir == Path("/srv/somebody/navette")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert load({}).data_dir == Path("/var/lib/navette")
