"""rnncourse: a course on recurrent neural networks in which every formula is checked by a cell.

Importing the package is cheap: nothing below it is loaded until you ask for it.
"""

__version__ = "0.2.0"
