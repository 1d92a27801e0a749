"""The process tree: what ends is started again, what is asked to stop stops in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

TREE = """
import sys
from tocsin.app.process_tree import Child, ProcessTree
folder = sys.argv[1]
role = "import os,sys,time,signal\\n" \
       "def stop(*_):\\n" \
       "    open(sys.argv[1] + '/stopped', 'a').write(sys.argv[2] + ' '); sys.exit(0)\\n" \
       "signal.signal(signal.SIGTERM, stop)\\n" \
       "from tocsin.app.process_tree import end_with_parent; end_with_parent()\\n" \
       "open(sys.argv[1] + '/' + sys.argv[2], 'a').write(str(os.getpid()) + '\\\\n')\\n" \
       "while True: time.sleep(0.05)\\n"
children = [Child(name, [sys.executable, "-c", role, folder, name]) for name in ("engine", "worker", "web")]
raise SystemExit(ProcessTree(children).run())
"""


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def test_a_killed_child_comes_back_and_all_stop_in_order(tmp_path: Path) -> None:
    tree = subprocess.Popen([sys.executable, "-c", TREE, str(tmp_path)])
    try:
        wait_for(lambda: all(pids(tmp_path / name) for name in ("engine", "worker", "web")))
        os.kill(pids(tmp_path / "engine")[0], signal.SIGKILL)
        wait_for(lambda: len(pids(tmp_path / "engine")) == 2)
        assert len(pids(tmp_path / "web")) == 1
        tree.send_signal(signal.SIGTERM)
        assert tree.wait(30) == 0
        assert (tmp_path / "stopped").read_text().split() == ["web", "worker", "engine"]
    finally:
        if tree.poll() is None:
            tree.kill()


def test_children_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    tree = subprocess.Popen([sys.executable, "-c", TREE, str(tmp_path)])
    try:
        wait_for(lambda: all(pids(tmp_path / name) for name in ("engine", "worker", "web")))
        tree.kill()
        tree.wait(10)
        wait_for((tmp_path / "stopped").exists)
        wait_for(lambda: sorted((tmp_path / "stopped").read_text().split()) == ["engine", "web", "worker"])
    finally:
        if tree.poll() is None:
            tree.kill()
