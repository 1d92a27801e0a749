"""The peers' environments: scratch virtual environments and unpacked Debian packages, all outside the checkout.

Nothing is installed into the system and nothing becomes a dependency of the product. What is already there is used
again. A peer that cannot be had is named with the reason; it is never left out in silence.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from report import CHECKOUT

PACKAGES = {  # one environment each, as their pins clash; names as the workload's own description gives them
    "main": ("numpy", "pandas", "pyarrow", "polars", "duckdb", "bytewax", "psutil", "cramjam"),
    "flink": ("apache-flink", "psutil", "pyarrow"),
    "spark": ("pyspark", "pandas<3", "pyarrow", "grpcio", "protobuf", "psutil"),
}
DEBIAN = {"prometheus": "prometheus", "victoria-metrics": "victoria-metrics", "vmalert": "victoria-metrics"}
INSTALL_LIMIT_S = 1200


@dataclass(frozen=True)
class Needs:
    """What one peer needs: an environment, a package in it, and commands."""

    environment: str
    package: str
    commands: tuple[str, ...] = ()


NEEDS = {
    "naive": Needs("main", "pyarrow"),
    "polars": Needs("main", "polars"),
    "duckdb": Needs("main", "duckdb"),
    "bytewax": Needs("main", "bytewax"),
    "flink-java": Needs("flink", "apache-flink", ("java", "javac")),
    "flink-sql-r1": Needs("flink", "apache-flink", ("java",)),
    "flink-sql-r3": Needs("flink", "apache-flink", ("java",)),
    "flink-sql-r5": Needs("flink", "apache-flink", ("java",)),
    "pyflink": Needs("flink", "apache-flink", ("java",)),
    "spark-tws-pandas": Needs("spark", "pyspark", ("java",)),
    "spark-apws-pandas": Needs("spark", "pyspark", ("java",)),
    "prometheus": Needs("main", "cramjam", ("prometheus",)),
    "victoriametrics": Needs("main", "cramjam", ("victoria-metrics", "vmalert")),
}


@dataclass
class Environments:
    """``variables`` for the workload's runners; ``versions`` of what was found; ``missing``: a peer and why it cannot run."""

    variables: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def set_up(scratch: Path, peers: Sequence[str]) -> Environments:
    """Make what ``peers`` need under ``scratch``, which may hold an earlier run's environments."""
    made, problems = Environments(), {}
    wanted = [NEEDS[peer] for peer in peers if peer in NEEDS]
    for name, packages in PACKAGES.items():
        made.variables[f"PY_{name.upper()}"] = str(scratch / name / "bin" / "python")
        if any(need.environment == name for need in wanted) or name == "main":  # it runs the comparison, too
            problems[name] = _environment(scratch / name, packages)
    path = os.pathsep.join((str(scratch / "debian" / "usr" / "bin"), os.environ["PATH"]))
    for package in {
        DEBIAN[c] for need in wanted for c in need.commands if c in DEBIAN and not shutil.which(c, path=path)
    }:
        problems[package] = _unpack(package, scratch / "debian")
    made.variables |= {"PATH": path, "PY_TOCSIN": sys.executable}
    for peer in peers:
        if peer in NEEDS and (why := _lacking(NEEDS[peer], made, problems, path)):
            made.missing[peer] = why
    made.versions = _versions(made, scratch, path)
    return made


def _environment(folder: Path, packages: Sequence[str]) -> str:
    """Make one virtual environment and install into it, package by package. Returns what went wrong, "" if nothing."""
    python = folder / "bin" / "python"
    if not python.is_file():
        print(f"setting up {folder.name}: {', '.join(packages)}", file=sys.stderr, flush=True)
        if why := _run([sys.executable, "-m", "venv", str(folder)]):
            return why
    if _run([str(python), "-m", "pip", "install", "-q", *packages]):
        # one that cannot be installed must not take the others with it
        failures = [why for one in packages if (why := _run([str(python), "-m", "pip", "install", "-q", one]))]
        return "; ".join(failures)
    return ""


def _unpack(package: str, root: Path) -> str:
    """Download a Debian package and unpack it under ``root``: no installation, no service started, no root needed."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return f"no apt-get here to fetch {package} with; put its commands on PATH"
    print(f"fetching {package}", file=sys.stderr, flush=True)
    root.mkdir(parents=True, exist_ok=True)
    if why := _run(["apt-get", "download", "-q", package], cwd=root):
        return f"{why} (apt-get update may be needed)"
    return next(
        (why for deb in root.glob(f"{package}_*.deb") if (why := _run(["dpkg", "-x", str(deb), str(root)]))), ""
    )


def _lacking(need: Needs, made: Environments, problems: Mapping[str, str], path: str) -> str:
    """Why a peer with these needs cannot run, "" if it can."""
    python = made.variables[f"PY_{need.environment.upper()}"]
    if not Path(python).is_file() or not version(python, need.package):
        why = problems.get(need.environment) or "it is not in the environment that pip made"
        return f"{need.package} is not there: {why}"
    for command in need.commands:
        if not shutil.which(command, path=path):
            why = problems.get(DEBIAN.get(command, ""), "")
            remedy = why or "install a Java development kit (Debian: apt-get install default-jdk-headless)"
            return f"no command {command}: {remedy}"
    return ""


def version(python: str, package: str) -> str:
    """Version of a package in another environment, "" where it is not there."""
    code = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"
    done = subprocess.run([python, "-c", code, package], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _versions(made: Environments, scratch: Path, path: str) -> dict[str, str]:
    found = {}
    for name, packages in {
        "main": ("polars", "duckdb", "bytewax"),
        "flink": ("apache-flink",),
        "spark": ("pyspark",),
    }.items():
        python = scratch / name / "bin" / "python"
        if python.is_file():
            found |= {package: v for package in packages if (v := version(str(python), package))}
    for command, option in {"java": "-version", "prometheus": "--version", "victoria-metrics": "-version"}.items():
        if where := shutil.which(command, path=path):
            done = subprocess.run([where, option], capture_output=True, text=True, check=False)
            number = re.search(r"\d+\.\d+[\w.]*", done.stdout + done.stderr)
            package = next(
                (scratch / "debian").glob(f"{command}_*.deb"), None
            )  # Debian's build does not always know its own
            found[command] = number[0] if number else package.name.split("_")[1] if package else "version not said"
    return found


def _run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Run to the end; the last line of its complaint where it failed, "" where it did not."""
    try:
        done = subprocess.run(
            command, cwd=cwd or CHECKOUT.parent, capture_output=True, text=True, check=False, timeout=INSTALL_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return f"{Path(command[0]).name} took longer than {INSTALL_LIMIT_S} s"
    if done.returncode == 0:
        return ""
    said = [
        line for line in (done.stderr + done.stdout).splitlines() if line.strip() and not line.startswith("WARNING")
    ]
    return said[-1].strip()[:300] if said else f"{Path(command[0]).name} ended with {done.returncode}"
