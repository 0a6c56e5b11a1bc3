"""Settings: the only reader of the environment. Every variable begins with `NAVETTE_`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from base.language import N_
from base.problems import problem

PREFIX: Final = "NAVETTE_"

BAD_SETTING = problem(
    "settings/invalid",
    500,
    N_("A setting is wrong"),
    N_("The environment variable {variable} cannot be used: {reason}. docs/settings.md lists what it may hold."),
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator can choose; `docs/settings.md` explains each, a test holds it to that."""

    data_dir: Path
    database_url: str | None = None
    migration_url: str | None = None
    pool_size: Annotated[int, Meta(ge=1, le=500)] = 10
    upload_limit: Annotated[int, Meta(ge=1)] = 10_000_000
    fold_interval: Annotated[float, Meta(gt=0)] = 1.0
    cube_memory: Annotated[int, Meta(ge=1)] = 512_000_000
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    language: Literal["fr", "en"] = "fr"
    legal_publisher: str | None = None
    legal_director: str | None = None
    legal_host: str | None = None
    contact_email: str | None = None


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def default_data_dir(environment: Mapping[str, str]) -> Path:
    """`/var/lib/navette` for root, else `$XDG_DATA_HOME/navette` (`~/.local/share/navette`)."""
    if os.geteuid() == 0:
        return Path("/var/lib/navette")
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "navette"


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; raises `settings/invalid` naming the variable."""
    values: dict[str, str] = {}
    for field in Settings.__struct_fields__:
        text = environment.get(variable(field), "").strip()
        if text:
            values[field] = text
    values.setdefault("data_dir", str(default_data_dir(environment)))
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        raise BAD_SETTING(variable=variable(place.rstrip("`")), reason=reason) from error


def _path(kind: type, value: object) -> Path:
    if kind is not Path:
        raise NotImplementedError
    return Path(str(value)).expanduser().absolute()
