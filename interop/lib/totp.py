"""One-time codes (RFC 6238) of a virtual MFA device, as an app on a phone makes them."""
import base64
import hashlib
import hmac
import struct
import time


def code(seed, step=None):
    """The six digits of the device with that base32 seed, now or at a step of 30 s."""
    step = int(time.time()) // 30 if step is None else step
    mac = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"


def fresh(seed, used):
    """A code of a step that is none of those used, which it joins; waits for one if it must."""
    while True:
        step = int(time.time()) // 30
        for s in (step, step + 1):  # one step ahead is within the window
            if s not in used:
                used.add(s)
                return code(seed, s)
        time.sleep(1)


def enrol(server, user, used):
    """Gives a user a virtual device, enabled; its serial number and seed."""
    x = server.call("iam", "CreateVirtualMFADevice", VirtualMFADeviceName=user)
    serial = x.findtext(".//SerialNumber")
    seed = base64.b64decode(x.findtext(".//Base32StringSeed")).decode()  # a blob, which is base64 in XML
    step = int(time.time()) // 30
    server.call("iam", "EnableMFADevice", UserName=user, SerialNumber=serial,
                AuthenticationCode1=code(seed, step - 1), AuthenticationCode2=code(seed, step))
    used.update({step - 1, step})
    return serial, seed

class Phone:
    """A virtual device that was created: its serial number and seed, and the steps that are used."""

    def __init__(self, serial, seed):
        self.serial, self.seed, self.used = serial, seed, set()

    def pair(self):
        """Two codes that follow each other, to enable it."""
        step = int(time.time()) // 30
        self.used |= {step - 1, step}
        return code(self.seed, step - 1), code(self.seed, step)

    def next(self):
        return fresh(self.seed, self.used)
