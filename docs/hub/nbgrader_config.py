"""nbgrader for instructors and learners alike.

Put it where every server of the hub finds it: in etc/jupyter of the environment, or in /etc/jupyter.
"""

import os
from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader runs this file with get_config at hand)

COURSE = os.environ.get("NBGRADER_COURSE", "rnn101")
c.CourseDirectory.course_id = COURSE

# A folder that everybody may write to and nobody may list: nbgrader sees to the rest.
c.Exchange.root = os.environ.get("NBGRADER_EXCHANGE", "/srv/nbgrader/exchange")

# The instructor's course folder; learners have none.
if (Path.home() / COURSE).is_dir():
    c.CourseDirectory.root = str(Path.home() / COURSE)
