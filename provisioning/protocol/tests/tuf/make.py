"""Makes root.json and targets.json beside this file with TUF's reference library (pip install tuf securesystemslib[crypto])."""

import json
import pathlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Key, Metadata, Root, TargetFile, Targets
from tuf.api.serialization.json import JSONSerializer

HERE = pathlib.Path(__file__).parent
signers = [CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes([byte] * 32))) for byte in (1, 2, 3)]
ids = [signer.public_key.keyid for signer in signers]
role = lambda which, threshold: {"keyids": [ids[at] for at in which], "threshold": threshold}
root = {
    "_type": "root",
    "spec_version": "1.0.31",
    "consistent_snapshot": False,
    "version": 1,
    "expires": "2030-01-01T00:00:00Z",
    "keys": {signer.public_key.keyid: signer.public_key.to_dict() for signer in signers},
    "roles": {"root": role([0, 1, 2], 2), "targets": role([2], 1), "configuration": role([2], 1)},
}
# The library's own Root knows no role "configuration"; its canonical form and its keys do not ask for one.
message = encode_canonical(root).encode()
signatures = [{"keyid": ids[at], "sig": signers[at].sign(message).signature} for at in (0, 1)]
(HERE / "root.json").write_text(json.dumps({"signatures": signatures, "signed": root}, indent=1) + "\n")

target = TargetFile.from_dict(
    {
        "length": 9,
        "hashes": {"sha256": "ab" * 32},
        "custom": {"version": "2026.11.1", "compatible": "saal-x86-64"},
    },
    "2026.11.1.raucb",
)
from datetime import datetime, timezone
targets = Metadata(Targets(version=7, expires=datetime(2030, 1, 1, tzinfo=timezone.utc), targets={"2026.11.1.raucb": target}))
targets.sign(signers[2])
targets.to_file(str(HERE / "targets.json"), JSONSerializer(compact=False))
