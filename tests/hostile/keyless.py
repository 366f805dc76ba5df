"""The clients of slow_clients.py where keys are asked for and none of them has one: what they can make the proxy remember is bounded,
and who has a key is served."""
import os
import tempfile

import attack
import slow_clients

KEY = b"key-of-the-owner"


class Keyless(slow_clients.SlowClients):
    __doc__ = __doc__
    NAME = "keyless"
    CASES = 900
    RSS_MB = 32
    HONEST = (b"POST /tokenize HTTP/1.1\r\nHost: keep\r\nAuthorization: Bearer " + KEY +
              b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    def start(self):
        keys, path = tempfile.mkstemp(prefix="keys-")
        with os.fdopen(keys, "wb") as out:
            out.write(KEY)
        try:
            return attack.Target(self.make_upstream(), "--auth.keys_file", path, *self.KEEP_FLAGS)
        finally:
            os.unlink(path)


if __name__ == "__main__":
    attack.run(Keyless())
