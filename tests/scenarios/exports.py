"""Exports taken apart and put together again: whoever changes a record seals it anew, so that checksums, chain and Merkle
root hold and only what is said in it can be refused."""
import base64
import hashlib
import json
import struct


def crc32c(data, _table=[]):
    if not _table:
        for n in range(256):
            for _ in range(8):
                n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
            _table.append(n)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def root_of(leaves):
    """RFC 6962, 2.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def short(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Export:
    """The lines of an export; `records` are their JSON as Python has it."""

    def __init__(self, lines):
        self.header = json.loads(lines[0])
        self.people = [json.loads(line)["person"] for line in lines if line.startswith('{"person"')]
        texts = [line[line.index(',"record":') + len(',"record":'):-1] for line in lines if line.startswith('{"seq"')]
        self.records = [json.loads(text) for text in texts]
        self.stored = {short(record): text for record, text in zip(self.records, texts)}

    def events(self):
        """(record, event, the event's place in both)."""
        for r, record in enumerate(self.records):
            for e, event in enumerate(record["events"]):
                yield r, e, event

    def renamed(self, org, slug):
        """The same as another organization, so that one server can take many of them."""
        was = self.header["org_id"]
        other = Export.__new__(Export)
        other.header = json.loads(short(self.header).replace(was, org))
        other.people = json.loads(short(self.people))
        other.records = json.loads(short(self.records).replace(was, org))
        other.stored = {}
        for _, _, event in other.events():
            if event["type"] == "org.created":
                event["data"]["slug"] = slug
            if event["type"] == "org.updated" and "slug" in event["data"]["changes"]:
                event["data"]["changes"]["slug"] = {"from": slug, "to": slug}
            if event["type"] == "invite.created":  # a code leads to one organization
                event["data"]["code_hash"] = hashlib.sha256((org + event["subject"]["id"]).encode()).hexdigest()
        return other

    def lines(self, keep_digest=False):
        """Sealed anew. The digest of the header is only comparable where nothing was changed."""
        out, leaves, previous = [], [], 0
        for seq, record in enumerate(self.records, 1):
            text = self.stored.get(short(record), short(record))
            behind = struct.pack(">IH", previous, len(record["events"])) + text.encode("utf-8", "surrogatepass")
            crc = crc32c(behind)
            leaves.append(hashlib.sha256(b"\0" + struct.pack(">I", crc) + behind).digest())
            out.append(f'{{"seq":{seq},"position":{seq},"count":{len(record["events"])},"crc":{crc},"previous_crc":{previous},"record":{text}}}')
            previous = crc
        header = dict(self.header, records=len(self.records), root=base64.b64encode(root_of(leaves)).decode())
        if not keep_digest:
            header.pop("state_version", None)
        return [short(header)] + [short({"person": one}) for one in self.people] + out

    def body(self, **more):
        return "\n".join(self.lines(**more)).encode("utf-8", "surrogatepass")
