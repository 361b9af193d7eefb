"""Behind a proxy: whose requests they are, for limits, logins, the security log and what is shown to some networks only."""
import socket
import struct
import unittest

import server
from world import PASSWORD, Person

ME = "/api/v1/auth/me"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def header(command, family, rest=b""):
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack("!H", len(rest)) + rest


def of_client(address):
    if ":" in address:
        return header(1, 0x21, socket.inet_pton(socket.AF_INET6, address) + bytes(16) + struct.pack("!HH", 1234, 3000))
    return header(1, 0x11, socket.inet_aton(address) + bytes(4) + struct.pack("!HH", 1234, 3000))


def talk(port, begin, request=b"GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", source="127.0.0.1"):
    with socket.socket() as one:
        one.bind((source, 0))
        one.settimeout(server.PATIENCE_S)
        one.connect(("127.0.0.1", port))
        got = b""
        try:
            one.sendall(begin + request)
            while piece := one.recv(65536):
                got += piece
        except ConnectionError:
            pass
        return got


def request(path, *fields):
    return ("\r\n".join([f"GET {path} HTTP/1.1", "Host: h", "Connection: close", *fields]) + "\r\n\r\n").encode()


def login(s, email, password, **headers):
    with s.client() as one:
        return one.ask("POST", "/api/v1/auth/login", {"email": email, "password": password},
                       headers={name.replace("_", "-"): value for name, value in headers.items()})


class Forwarded(unittest.TestCase):
    def test_one_failed_login_does_not_lock_out_all_who_come_through_the_proxy(self):
        with server.Server("logins", TRUSTED_PROXIES="127.0.0.1", LOGIN_FAILURES_PER_ADDRESS=1) as s:
            ada = Person(s, "ada@example.com", "Ada")
            self.assertEqual(login(s, ada.email, "wrong and wrong again", X_Forwarded_For="198.51.100.1").status, 401)
            self.assertEqual(login(s, ada.email, PASSWORD, X_Forwarded_For="198.51.100.1").status, 429)
            self.assertEqual(login(s, ada.email, PASSWORD, X_Forwarded_For="198.51.100.2").status, 200)
            self.assertEqual(login(s, ada.email, PASSWORD, Forwarded='for="[2001:db8::1]:99"').status, 200)
            with self.subTest("what the client says itself is not believed"):
                self.assertEqual(login(s, ada.email, PASSWORD, X_Forwarded_For="198.51.100.9, 198.51.100.1").status, 429)
                self.assertEqual(login(s, ada.email, PASSWORD, Forwarded="for=198.51.100.9, for=198.51.100.1").status, 429)
            security = [line for line in s.log_text().splitlines() if "login_failed" in line]
            self.assertTrue(security and all("198.51.100.1" in line for line in security), security)

    def test_limits_are_of_the_client_and_nobody_gains_one_by_lying(self):
        with server.Server("limits", TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8", RATE_LIMIT_ADDRESS_REQUESTS=5, RATE_LIMIT_WINDOW_SECONDS=36000) as s:
            ask = lambda **h: s.client().ask("GET", "/openapi.json", headers={k.replace("_", "-"): v for k, v in h.items()}).status  # noqa: E731
            self.assertEqual([ask(X_Forwarded_For="192.0.2.1") for _ in range(6)], [200] * 5 + [429])
            self.assertEqual(ask(X_Forwarded_For="192.0.2.2, 10.0.0.5"), 200)
            for lie in ("203.0.113.5, 192.0.2.1", "nonsense, 192.0.2.1", "192.0.2.1, 10.1.1.1", "192.0.2.1:4444"):
                with self.subTest(lie):
                    self.assertEqual(ask(X_Forwarded_For=lie), 429)
            with self.subTest("headers that contradict each other, and what cannot be read, are the proxy's own"):
                seen = [ask(X_Forwarded_For="192.0.2.50", Forwarded="for=192.0.2.51"), ask(Forwarded='for="192.0.2.52'), ask(X_Forwarded_For="unknown"),
                        ask(Forwarded="for=_secret"), ask(X_Forwarded_For="")]
                self.assertEqual(seen, [200] * 5)
                self.assertEqual(ask(X_Forwarded_For="unknown"), 429)
            with self.subTest("of one that is not trusted nothing is believed"):
                other = s.client()
                other.http.source_address = ("127.0.0.5", 0)
                seen = [other.ask("GET", "/openapi.json", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status for n in range(100, 106)]
                self.assertEqual(seen, [200] * 5 + [429])

    def test_details_are_not_opened_to_the_world_by_a_proxy_at_home(self):
        with server.Server("details", TRUSTED_PROXIES="127.0.0.1,192.0.2.50", DETAILS_NETWORKS="127.0.0.0/8,10.0.0.0/8") as s:
            metrics = lambda **h: s.client().ask("GET", "/metrics", headers={k.replace("_", "-"): v for k, v in h.items()}).status  # noqa: E731
            self.assertEqual(metrics(), 200)
            self.assertEqual(metrics(X_Forwarded_For="10.1.2.3"), 200)
            self.assertEqual(metrics(Forwarded="for=10.1.2.3", X_Forwarded_Proto="https", X_Real_IP="10.1.2.3"), 200)
            for closed in ({"X_Forwarded_For": "203.0.113.1"}, {"X_Forwarded_For": "unknown"}, {"Forwarded": "for=_x"}, {"X_Forwarded_For": ""},
                           {"X_Forwarded_For": "203.0.113.1, 10.1.2.3"},  # a proxy in between, that is not trusted
                           {"X_Forwarded_For": "10.1.2.3", "Forwarded": "for=203.0.113.1"}, {"X_Forwarded_For": "127.0.0.1"},
                           {"X_Real_IP": "10.1.2.3"}, {"X_Forwarded_For": "10.1.2.3", "Via": "1.1 squid"}):
                with self.subTest(closed):
                    self.assertEqual(metrics(**closed), 403)

    def test_without_trusted_proxies_headers_say_nothing(self):
        with server.Server("plain", RATE_LIMIT_ADDRESS_REQUESTS=3, RATE_LIMIT_WINDOW_SECONDS=36000) as s:
            seen = [s.client().ask("GET", "/openapi.json", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status for n in range(4)]
            self.assertEqual(seen, [200] * 3 + [429])
            self.assertEqual(s.client().ask("GET", "/livez").status, 200)


class ProxyProtocol(unittest.TestCase):
    def test_the_header_says_whose_connection_it_is(self):
        with Behind("proxied", TRUSTED_PROXIES="127.0.0.1", PROXY_PROTOCOL="true", RATE_LIMIT_ADDRESS_REQUESTS=2, RATE_LIMIT_WINDOW_SECONDS=36000) as s:
            docs = request("/openapi.json")
            status = lambda begin: int((talk(s.port, begin, docs) or b"HTTP/1.1 000").split()[1])  # noqa: E731
            for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
                with self.subTest(address):
                    self.assertEqual([status(of_client(address)) for _ in range(3)], [200, 200, 429])
            with self.subTest("an IPv6 subscriber is one"):
                self.assertEqual(status(of_client("2001:db8::2")), 429)
            with self.subTest("the proxy itself"):
                self.assertEqual(status(header(0, 0)), 200)
            with self.subTest("nobody is named"):
                self.assertEqual(status(header(1, 0)), 200)

    def test_who_is_not_trusted_or_sends_no_header_is_refused(self):
        with Behind("refused", TRUSTED_PROXIES="127.0.0.1", PROXY_PROTOCOL="true") as s:
            good = of_client("192.0.2.1")
            self.assertTrue(talk(s.port, good).startswith(b"HTTP/1.1 200"))
            self.assertEqual(talk(s.port, good, source="127.0.0.7"), b"")
            self.assertEqual(talk(s.port, b""), b"")
            self.assertEqual(talk(s.port, b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n"), b"")
            self.assertEqual(talk(s.port, header(1, 0x12, bytes(12))), b"")
            self.assertEqual(talk(s.port, header(1, 0x11, bytes(11))), b"")
            text = talk(s.port, header(0, 0), request("/metrics")).decode()
            for reason, count in (("untrusted_proxy", 1), ("bad_proxy_header", 4)):
                self.assertIn(f'alloy_http_refused_total{{reason="{reason}"}} {count}\n', text)

    def test_details_go_by_the_client(self):
        with Behind("details", TRUSTED_PROXIES="127.0.0.1", PROXY_PROTOCOL="true", DETAILS_NETWORKS="127.0.0.0/8,10.0.0.0/8") as s:
            status = lambda begin: int(talk(s.port, begin, request("/metrics")).split()[1])  # noqa: E731
            self.assertEqual([status(one) for one in (header(0, 0), of_client("10.1.1.1"), of_client("203.0.113.1"), header(1, 0))], [200, 200, 403, 403])

    def test_it_needs_proxies_that_are_trusted(self):
        done = server.run_program("serve", settings={"DATA_DIR": server.FOLDER / "none", "PROXY_PROTOCOL": "true"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("trusted_proxies", done.stderr)


class Behind(server.Server):
    """A server that takes connections of its proxy only."""

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode} at its start:\n{self.log_tail()}")
        try:
            return talk(self.port, header(0, 0)).startswith(b"HTTP/1.1 200")
        except OSError:
            return False


if __name__ == "__main__":
    server.main()
