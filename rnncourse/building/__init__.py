"""Tools for those who write the course: refreshing what is stored in the notebooks."""
