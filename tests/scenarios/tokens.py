"""Access tokens that the server never issued, signed with openssl where a signature is wanted."""
import base64
import hashlib
import hmac
import json
import subprocess


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token):
    header, claims, signature = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims)), decode(signature)


def unsigned(header, claims):
    return encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def new_key(folder):
    path = folder / "foreign.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", path)
    return path


def signed(header, claims, key, scratch):
    text = unsigned(header, claims)
    scratch.write_text(text)
    return text + "." + encode(openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", scratch))


def hmac_signed(header, claims, secret):
    text = unsigned(header, claims)
    return text + "." + encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def forgeries(token, key, folder):
    """(what, token) of everything that looks like `token` and must not pass; `key` is the server's own."""
    header, claims, signature = parts(token)
    scratch = folder / "to-sign"
    public = openssl("pkey", "-in", key, "-pubout")
    raw_public = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-32:]
    first, second, third = token.split(".")
    yield "tampered claims", first + "." + encode(json.dumps(dict(claims, jti="other")).encode()) + "." + third
    yield "tampered signature", first + "." + second + "." + encode(bytes([signature[0] ^ 1]) + signature[1:])
    yield "truncated signature", token[:-4]
    yield "longer signature", first + "." + second + "." + encode(signature + b"\0")
    yield "no signature", first + "." + second + "."
    yield "two parts", first + "." + second
    yield "four parts", token + "." + third
    yield "padded", token + "=="
    yield "signature of another token", first + "." + encode(json.dumps(claims, indent=1).encode()) + "." + third
    for alg in ("none", "None", "NONE", ""):
        yield "alg " + repr(alg), unsigned(dict(header, alg=alg), claims) + "."
    for what, secret in (("the PEM", public), ("the raw public key", raw_public), ("the kid", header["kid"].encode()), ("nothing", b"")):
        yield f"HS256 with {what}", hmac_signed(dict(header, alg="HS256"), claims, secret)
    yield "another's key", signed(header, claims, new_key(folder), scratch)
    for what, more in (("another kid", {"kid": "AAAAAAAAAAA"}), ("another typ", {"typ": "JWT"}), ("a jwk in the header", {"jwk": {"kty": "OKP"}}),
                       ("crit", {"crit": ["exp"]}), ("alg ES256", {"alg": "ES256"})):
        yield what, signed(dict(header, **more), claims, key, scratch)
    hour = 3600
    for what, more in (("expired", {"exp": claims["iat"] - hour, "iat": claims["iat"] - 2 * hour, "nbf": claims["iat"] - 2 * hour}),
                       ("not valid yet", {"nbf": claims["exp"] + hour}), ("issued in the future", {"iat": claims["exp"] + hour}),
                       ("another issuer", {"iss": "mallory"}), ("another audience", {"aud": "other"}), ("a list of audiences", {"aud": ["alloy"]}),
                       ("another's session", {"sid": claims["sub"]}), ("another user with this session", {"sub": claims["sid"]}),
                       ("exp as text", {"exp": str(claims["exp"])}), ("exp far beyond", {"exp": 10 ** 18})):
        yield what, signed(header, dict(claims, **more), key, scratch)
    for name in ("exp", "iat", "nbf", "sub", "sid", "iss", "aud"):
        yield "without " + name, signed(header, {k: v for k, v in claims.items() if k != name}, key, scratch)
