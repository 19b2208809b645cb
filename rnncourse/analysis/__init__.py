"""What happens inside a net: checks and measurements that need more than one part of the course."""

from rnncourse.analysis.terms import equal_terms

__all__ = ["equal_terms"]
