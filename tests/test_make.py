"""The Makefile and CI's entry: real installations of a tiny project in scratch folders, without a network."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
ONCE = "Installing into .venv, once."
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1.0"
"""
# Builds the tiny project without setuptools, which would have to be downloaded.
BACKEND = """\
import os, pathlib, signal, zipfile

def build_editable(folder, *_):
    if pathlib.Path("failing").exists():
        raise SystemExit("the installation fails")
    if pathlib.Path("killed").exists():
        os.killpg(0, signal.SIGKILL)
    files = {
        "METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\nProvides-Extra: dev\\n",
        "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(pathlib.Path(folder, "tiny-1.0-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(f"tiny-1.0.dist-info/{name}", text)
    return "tiny-1.0-py3-none-any.whl"
"""
TOOL = "import os, sys; print({name!r}, *sys.argv[1:], os.environ.get('COLUMN', '')); sys.exit({code})\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A tiny project with our Makefile, installed by the first of three Pythons that is new enough."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    write(folder / "pyproject.toml", PYPROJECT)
    write(folder / "constraints.txt", "")
    write(folder / "backend.py", BACKEND)
    for name in ("bot", "ruff", "mypy", "pytest"):
        write(folder / f"{name}.py", TOOL.format(name=name, code=0))
    write(folder / "old-python", "#!/bin/sh\nexit 0\n")
    (folder / "old-python").chmod(0o755)
    pythons = f"no-such-python {folder}/old-python {sys.executable}"
    ended = make(folder, "install", PYTHONS=pythons)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(ONCE)
    return folder


@pytest.fixture
def project(installed, tmp_path):
    """A copy of the installed project, to be broken at will."""
    return shutil.copytree(installed, tmp_path / "project", symlinks=True)


def run(command, folder, **settings):
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **offline, **settings},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # so that the installation can be killed with all that runs it
    )


def make(folder, *arguments, **settings):
    # Given as an argument, PYTHONS wins over the Makefile's own list.
    pythons = settings.pop("PYTHONS", sys.executable)
    return run(["make", *arguments, f"PYTHONS={pythons}"], folder, **settings)


def outdate(project, changed="constraints.txt"):
    """Make the installation older than *changed*, and newer than all else."""
    for age, name in enumerate((changed, ".venv/.installed", "pyproject.toml", "constraints.txt")):
        if age == 0 or name != changed:
            os.utime(project / name, (1_000_000_000 - 10 * age,) * 2)


def test_what_is_installed_is_not_installed_again(project):
    ended = make(project, "run")
    assert (ended.returncode, ended.stdout.split(), ended.stderr) == (0, ["bot"], "")


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_changed_pin_is_installed_once(project, changed):
    outdate(project, changed)
    assert make(project, "run").stdout.startswith(ONCE)
    assert make(project, "run").stdout.split() == ["bot"]


@pytest.mark.parametrize(("cut", "code"), [("failing", 2), ("killed", -signal.SIGKILL)])
def test_an_installation_that_was_cut_short_is_taken_up_again(project, cut, code):
    outdate(project)
    (project / cut).touch()
    ended = make(project, "run")
    assert ended.returncode == code
    assert "bot" not in ended.stdout.split()
    (project / cut).unlink()
    ended = make(project, "run")
    assert (ended.returncode, ended.stdout.split()[-1]) == (0, "bot")
    assert ended.stdout.startswith(ONCE)


def test_an_environment_without_pip_is_made_anew(project):
    (project / ".venv/.installed").unlink()
    for pip in (project / ".venv/lib").glob("*/site-packages/pip"):
        shutil.rmtree(pip)
    ended = make(project, "run")
    assert (ended.returncode, ended.stdout.split()[-1]) == (0, "bot"), ended.stderr


def test_a_machine_without_a_new_enough_python_is_told_what_to_do(project):
    shutil.rmtree(project / ".venv")
    ended = make(project, "run", PYTHONS="no-such-python")
    assert ended.returncode == 2
    assert ended.stderr.startswith("Pullquote needs Python 3.11 or newer: install it")


def test_a_python_without_its_venv_module_is_told_which_package_to_install(project):
    shutil.rmtree(project / ".venv")
    write(project / "lacking/ensurepip.py", "raise ImportError\n")
    ended = make(project, "run", PYTHONPATH=str(project / "lacking"))
    assert ended.returncode == 2
    assert f"install the package {sys.executable}-venv" in ended.stderr
    assert not (project / ".venv").exists()


def test_two_goals_at_once_install_once(project):
    outdate(project)
    ended = make(project, "-j4", "run", "test", "install")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count(ONCE) == 1


@pytest.mark.parametrize("given", ["environment", "argument"])
def test_another_column_reaches_the_bot(project, given):
    as_argument = ["COLUMN=../articles"] if given == "argument" else []
    as_variable = {"COLUMN": "../articles"} if given == "environment" else {}
    assert make(project, "run", *as_argument, **as_variable).stdout.split() == ["bot", "../articles"]


def test_ci_runs_format_lint_types_and_the_suite_from_any_folder(project, tmp_path):
    ended = run([str(project / ".ci/run")], tmp_path, CI="true")
    assert ended.returncode == 0, ended.stderr
    lines = [line.split() for line in ended.stdout.splitlines() if not line.startswith(".venv")]
    assert lines == [
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["mypy"],
        ["pytest", "--numprocesses", "auto"],
    ]


@pytest.mark.parametrize("tool", ["ruff", "mypy", "pytest"])
def test_ci_fails_where_one_of_them_fails(project, tool):
    write(project / f"{tool}.py", TOOL.format(name=tool, code=1))
    ended = run([".ci/run"], project)
    assert ended.returncode != 0
    assert ended.stdout.splitlines()[-1].split()[0] == tool


def test_help_names_every_goal_that_a_person_would_use(project):
    ended = run(["make"], project)
    named = {line.split()[1] for line in ended.stdout.splitlines()}
    phony = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.M)
    assert phony is not None
    assert named == set(phony[1].split()) - {"venv"}


def pins():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def canonical(requirement):
    return re.sub(r"[-_.]+", "-", requirement.name).lower(), str(requirement.specifier)


def test_every_pin_is_one_exact_version_from_anywhere():
    for pin in pins():
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)), pin
        assert pin.url is None


def test_the_constraints_hold_every_requirement_of_the_project_at_its_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {
        canonical(Requirement(text))
        for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    }
    assert wanted - {canonical(pin) for pin in pins()} == set()
