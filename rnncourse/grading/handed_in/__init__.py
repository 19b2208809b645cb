"""What was handed in, and by whom: submissions, notebooks, the assignment and the roster."""
