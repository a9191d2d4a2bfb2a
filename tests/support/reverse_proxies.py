"""Real reverse proxies in front of services: nginx and HAProxy, as an operator sets them up."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx

from support.programs import find
from support.services import eventually
from valuebox_cli.server import free_port

Kind = Literal["nginx", "haproxy"]

_NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream valuebox {{ {servers} keepalive 32; }}
  server {{
    listen 127.0.0.1:{port};
    location {prefix}/ {{
      proxy_pass http://valuebox/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_next_upstream error timeout http_503 non_idempotent;
    }}
  }}
}}
"""
_HAPROXY = """
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  option forwardfor
  option redispatch
  retries 3
frontend callers
  bind 127.0.0.1:{port}
  default_backend valuebox
backend valuebox
  option httpchk GET /readyz
  http-reuse always
  default-server check inter 500ms fall 2 rise 1
  timeout check 5s
{servers}
"""


@contextmanager
def proxy(kind: Kind, ports: Sequence[int], prefix: str = "") -> Iterator[str]:
    """The address of a proxy in front of services of this machine.

    Args:
        kind: Which one.
        ports: Of the services; not all need to be there.
        prefix: What it puts before every path.
    """
    program = find(kind, "nginx-light" if kind == "nginx" else kind)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config")
        if kind == "nginx":
            # One that has just failed is not asked for a second.
            servers = " ".join(f"server 127.0.0.1:{one} fail_timeout=1s;" for one in ports)
            command = [program, "-p", folder, "-c", str(config)]
        else:
            servers = "\n".join(f"  server s{one} 127.0.0.1:{one}" for one in ports)
            command = [program, "-q", "-f", str(config)]
        values = {"folder": folder, "port": port, "prefix": prefix, "servers": servers}
        config.write_text((_NGINX if kind == "nginx" else _HAPROXY).format(**values))
        # The workers of nginx are somebody else, who comes by its temporary folders.
        Path(folder).chmod(0o755)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}{prefix}"

        def answers() -> bool:
            assert process.poll() is None, f"{kind} has ended"
            try:
                return httpx.get(f"{url}/livez", timeout=2, verify=False).is_success
            except httpx.HTTPError:
                return False

        try:
            eventually(answers)
            yield url
        finally:
            process.terminate()
            process.wait(10)
