"""A JupyterHub for a class, on one machine on which everybody has an account.

    jupyterhub --config docs/hub/jupyterhub_config.py

Start it as root, so that each server runs as its learner. What you are likely to change comes first; what is said about
it is in docs/class_on_a_hub.md.
"""

import sys
from pathlib import Path

c = get_config()  # noqa: F821  (JupyterHub runs this file with get_config at hand)

INSTRUCTORS = {"teacher"}
MEMORY = "2G"
KERNEL_IDLE_SECONDS = 30 * 60
SERVER_IDLE_SECONDS = 60 * 60

# A reverse proxy with HTTPS stands in front of this address.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.hub_ip = "127.0.0.1"

# Whoever has an account on this machine may log in, with its password.
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = INSTRUCTORS

# The course of the environment that runs the hub. It runs as the learner and copies the notebooks by itself.
RNNCOURSE = str(Path(sys.executable).with_name("rnncourse"))
c.Spawner.cmd = [RNNCOURSE, "singleuser", "--without", "solutions"]
c.Spawner.args = [
    f"--MappingKernelManager.cull_idle_timeout={KERNEL_IDLE_SECONDS}",
    "--MappingKernelManager.cull_interval=300",
    f"--ServerApp.shutdown_no_activity_timeout={SERVER_IDLE_SECONDS}",
]


def serve_instructors_more(spawner):
    """Leave instructors the solutions and nbgrader's menus for authors."""
    if spawner.user.name in INSTRUCTORS:
        spawner.cmd = [RNNCOURSE, "singleuser", "--instructor"]


c.Spawner.pre_spawn_hook = serve_instructors_more

# Spawners that can limit memory do so: DockerSpawner, KubeSpawner, SystemdSpawner. The local one cannot.
c.Spawner.mem_limit = MEMORY

# While this many servers are starting, whoever logs in is told to try again in a minute. About five for each core: with
# more, a busy machine gives some of them up.
c.JupyterHub.concurrent_spawn_limit = 10
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300
