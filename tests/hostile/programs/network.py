"""Hostile programs. Network: not even to oneself."""

from __future__ import annotations

from tests.hostile.programs.catalogue import add

add(
    "tcp",
    "network",
    r"""
import socket
attempt("connect", lambda: socket.create_connection(("127.0.0.1", {port}), 5).send(b"hello"))
attempt("by name", lambda: socket.create_connection(("localhost", {port}), 5))
attempt("without waiting", lambda: call(NR_connect, call(NR_socket, 2, 0x801, 0), bytes([2, 0]) + ({port}).to_bytes(2, "big") + bytes([127, 0, 0, 1] + [0] * 8), 16))
attempt("a socket at all", lambda: socket.socket().fileno())
""",
    harmless=True,
)
add(
    "tcp_by_raw_calls",
    "network",
    r"""
address = bytes([2, 0]) + ({port}).to_bytes(2, "big") + bytes([127, 0, 0, 1] + [0] * 8)
for protocol in (0, 6, 262, 132):
    descriptor = call(NR_socket, 2, 1, protocol)
    print("socket", protocol, descriptor)
    if descriptor >= 0:
        attempt(f"connect {protocol}", lambda: call(NR_connect, descriptor, address, 16))
        attempt(f"sendto {protocol}", lambda: call(NR_sendto, descriptor, b"hello", 5, 0, None, 0))
""",
    harmless=True,
)
add(
    "tcp_fast_open",
    "network",
    r"""
import socket
attempt("fast open", lambda: socket.socket().sendto(b"hello", 0x20000000, ("127.0.0.1", {port})))
""",
    harmless=True,
)
add(
    "tcp_over_ipv6",
    "network",
    r"""
import socket
attempt("connect", lambda: socket.create_connection(("::1", {port}), 5).send(b"hello"))
attempt("mapped", lambda: socket.create_connection(("::ffff:127.0.0.1", {port}), 5).send(b"hello"))
""",
    harmless=True,
)
add(
    "udp",
    "network",
    r"""
import socket
attempt("send", lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", {port})))
attempt("send over IPv6", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"hello", ("::1", {port})))
""",
    harmless=True,
)
add(
    "raw_packets",
    "network",
    r"""
import socket
attempt("ICMP", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
attempt("ping socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))
attempt("raw UDP", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
attempt("raw IPv6", lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58))
attempt("packets", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
""",
)
add(
    "netlink",
    "network",
    r"""
import socket
for family in (0, 4, 9, 12, 15, 16):
    attempt(f"netlink {family}", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family).bind((0, 0)))
""",
)
add(
    "unix_path",
    "network",
    r"""
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    attempt("connect", lambda: socket.socket(socket.AF_UNIX, kind).connect("{unix}"))
attempt("datagram", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"hello", "{unix}.dgram"))
perhaps(lambda: os.symlink("{unix}", "way"))
attempt("through a link", lambda: socket.socket(socket.AF_UNIX).connect("way"))
""",
    harmless=True,
)
add(
    "unix_abstract",
    "network",
    r"""
import socket
attempt("connect", lambda: socket.socket(socket.AF_UNIX).connect("\0{abstract}"))
attempt("X server", lambda: socket.socket(socket.AF_UNIX).connect("\0/tmp/.X11-unix/X0"))
""",
    harmless=True,
)
add(
    "every_family_of_sockets",
    "network",
    r"""
for family in range(0, 46):
    for kind in (1, 2, 3, 5):
        for protocol in (0, 255):
            descriptor = call(NR_socket, family, kind, protocol)
            if descriptor >= 0:
                escaped(f"socket family {family}, type {kind}, protocol {protocol}")
                os.close(descriptor)
""",
)
add(
    "vsock",
    "network",
    r"""
import socket
for number in (1,):
    one = attempt(f"socket for {number}", lambda: socket.socket(socket.AF_VSOCK))
    if one is not None:
        one.settimeout(0.5)
        attempt(f"host {number}", lambda: one.connect((number, {port})))
""",
    harmless=True,
)
add(
    "kernels_cryptography",
    "network",
    r"""
import socket
for kind, name in (("hash", "sha256"), ("skcipher", "cbc(aes)"), ("aead", "gcm(aes)"), ("rng", "stdrng")):
    attempt(name, lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET).bind((kind, name)))
""",
)
add(
    "socket_pair",
    "network",
    r"""
import array, socket
def pair():
    one, other = socket.socketpair()
    one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [3]))])
    return other.recvmsg(10, 100)
attempt("pair that passes descriptors", pair)
attempt("raw", lambda: call(NR_socketpair, 1, 1, 0, (ctypes.c_int * 2)()))
attempt("credentials", lambda: socket.socketpair()[0].getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
""",
)
add(
    "listen",
    "network",
    r"""
import socket
attempt("any port", lambda: socket.create_server(("127.0.0.1", 0)).getsockname())
attempt("another address", lambda: socket.create_server(("127.0.0.2", 0)).getsockname())
attempt("share the server's port", lambda: socket.create_server(("127.0.0.1", {port}), reuse_port=True))
import http.server
attempt("http", lambda: http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler).server_port)
""",
    harmless=True,
)
add(
    "web_libraries",
    "network",
    r"""
import ftplib, http.client, imaplib, smtplib, telnetlib, urllib.request, xmlrpc.client
url = "http://127.0.0.1:{port}/by-library"
attempt("urllib", lambda: urllib.request.urlopen(url, timeout=1).status)
def http_client():
    connection = http.client.HTTPConnection("127.0.0.1", {port}, timeout=1)
    connection.request("GET", "/by-client")
    return "sent"
attempt("http.client", http_client)
attempt("ftp", lambda: ftplib.FTP().connect("127.0.0.1", {port}, timeout=1))
attempt("smtp", lambda: smtplib.SMTP("127.0.0.1", {port}, timeout=1))
attempt("file url", lambda: urllib.request.urlopen("file://{secret_file}").read())
import torch
attempt("torch.hub", lambda: torch.hub.download_url_to_file(url, "fetched"))
attempt("state dict", lambda: torch.hub.load_state_dict_from_url(url))
""",
)
add(
    "asyncio",
    "network",
    r"""
import asyncio
async def main():
    reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", {port}), 5)
    writer.write(b"hello")
    await writer.drain()
    return "connected"
attempt("asyncio", lambda: asyncio.run(main()))
""",
    harmless=True,
)
add(
    "names_are_not_looked_up",
    "network",
    r"""
import socket
for name in ("localhost", "hostile.invalid", socket.SOCK_STREAM and "127.0.0.1.nip.invalid"):
    print(name)
LIBC.getaddrinfo.restype = ctypes.c_int
attempt("resolver", lambda: socket.socket(type=socket.SOCK_DGRAM).connect(("127.0.0.53", 53)))
attempt("the machine's name", lambda: open("/etc/resolv.conf").read())
attempt("interfaces", lambda: socket.if_nameindex())
""",
)
add(
    "torch_distributed",
    "network",
    r"""
import datetime, torch
import torch.distributed as dist
second = datetime.timedelta(seconds=2)
attempt("store, client", lambda: dist.TCPStore("127.0.0.1", {port}, 2, False, timeout=second))
attempt("store, server", lambda: dist.TCPStore("127.0.0.1", 0, 1, True, timeout=second, wait_for_workers=False))
attempt("file store", lambda: dist.FileStore("{outside}/store", 1).set("a", "b"))
attempt("gloo", lambda: dist.init_process_group("gloo", init_method="tcp://127.0.0.1:{port}", rank=1, world_size=2, timeout=second))
""",
)
add(
    "result_pipe_as_a_socket",
    "network",
    r"""
import array, socket
def over_three():
    one = socket.socket(fileno=3)
    try:
        return one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
    finally:
        one.detach()
attempt("send descriptors to the parent", over_three)
for number in range(4, 300):
    try:
        one = socket.socket(fileno=number)
    except OSError:
        continue
    escaped(f"inherited socket {number}: {one}")
    one.detach()
""",
)
add(
    "network_settings",
    "network",
    r"""
import fcntl, socket, struct
attempt("interface up", lambda: fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh22x", b"lo", 1)))
attempt("its address", lambda: fcntl.ioctl(socket.socket(), 0x8915, struct.pack("16s24x", b"lo")))
attempt("a tunnel", lambda: fcntl.ioctl(os.open("/dev/net/tun", os.O_RDWR), 0x400454CA, struct.pack("16sh22x", b"", 2)))
attempt("forwarding", lambda: open("/proc/sys/net/ipv4/ip_forward", "r+"))
""",
)
