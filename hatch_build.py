"""Put the notebooks and the tested versions into the wheel, under rnncourse/_shipped.

A hook and not a table in pyproject.toml: a folder that is empty or missing fails there, and an editable
install would get copies of the notebooks that grow old beside the real ones.
"""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("chapters", "exercises", "solutions")


class ShipNotebooks(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        files = [root / "constraints.txt", *(file for name in FOLDERS for file in _course_files(root / name))]
        for file in files:
            build_data["force_include"][str(file)] = f"rnncourse/_shipped/{file.relative_to(root).as_posix()}"


def _course_files(folder: Path) -> list[Path]:
    """Return the files below `folder`, without what editors and kernels leave in hidden folders."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and not any(part.startswith((".", "__pycache__")) for part in file.relative_to(folder).parts)
    )
