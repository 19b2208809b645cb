"""The files that services read: they parse, agree with the tested versions, and their scripts do what they say."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from browser.lab_server import ROOT

CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
SCRIPTS = [".ci/publish", ".devcontainer/install.sh", ".binder/postBuild", ".binder/start"]


def run(*command: str | Path, **settings: object) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_can_be_run_and_are_bash(name):
    assert os.access(ROOT / name, os.X_OK)
    assert run("bash", "-n", ROOT / name).stderr == ""


def test_the_workflow_installs_the_tested_torch_and_calls_commands_that_exist():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8"))
    steps = [step["run"] for step in workflow["jobs"]["publish"]["steps"] if "run" in step]
    commands = [shlex.split(line) for step in steps for line in step.splitlines()]
    torch = next(word for words in commands for word in words if word.startswith("torch=="))
    assert torch in CONSTRAINTS
    build = next(words for words in commands if words[0] == "rnncourse")
    said = run("rnncourse", *build[1:3], "--help", env={**os.environ, "COLUMNS": "200"}).stdout
    assert all(option in said for option in build if option.startswith("--"))
    assert [words[0] for words in commands][-1] == ".ci/publish"
    assert workflow["permissions"] == {"contents": "write"}


def test_the_devcontainer_calls_a_script_that_exists():
    settings = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert (ROOT / settings["postCreateCommand"].split()[-1]).is_file()
    assert settings["postAttachCommand"].startswith("rnncourse lab ")
    assert str(settings["forwardPorts"][0]) in settings["postAttachCommand"]


def test_binder_has_torch_for_the_processor_from_conda_forge():
    environment = yaml.safe_load((ROOT / ".binder" / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    assert {"pytorch-cpu", "pip"} <= set(environment["dependencies"])


def test_binder_makes_the_learners_copy_and_then_starts(tmp_path):
    for name in ("pyproject.toml", "chapters", "exercises", "solutions"):
        (tmp_path / name).symlink_to(ROOT / name)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB")}
    done = run(ROOT / ".binder" / "start", "echo", "a server", cwd=tmp_path, env=environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "a server"
    assert (tmp_path / "rnn-course" / "chapters" / "00_start_here.ipynb").is_file()


def test_a_site_becomes_the_only_commit_of_its_branch(tmp_path):
    checkout, remote, site = (tmp_path / name for name in ("checkout", "remote.git", "site"))
    run("git", "init", "-q", "--bare", remote)
    run("git", "init", "-q", checkout)
    run("git", "-C", checkout, "remote", "add", "origin", remote)
    (checkout / ".ci").mkdir()
    publish = checkout / ".ci" / "publish"
    publish.write_bytes((ROOT / ".ci" / "publish").read_bytes())
    publish.chmod(0o755)
    site.mkdir()
    refused = run(publish, site)
    assert refused.returncode == 2 and "holds no built site" in refused.stderr
    for text in ("first", "second"):
        (site / ".rnncourse-site").write_text("0.2.0 (abc)\n")
        (site / "index.html").write_text(text)
        done = run(publish, site)
        assert done.returncode == 0, done.stderr
    log = run("git", "-C", remote, "log", "--format=%s", "gh-pages").stdout
    assert log.splitlines() == ["Site of 0.2.0 (abc)"]
    assert run("git", "-C", remote, "show", "gh-pages:index.html").stdout == "second"
