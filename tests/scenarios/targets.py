"""Where webhooks may not go: hostile targets, none of which may be connected to, though listeners are there."""
import socket
import threading
import unittest

import server as scenario
from server import Server, wait_until
from world import Person

V4 = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254",
      "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255",
      "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "233.252.0.1", "239.255.255.255", "240.0.0.1", "250.1.1.1", "255.255.255.255"]
ODD = ["2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "017700000001", "0177.0.0.1", "0177.1", "127.1", "127.0.1", "127.000.000.001", "0", "00", "0x0",
       "127.0.0.1.", "localhost", "localhost.", "LOCALHOST", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "0.0.0.0.", "0x7f.0x0.1", "127.0.0.1%00",
       "2852039166", "0xa9fea9fe", "169.254.43518", "[::ffff:2130706433]"]
V6 = ["::", "::1", "::2", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
      "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1",
      "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "fc00::1", "fd00::1", "fd12:3456:789a::1", "fe80::1", "fe80::1%lo", "fe80::1%25lo", "febf::1", "fec0::1", "ff00::1", "ff02::1", "ff05::2", "5f00::1",
      "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "::ffff:0.0.0.0"]
FORMS = ["http://user@127.0.0.1:{p}/", "http://user:pass@127.0.0.1:{p}/", "http://example.com@127.0.0.1:{p}/", "http://127.0.0.1:{p}#@example.com/", "http://127.0.0.1:{p}\\@example.com/",
         "http://example.com\\@127.0.0.1:{p}/", "http:127.0.0.1:{p}/", "http:/127.0.0.1:{p}/", "//127.0.0.1:{p}/", "http:///127.0.0.1:{p}/", "HTTP://127.0.0.1:{p}/", "http://127.0.0.1 :{p}/",
         "http://127.0.0.1\t:{p}/", "http://127.0.0.1:{p}\r\nHost: x/", "gopher://127.0.0.1:{p}/", "file:///etc/passwd", "ftp://127.0.0.1:{p}/", "http://%31%32%37.0.0.1:{p}/", "http://127。0。0。1:{p}/",
         "http://①②⑦.0.0.1:{p}/", "http://[::1]:{p}/", "http://[::ffff:127.0.0.1]:{p}/", "http://[::1%25lo]:{p}/", "http://[::]:{p}/", "http://[0:0::1]:{p}/x", "http://localhost:{p}/", "http://127.0.0.1:{p}/?a=http://example.com",
         "http://127.0.0.1:0{p}/", "http://127.0.0.1:+{p}/", "unix:///tmp/x"]


class Listener:
    """On every address of this machine, both families; counts who comes."""

    def __init__(self):
        self.seen, self.stop = [], False
        self.sockets = []
        four = socket.socket(socket.AF_INET)
        four.bind(("0.0.0.0", 0))
        self.port = four.getsockname()[1]
        self.sockets.append(four)
        try:
            six = socket.socket(socket.AF_INET6)
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            six.bind(("::", self.port))
            self.sockets.append(six)
        except OSError:  # a machine without IPv6
            pass
        for one in self.sockets:
            one.listen(64)
            threading.Thread(target=self.listen, args=(one,), daemon=True).start()

    def listen(self, on):
        while True:
            try:
                accepted, peer = on.accept()
            except OSError:
                return
            self.seen.append(peer)
            accepted.close()

    def close(self):
        for one in self.sockets:
            one.close()


class Targets(unittest.TestCase):
    def test_no_hostile_target_is_connected_to(self):
        listener = Listener()
        targets = [f"http://{h}:{listener.port}/" for h in V4 + ODD] + [f"http://[{h}]:{listener.port}/" for h in V6] + [f.format(p=listener.port) for f in FORMS]
        self.assertGreaterEqual(len(targets), 120)
        with Server("hostile", WEBHOOK_SCHEMES="http,https", WEBHOOK_RETRY_SECONDS="0", WEBHOOK_CONNECT_TIMEOUT_MS="3000") as server:
            owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
            ask, path = owner.client, f"/api/v1/orgs/{owner.org}/webhooks"
            taken = {}
            for target in targets:
                made = ask.ask("POST", path, {"url": target, "event_types": ["label.created"]}, statuses=(201, 422))
                if made.status == 201:
                    taken[made.json["id"]] = target
            ask.post(f"/api/v1/orgs/{owner.org}/labels", {"name": "go", "color": "#123456"})
            for hook, target in taken.items():
                items = wait_until(lambda: ask.get(f"/api/v1/webhooks/{hook}/deliveries?status=Failed")["items"], f"{target} to be given up")  # noqa: B023
                with self.subTest(target=target):
                    self.assertIn(items[0]["attempts"][0]["error"], ("refused_target", "dns"))
            self.assertGreater(len(taken), 60)
            # One that the operator lets through, so that the listener is known to be seen.
            server.restart(WEBHOOK_ALLOWED_TARGETS="127.0.0.1")
            ask.close()
            self.assertEqual(listener.seen, [])
            ask.post(path, {"url": f"http://127.0.0.1:{listener.port}/", "event_types": ["label.created"]})
            ask.post(f"/api/v1/orgs/{owner.org}/labels", {"name": "again", "color": "#123456"})
            wait_until(lambda: listener.seen, "the one that is allowed")
        listener.close()


if __name__ == "__main__":
    scenario.main()
