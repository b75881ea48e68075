"""The migrations, for the commands that run or check them; they come with the packages."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import migrations

FOLDER = Path(migrations.__file__).parent


def upgrade(owner_url: str) -> None:
    """Bring the database to the newest migration, as the owner role."""
    command.upgrade(_options(owner_url), "head")


def newest_revision() -> str | None:
    """The revision that a current database is at."""
    return ScriptDirectory.from_config(_options("")).get_current_head()


def _options(owner_url: str) -> Config:
    options = Config()
    options.set_main_option("script_location", str(FOLDER))
    options.set_main_option("path_separator", "os")
    options.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    return options
