"""What grading leaves behind: records, tables, and pages of feedback."""
