"""Running the course: the learner's copy, JupyterLab and its settings, and the doctor."""
