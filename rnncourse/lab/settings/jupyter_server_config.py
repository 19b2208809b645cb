"""What `rnncourse lab` adds to the user's own Jupyter configuration, which is read as well.

The folder of this file is put in front of JUPYTER_CONFIG_PATH; options on the command line beat it.
labconfig/default_setting_overrides.json beside it turns off JupyterLab's question about news, and has all cells of a
page drawn at once: a link into the middle of a page would lose its aim while the cells above it appear.
jupyter_server_config.d/rnncourse.json loads rnncourse.lab.server, custom/custom.css is how the pages look, and
labextensions/ helps links into notebooks that are not open yet, and opens that of the address at once.
"""

import os

from rnncourse.environment import kernels_can_encrypt

HERE = os.path.dirname(os.path.abspath(__file__))

c = get_config()  # noqa: F821  (Jupyter runs this file with get_config at hand)

# The whole course is the root, so that chapters, exercises and their links are all within reach.
c.ServerApp.root_dir = os.environ["RNNCOURSE_ROOT"]
# A folder elsewhere that the user prefers would keep the server from starting.
for manager in ("Contents", "FileContents", "AsyncFileContents", "LargeFile", "AsyncLargeFile"):
    c[f"{manager}Manager"].preferred_dir = ""
c.ServerApp.preferred_dir = os.environ["RNNCOURSE_ROOT"]
c.LabApp.default_url = "/lab/tree/chapters/00_start_here.ipynb"
# Containers often know no user but root. The server listens on this machine alone and asks for a token.
c.ServerApp.allow_root = True
# JupyterLab looks for a style sheet in these folders, Notebook 7 below the one that a page's settings name.
c.LabApp.custom_css = True
for app in ("LabApp", "JupyterNotebookApp"):
    c[app].extra_labextensions_path = [os.path.join(HERE, "labextensions")]
# A whole dictionary, for JupyterHub cannot read one that is only updated.
c.ServerApp.tornado_settings = {
    "static_custom_path": [os.path.join(HERE, "custom")],
    # Nothing of the course has to be built, and asking whether something does takes the server half a second.
    "page_config_data": {"jupyterConfigDir": HERE, "buildCheck": False},
}
if kernels_can_encrypt():
    c.KernelManager.transport_encryption = "auto"
