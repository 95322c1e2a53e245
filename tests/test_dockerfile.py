"""The Dockerfile, without an engine: a linter reads it, and its commands run in clean folders."""

import asyncio
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from bot.config import HEALTH_ADDRESS, Address
from bot.health import listening
from bot.metrics import Metrics
from index.config import GRAPHS
from index.embedder import BUILT_IN, BUNDLED, slug

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def instructions():
    """Return the instructions of each stage, as (word, rest), continuation lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.M)
    stages = []
    for line in filter(str.strip, text.replace("\\\n", " ").splitlines()):
        word, rest = line.split(None, 1)
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest.strip()))
    return stages


BUILD, RUNTIME = instructions()
REQUIREMENTS, CPU_ONLY, COMPILE = (rest for word, rest in BUILD if word == "RUN")


def last(word):
    return [rest for name, rest in RUNTIME if name == word][-1]


def copied():
    """Return what the build takes from the repository: (source, target) pairs."""
    pairs = []
    for *sources, target in (rest.split() for word, rest in BUILD if word == "COPY"):
        pairs += [(source, source if target == "./" else target) for source in sources]
    return pairs


def image(folder):
    """Lay out in *folder* what the build copies, less what .dockerignore keeps out."""
    for source, target in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, folder / target)


def environment(**settings):
    """Return the image's environment, with the Python of these tests in the place of its own."""
    set_there = dict(pair.split("=", 1) for pair in last("ENV").split())
    return {**set_there, "PATH": f"{BIN}:{os.environ['PATH']}", **{k: str(v) for k, v in settings.items()}}


def run(command, folder, env):
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def tiny_wheel(folder):
    """Write a package of one line, so that an installation needs no network."""
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "SIZE = 1\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def test_the_linter_finds_nothing():
    ended = run([str(BIN / "hadolint"), "Dockerfile"], ROOT, dict(os.environ))
    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_build_sees_what_it_copies_and_nothing_else():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
    let_in = [line[1:] for line in lines if line.startswith("!")]
    assert lines[0] == "*"
    assert sorted(let_in) == sorted(source for source, _ in copied())
    assert not any(fnmatch(secret, name) for name in let_in for secret in (".env", "data", ".git"))


def test_the_requirements_are_those_of_the_project(tmp_path):
    image(tmp_path)
    command, _, rest = REQUIREMENTS.partition("&&")
    assert rest
    ended = run(["sh", "-ec", command], tmp_path, environment())
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "requirements.txt").read_text("utf-8").splitlines() == wanted


def test_the_installation_makes_an_environment_without_pip(tmp_path):
    tiny_wheel(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["tiny"]\n')
    (tmp_path / "constraints.txt").write_text("tiny==1.0\n")
    offline = environment(PIP_NO_INDEX=1, PIP_FIND_LINKS=tmp_path, PIP_CONFIG_FILE=os.devnull)
    ended = run(["sh", "-ec", REQUIREMENTS.replace("/opt/venv", f"{tmp_path}/venv")], tmp_path, offline)
    assert ended.returncode == 0, ended.stderr
    ask = "import importlib.util as u, tiny; print(tiny.SIZE, u.find_spec('pip'))"
    assert run([str(tmp_path / "venv/bin/python"), "-c", ask], tmp_path, {}).stdout == "1 None\n"


@pytest.mark.parametrize(("cuda", "code"), [("None", 0), ("'13.0'", 1)])
def test_a_torch_for_gpus_ends_the_build_and_one_for_cpus_does_not(tmp_path, cuda, code):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text("from torch import version\n")
    (tmp_path / "torch/version.py").write_text(f"cuda = {cuda}\n")
    check = CPU_ONLY.replace("/opt/venv/bin/python", sys.executable)
    ended = run(["sh", "-ec", check], tmp_path, environment(PYTHONPATH=tmp_path))
    assert ended.returncode == code
    assert ("--build-arg PIP_EXTRA_INDEX_URL=" in ended.stderr) == bool(code)


@pytest.mark.model
@pytest.mark.usefixtures("embedder")
def test_what_is_copied_compiles_and_plays_the_conversation(tmp_path):
    image(tmp_path)
    # The graph that the same command has made for all tests, so that it finds it and need not make it again.
    shutil.copytree(
        Path(os.environ["ENCODER_DIR"]) / slug(BUNDLED), tmp_path / BUILT_IN.relative_to(ROOT) / slug(BUNDLED)
    )
    compiled = run(
        ["sh", "-ec", COMPILE.replace("/opt/venv/bin/python", sys.executable)], tmp_path, environment()
    )
    assert (compiled.returncode, compiled.stdout) == (0, "")
    before = sorted(tmp_path.rglob("*"))
    data = tmp_path / "volume"
    ended = run(json.loads(last("CMD")), tmp_path, environment(DATA_DIR=data))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "What did Tusk say?" in ended.stdout
    assert (data / "column.sqlite").exists()
    assert not (data / GRAPHS).exists()  # the one that was built in serves
    # It runs where nothing but its data can be written to.
    assert sorted(path for path in tmp_path.rglob("*") if not path.is_relative_to(data)) == before


def test_the_packages_that_run_are_those_that_were_copied(tmp_path):
    image(tmp_path)
    ask = "import bot.playground, index; print(bot.playground.__path__[0], index.__path__[0], sep='\\n')"
    ended = run([sys.executable, "-c", ask], tmp_path, environment())
    assert ended.stdout.splitlines() == [str(tmp_path / "bot/playground"), str(tmp_path / "index")]


def test_a_wrong_setting_ends_it_with_2(tmp_path):
    image(tmp_path)
    ended = run(json.loads(last("CMD")), tmp_path, environment(DATA_DIR=tmp_path, LOG_LEVEL="LOUD"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("pullquote: LOG_LEVEL")


def health_check(folder, address, patience="timeout=4", **settings):
    """Return the exit code of the image's health check, where the bot listens at *address*."""
    check = [
        part.replace("timeout=4", patience) for part in json.loads(last("HEALTHCHECK").split("CMD", 1)[1])
    ]
    return run(check, folder, environment(HEALTH_ADDRESS=address, **settings)).returncode


@pytest.mark.parametrize(("why_not", "code"), [(None, 0), ("worker-1 died", 1)])
def test_the_health_check_is_passed_by_a_bot_that_lives(tmp_path, why_not, code):
    async def check():
        metrics = Metrics()
        metrics.check("workers", lambda: why_not, vital=True)
        metrics.check("sync", lambda: "it is late")
        async with listening(Address("127.0.0.1", 0), metrics) as address:
            # A proxy that the environment names must not stand between the two.
            return await asyncio.to_thread(health_check, tmp_path, address, http_proxy="http://127.0.0.1:9")

    assert asyncio.run(check()) == code


def test_the_health_check_is_failed_where_nobody_answers_and_passed_where_nobody_should(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # accepts, and says nothing
        assert health_check(tmp_path, f"127.0.0.1:{deaf.getsockname()[1]}", "timeout=0.1") == 1
    assert "--timeout=5s" in last("HEALTHCHECK")  # it gives up by itself before it is killed
    assert "timeout=4)" in last("HEALTHCHECK")
    assert health_check(tmp_path, "off") == 0


def test_the_bot_in_the_image_listens_where_its_health_check_asks():
    assert environment()["HEALTH_ADDRESS"] == HEALTH_ADDRESS


def test_it_runs_as_a_numbered_user_whose_folder_is_the_volume():
    user = last("USER")
    assert int(user) > 0
    [add] = [
        step for word, rest in RUNTIME if word == "RUN" for step in rest.split("&&") if "useradd" in step
    ]
    assert f"--uid {user} " in add
    assert f"--home-dir {last('VOLUME')} " in add
    assert last("VOLUME") == environment()["DATA_DIR"]
    assert [word for word, _ in RUNTIME].index("RUN") < [word for word, _ in RUNTIME].index("USER")


def test_the_bot_is_started_without_a_shell_so_that_sigterm_reaches_it():
    assert json.loads(last("CMD")) == ["python", "-m", "bot"]
    assert "ENTRYPOINT" not in dict(RUNTIME)


def test_the_label_bears_the_projects_version_and_sentence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    labels = dict(re.findall(r'(\S+)="([^"]*)"', last("LABEL")))
    assert labels["org.opencontainers.image.version"] == project["version"]
    assert labels["org.opencontainers.image.description"] == project["description"]


def test_the_models_graph_is_built_where_the_embedder_looks_for_it():
    _, _, module, name, bundled, folder = shlex.split(COMPILE.split("&&")[1])
    assert (module, name, bundled) == ("index.graph", BUNDLED, "")
    assert ROOT / folder == BUILT_IN / slug(BUNDLED)
