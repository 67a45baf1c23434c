"""The containers are bounded, and the proxy before the app does what is said of it; with Caddy itself where it is."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.operate.stopping import SHOWN_SECONDS
from components import settings

ROOT = Path(__file__).resolve().parents[2]
CADDY = shutil.which("caddy")
NEEDS_CADDY = pytest.mark.skipif(CADDY is None, reason="NOT TESTED: there is no Caddy here")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
CADDYFILE = (ROOT / "Caddyfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_is_bounded(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["mem_limit"] == service["memswap_limit"]
    assert service["pids_limit"] <= 512
    assert service["ulimits"]["nofile"] >= 16_384
    assert service["logging"]["options"]["max-size"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_stop_has_the_time_that_it_takes() -> None:
    seconds = float(COMPOSE["services"]["app"]["stop_grace_period"].removesuffix("s"))
    assert seconds > settings.STOP_SECONDS.default + SHOWN_SECONDS


def test_what_ends_in_the_container_is_waited_for_whatever_engine_runs_it() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^RUN apt-get .* tini ", dockerfile, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["tini", "--"\]$', dockerfile, re.MULTILINE)
    # A second one would need a program that not every engine has.
    assert not any(service.get("init") for service in COMPOSE["services"].values())


def test_the_health_check_asks_whether_programs_can_be_run() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    check = re.search(r"^HEALTHCHECK .*CMD (.*)$", dockerfile, re.MULTILINE)
    assert check is not None
    assert yaml.safe_load(check[1]) == ["python", "-m", "app", "health"]
    address = re.search(rf"{settings.METRICS.name}=(\S+)", dockerfile)
    assert address is not None
    assert settings.address(address[1])[0] == "127.0.0.1"
    # Of this service nothing but the pages is published.
    assert [port.rpartition(":")[2] for port in COMPOSE["services"]["app"]["ports"]] == ["8501"]


def test_nobody_else_gets_the_proxys_address() -> None:
    pool = COMPOSE["networks"]["default"]["ipam"]["config"][0]
    proxy = ip_address(COMPOSE["services"]["proxy"]["networks"]["default"]["ipv4_address"])
    assert proxy in ip_network(pool["subnet"])
    assert proxy not in ip_network(pool["ip_range"])
    believed = COMPOSE["services"]["app"]["environment"][settings.TRUSTED_PROXIES.name]
    assert believed == f"${{{settings.TRUSTED_PROXIES.name}:-{proxy}}}"


def test_the_proxy_knows_the_service_and_its_port() -> None:
    defaults = dict(re.findall(r"\{\$(\w+):([\w.-]+)\}", CADDYFILE))
    assert defaults["LAB_APP"] in COMPOSE["services"]
    assert defaults["LAB_APP_PORT"] == "8501"
    given = COMPOSE["services"]["proxy"]["environment"]
    assert given.keys() <= defaults.keys()
    assert {name: given[name] for name in given} == {name: f"${{{name}:-{defaults[name]}}}" for name in given}
    assert CADDYFILE.count("{") == CADDYFILE.count("}")


class App(BaseHTTPRequestHandler):
    """Stands for an app: says who it is, and what it was told of the visitor."""

    def do_GET(self) -> None:
        said = f"{self.connection.getsockname()[1]} {self.headers['X-Forwarded-For']} {'.' * 2_000}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[int]:
    """Caddy before two apps: their addresses stand in the file in place of a name that leads to both."""
    apps = [ThreadingHTTPServer(("127.0.0.1", 0), App) for _ in range(2)]
    for app in apps:
        threading.Thread(target=app.serve_forever, daemon=True).start()
    both = " ".join(f"127.0.0.1:{app.server_address[1]}" for app in apps)
    text, changed = re.subn(r"dynamic a \{.*?\}\n(?=\t\tlb_policy)", f"to {both}\n", CADDYFILE, flags=re.DOTALL)
    assert changed == 1
    (tmp_path / "Caddyfile").write_text(text, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    variables = os.environ | {"LAB_DOMAIN": f"http://127.0.0.1:{port}", "HOME": str(tmp_path)}
    command = [str(CADDY), "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    caddy = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 60
        while time.monotonic() < ends and caddy.poll() is None:
            with socket.socket() as knocking:
                if not knocking.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        yield port
    finally:
        caddy.terminate()
        caddy.wait(30)
        for app in apps:
            app.shutdown()
            app.server_close()


def get(port: int, path: str = "/", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@NEEDS_CADDY
def test_the_proxy(proxy: int) -> None:
    status, headers, body = get(proxy, "/lessons")
    assert status == 200
    # A visitor without a cookie goes anywhere, with it always to the same app.
    strangers = Counter(get(proxy)[2].split()[0] for _ in range(40))
    assert len(strangers) == 2
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert cookie.startswith("autograd_lab=")
    assert {get(proxy, Cookie=cookie)[2].split()[0] for _ in range(20)} == {body.split()[0]}
    # Who asks is for the proxy to say, not for the visitor.
    assert get(proxy, X_Forwarded_For="6.6.6.6")[2].split()[1] == b"127.0.0.1"
    assert get(proxy, "/_stcore/health")[0] == 200
    for private in ("/_stcore/metrics", "/_stcore/agent/interact", "/_stcore/script-health-check"):
        assert get(proxy, private)[0] == 404
    _, headers, body = get(proxy, Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body).endswith(b"....")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "max-age" in headers["Strict-Transport-Security"]
    assert "Server" not in headers or "Caddy" not in headers["Server"]


@NEEDS_CADDY
@pytest.mark.parametrize("domain", ["localhost", "lab.example.org"])
def test_caddy_takes_the_file_as_it_is(domain: str, tmp_path: Path) -> None:
    command = [str(CADDY), "validate", "--config", str(ROOT / "Caddyfile"), "--adapter", "caddyfile"]
    variables = os.environ | {"LAB_DOMAIN": domain, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    tried = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=60)
    assert tried.returncode == 0, tried.stderr
