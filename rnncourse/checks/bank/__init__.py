"""The tasks of each chapter: reference, inputs, and the mistakes that learners make."""
