"""``tocsin backtest``: what rules would have raised on recorded history, against what really happened."""
