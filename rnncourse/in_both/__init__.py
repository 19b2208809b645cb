"""What both engines share, in files named like theirs; nothing here computes with arrays of one engine."""
