"""What both engines share and neither NumPy nor torch decides: names, starts, decoding, files, reports."""
