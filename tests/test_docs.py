"""Docs are tested: what they name exists, and what exists is named."""

from __future__ import annotations

import re
from pathlib import Path

from app.cli import COMMANDS
from app.cli.demo_stack import WEB, WORKERS

ROOT = Path(__file__).resolve().parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_readme_names_every_command() -> None:
    assert {name for name in COMMANDS if f"attune {name}" not in read("README.md")} == set()


def test_every_command_loads_and_says_what_it_does() -> None:
    from click.testing import CliRunner

    from app.cli import commands

    for name in COMMANDS:
        answer = CliRunner().invoke(commands, [name, "--help"])
        assert answer.exit_code == 0, f"{name}: {answer.output}{answer.exception!r}"
        assert "Usage:" in answer.output


def test_the_files_that_the_docs_name_exist() -> None:
    for page in ("README.md", "ARCHITECTURE.md", "docs/deploy.md"):
        named = re.findall(r"`((?:app|workers|devstore|extensions|migrations|tests|docs)/[\w./-]*)`", read(page))
        linked = [link for link in re.findall(r"\]\(([^)#]+)\)", read(page)) if "://" not in link]
        folder = (ROOT / page).parent
        missing = [name for name in named if not (ROOT / name).exists()]
        missing += [link for link in linked if not (folder / link).exists()]
        assert missing == [], page


def test_the_deploy_guide_names_every_process_and_setting() -> None:
    guide = read("docs/deploy.md")
    processes = re.findall(r"^(\w+):", read("Procfile"), re.MULTILINE)
    settings = re.findall(r"^([A-Z_]+)=", read(".env.example"), re.MULTILINE)
    assert [name for name in processes if f"| {name} |" not in guide] == []
    assert [name for name in settings if f"`{name}`" not in guide] == []


def test_the_demo_runs_the_procfiles_processes() -> None:
    lines = dict(re.findall(r"^(\w+): (.*)$", re.sub(r"\$\{\w+:-(\d+)\}", r"\1", read("Procfile")), re.MULTILINE))
    assert lines.pop("release") == "alembic upgrade head"
    assert lines == {"web": WEB, **WORKERS}
