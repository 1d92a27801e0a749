"""nginx with the configuration of docs/publish.md, on a port and a folder of a test or a benchmark."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["configuration"]

DOCS = Path(__file__).parents[1] / "docs" / "publish.md"


def configuration(folder: Path, root: Path, port: int, behind: int) -> str:
    """The documented server block, in a whole file; ``folder`` takes its logs and pid, ``behind`` is the port of Tocsin."""
    found = re.search(r"```nginx\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.S)
    assert found is not None, "docs/publish.md gives no configuration"
    server = found[1].replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/var/www/tocsin", str(root))
    server = server.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    return f"""daemon off;
user root;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
access_log off;
sendfile on;
keepalive_requests 100000;
open_file_cache max=1000;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
{server}
}}
"""
