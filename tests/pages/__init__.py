"""The till page and the console in a real browser, with a running chain behind them."""
