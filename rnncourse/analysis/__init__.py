"""What happens inside a net: checks and measurements that need more than one part of the course."""

from rnncourse.analysis.parallel import in_parallel
from rnncourse.analysis.terms import equal_terms

__all__ = ["equal_terms", "in_parallel"]
