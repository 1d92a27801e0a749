"""Dispatch: words on their way to posts and subscribers, by channel and shard, with what became of every delivery."""
