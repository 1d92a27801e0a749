"""The engine process: only appender of the log, only evaluator of rules, writer of what they found.

socket -> group commit -> log ---- tail ----> evaluation (engine, grouper) -> one database transaction a batch
                            ^                          |
                          ticks                    snapshots
"""
