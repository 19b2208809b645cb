"""Where students' code runs: walls, limits, and the worker behind them."""
