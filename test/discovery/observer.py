"""Looks for boxes with python-zeroconf, and at every packet they send: commands in, events out, a JSON line each."""

import json
import socket
import struct
import sys
import threading
import time
import urllib.request

from zeroconf import IPVersion, InterfaceChoice, NonUniqueNameException, ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf
from zeroconf._protocol.incoming import DNSIncoming

GROUP4, GROUP6, PORT = "224.0.0.251", "ff02::fb", 5353
TYPES = ["_innerloop._tcp.local.", "_http._tcp.local."]
lock = threading.Lock()


def tell(event, **fields):
    with lock:
        print(json.dumps({"event": event, "at": time.monotonic() * 1000, **fields}), flush=True)


def described(info):
    return {
        "name": info.name,
        "host": info.server,
        "port": info.port,
        "addresses": info.parsed_scoped_addresses(IPVersion.All),
        "txt": {key.decode(): (value or b"").decode() for key, value in info.properties.items()},
    }


class Browser:
    """What python-zeroconf sees come and go."""

    def __init__(self):
        self.zeroconf = Zeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.All)
        self.browser = ServiceBrowser(self.zeroconf, TYPES, handlers=[self.on_change])
        self.registered = None

    def on_change(self, zeroconf, service_type, name, state_change):
        if state_change is ServiceStateChange.Removed:
            tell("down", type=service_type, name=name)
        else:
            threading.Thread(target=self.resolve, args=(service_type, name), daemon=True).start()

    def resolve(self, service_type, name):
        info = self.zeroconf.get_service_info(service_type, name, timeout=3000)
        if info is None:
            tell("unresolved", type=service_type, name=name)
        else:
            tell("up", type=service_type, **described(info))

    def register(self, name, service_type, address):
        self.registered = ServiceInfo(
            service_type, f"{name}.{service_type}", addresses=[socket.inet_aton(address)], port=9, server="rival.local."
        )
        try:
            self.zeroconf.register_service(self.registered)
        except NonUniqueNameException:
            # A box that went without goodbye is still remembered: the rival takes the name all the same.
            self.zeroconf.register_service(self.registered, cooperating_responders=True)
        tell("registered", name=name)


def open_socket(family):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind(("" if family == socket.AF_INET else "::", PORT))
    for index, name in socket.if_nameindex():
        if name == "lo":
            continue
        try:
            if family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4si", socket.inet_aton(GROUP4), b"\0" * 4, index))
            else:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, GROUP6) + struct.pack("I", index))
        except OSError:
            pass
    return sock


def watch(sock):
    """Every answer on the wire, with the port it came from and the lives of its records."""
    while True:
        data, source = sock.recvfrom(9000)
        incoming = DNSIncoming(data)
        if not incoming.valid or incoming.is_query():
            if incoming.valid:
                tell("query", source=source[0], port=source[1])
            continue
        tell("answer", source=source[0], port=source[1], records=records_of(incoming))


def records_of(incoming):
    return [
        {"name": record.name, "type": record.type, "ttl": record.ttl, "isUnique": record.unique, "text": text_of(record)}
        for record in incoming.answers()
    ]


def text_of(record):
    return record.text.decode(errors="replace") if record.type == 16 else str(record)


def question(name, record_type, is_unicast):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.strip(".").split("."))
    return struct.pack(">6H", 0, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", record_type, 1 | (0x8000 if is_unicast else 0))


def query(name, record_type, interface, is_unicast, port):
    """Asks on one interface; answers to the asker alone come back on this socket, the others to the watchers."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((interface, port))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    sock.settimeout(2)
    sock.sendto(question(name, record_type, is_unicast), (GROUP4, PORT))
    try:
        data, source = sock.recvfrom(9000)
        incoming = DNSIncoming(data)
        tell("direct", source=source[0], port=source[1], name=name, records=records_of(incoming))
    except OSError:
        tell("no-direct", name=name)
    finally:
        sock.close()


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=3) as response:
            tell("fetched", url=url, status=response.status, body=response.read().decode())
    except OSError as error:
        tell("fetched", url=url, status=0, body=str(error))


def main():
    for family in (socket.AF_INET, socket.AF_INET6):
        threading.Thread(target=watch, args=(open_socket(family),), daemon=True).start()
    browser = Browser()
    tell("ready")
    for line in sys.stdin:
        command = json.loads(line)
        kind = command.pop("do")
        if kind == "query":
            threading.Thread(target=query, kwargs=command, daemon=True).start()
        elif kind == "fetch":
            threading.Thread(target=fetch, kwargs=command, daemon=True).start()
        elif kind == "register":
            browser.register(**command)


main()
