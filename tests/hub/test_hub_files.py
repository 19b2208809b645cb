"""The files of docs/hub: what a hub, nbgrader, Docker and Helm read from them, and that the page shows them."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import yaml
from browser.lab_server import ROOT, course_command
from traitlets.config.loader import Config, PyFileConfigLoader
from typer.testing import CliRunner

from rnncourse import __version__
from rnncourse.cli import app
from rnncourse.lab import hub

FILES = ROOT / "docs" / "hub"
DOCKERFILE = re.sub(r"\\\n", "", (FILES / "Dockerfile").read_text(encoding="utf-8"))
VALUES = yaml.safe_load((FILES / "zero_to_jupyterhub.yaml").read_text(encoding="utf-8"))


def loaded(name: str) -> Config:
    return PyFileConfigLoader(name, str(FILES)).load_config()


def instructions(name: str) -> list[str]:
    return re.findall(rf"(?m)^{name} (.+)$", DOCKERFILE)


def spawner(name: str) -> SimpleNamespace:
    return SimpleNamespace(user=SimpleNamespace(name=name), cmd=["unchanged"])


def test_the_hub_runs_the_courses_command_of_its_own_environment():
    config = loaded("jupyterhub_config.py")
    assert config.Spawner.cmd == [course_command(), "singleuser", "--without", "solutions"]
    assert "--MappingKernelManager.cull_idle_timeout=1800" in config.Spawner.args
    assert "--ServerApp.shutdown_no_activity_timeout=3600" in config.Spawner.args


def test_instructors_keep_solutions_and_menus_and_nobody_else():
    config = loaded("jupyterhub_config.py")
    teacher, ana = spawner("teacher"), spawner("ana")
    for one in (teacher, ana):
        config.Spawner.pre_spawn_hook(one)
    assert teacher.cmd == [course_command(), "singleuser", "--instructor"]
    assert ana.cmd == ["unchanged"]
    assert config.Authenticator.admin_users == {"teacher"}


def test_nbgrader_finds_the_course_in_the_instructors_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NBGRADER_EXCHANGE", "/somewhere")
    monkeypatch.delenv("NBGRADER_COURSE", raising=False)
    learners = loaded("nbgrader_config.py")
    assert (learners.CourseDirectory.course_id, learners.Exchange.root) == ("rnn101", "/somewhere")
    assert "root" not in learners.CourseDirectory
    (tmp_path / "rnn101").mkdir()
    assert loaded("nbgrader_config.py").CourseDirectory.root == str(tmp_path / "rnn101")


def test_the_image_is_built_from_what_is_there_and_ends_without_rights():
    assert instructions("FROM") == ["${BASE}"] and instructions("ARG")[0].startswith("BASE=python:3.")
    sources = [word for line in instructions("COPY") for word in line.split()[:-1]]
    assert sources and [word for word in sources if not (ROOT / word).exists()] == []
    assert instructions("USER") == ["root", "${NB_USER}"]
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert len(installs) == 1 and '".[hub]"' in installs[0]
    assert instructions("CMD") == ['["rnncourse", "singleuser", "--without", "solutions"]']


def test_the_image_has_all_that_the_build_needs():
    """What pyproject.toml and hatch_build.py name must be copied before pip runs."""
    copied = {word for line in instructions("COPY") for word in line.split()[:-1]}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = {"README.md", "LICENSE", "LICENSE-text", "hatch_build.py", "constraints.txt", "rnncourse"}
    assert all(name in project for name in named - {"constraints.txt", "rnncourse"})
    assert named | {"pyproject.toml", "chapters", "exercises", "solutions"} <= copied


def test_the_values_say_the_same_as_the_hubs_configuration():
    single = VALUES["singleuser"]
    config = loaded("jupyterhub_config.py")
    assert single["cmd"] == ["rnncourse", *config.Spawner.cmd[1:], *config.Spawner.args[:2]]
    assert single["memory"]["limit"] == config.Spawner.mem_limit
    assert VALUES["cull"]["timeout"] == 3600 and single["defaultUrl"] is None
    assert single["image"]["tag"] == __version__
    assert f"rnncourse-learner:{__version__}" in DOCKERFILE


@pytest.mark.parametrize("file", sorted(path.name for path in FILES.iterdir()))
def test_the_page_shows_each_file_as_it_is(file):
    page = (ROOT / "docs" / "class_on_a_hub.md").read_text(encoding="utf-8")
    shown = re.search(rf"(?s)<!-- file: hub/{re.escape(file)} -->\n```\w+\n(.*?)\n```", page)
    assert shown and shown[1] + "\n" == (FILES / file).read_text(encoding="utf-8")


def test_the_pages_links_lead_somewhere():
    page = (ROOT / "docs" / "class_on_a_hub.md").read_text(encoding="utf-8")
    text = re.sub(r"(?s)```.*?```", "", page)
    targets = [target for target in re.findall(r"\]\(([^)]*)\)", text) if "://" not in target]
    assert len(targets) > 10
    for target, _, anchor in (one.partition("#") for one in targets):
        other = ROOT / "docs" / target if target else ROOT / "docs" / "class_on_a_hub.md"
        assert other.is_file()
        headings = re.findall(r"(?m)^#+ (.+)$", other.read_text(encoding="utf-8"))
        assert not anchor or anchor in {
            re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings
        }


@pytest.mark.parametrize("cmd", [VALUES["singleuser"]["cmd"], ["rnncourse", "singleuser", "--instructor"]])
def test_the_commands_in_the_files_are_understood(cmd, monkeypatch, tmp_path):
    started = []
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(hub, "become_singleuser", lambda *how: started.append(how))
    done = CliRunner().invoke(app, cmd[1:])
    assert done.exit_code == 0, done.output
    [(folder, environ, arguments)] = started
    assert folder == tmp_path / "rnn-course" and (folder / "chapters").is_dir()
    instructor = "--instructor" in cmd
    assert (folder / "solutions").is_dir() is instructor
    assert ("learner_settings" in environ["JUPYTER_CONFIG_PATH"]) is not instructor
    assert arguments == [word for word in cmd if word.startswith("--Mapping")]
