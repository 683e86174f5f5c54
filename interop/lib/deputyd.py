"""Starts a real deputyd on a free loopback port for a test, and sets it up.

Standard library only, so that it runs beside any version of any client. The
small signer here is used for setting up, never for what a test is about.
"""
import datetime
import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET

MAIN, OTHER = "111122223333", "444455556666"
VERSIONS = {"sts": "2011-06-15", "iam": "2010-05-08"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def key(prefix, name):
    """A fixed key pair for the bootstrap file, of the right form; a test's own, no secret."""
    h = hashlib.sha256(name.encode()).hexdigest().upper()
    letters = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[int(c, 16)] for c in h)
    return {"access_key_id": prefix + letters[:16], "secret_access_key": (h + h)[:40]}


class Error(Exception):
    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class Server:
    def __init__(self, *flags):
        self.dir = tempfile.mkdtemp(prefix="deputyd-")
        self.endpoint = f"http://127.0.0.1:{free_port()}"
        self.admin, self.root = key("AKIA", "admin"), key("AKIA", "root")
        self.other = key("AKIA", "other")
        boot = os.path.join(self.dir, "bootstrap.json")
        with open(boot, "w") as f:
            json.dump({"accounts": [{"id": MAIN, "name": "main", "admin": self.admin, "root": self.root},
                                    {"id": OTHER, "name": "other", "admin": self.other}]}, f)
        os.chmod(boot, 0o600)
        self.log = open(os.path.join(self.dir, "log"), "wb")
        env = dict(os.environ, DEPUTYD_BOOTSTRAP_FILE=boot)
        self.process = subprocess.Popen(
            [os.environ["DEPUTYD"], "serve", "--data", os.path.join(self.dir, "data"),
             "--listen", self.endpoint.removeprefix("http://"), *flags],
            stdout=self.log, stderr=self.log, env=env)
        self.wait()

    def wait(self):
        for _ in range(200):
            try:
                with urllib.request.urlopen(self.endpoint + "/readyz", timeout=1):
                    return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        with open(self.log.name, "rb") as f:
            raise RuntimeError("deputyd did not start: " + f.read().decode())

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.dir)

    def call(self, service, action, creds=None, **params):
        """One signed call; gives the answer's XML without namespaces."""
        body = urllib.parse.urlencode({"Action": action, "Version": VERSIONS[service], **params})
        request = urllib.request.Request(self.endpoint + "/", data=body.encode(), headers=sign(
            self.endpoint, service, body, creds or self.admin))
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return strip(answer.read())
        except urllib.error.HTTPError as e:
            x = strip(e.read())
            raise Error(e.code, x.findtext("Error/Code"), x.findtext("Error/Message")) from None

    # What the tests of every client start from.

    def user(self, name, *statements, creds=None):
        self.call("iam", "CreateUser", creds, UserName=name)
        if statements:
            self.call("iam", "PutUserPolicy", creds, UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        x = self.call("iam", "CreateAccessKey", creds, UserName=name)
        return {"access_key_id": x.findtext(".//AccessKeyId"), "secret_access_key": x.findtext(".//SecretAccessKey")}

    def role(self, name, trust, *statements, creds=None, **more):
        x = self.call("iam", "CreateRole", creds, RoleName=name, AssumeRolePolicyDocument=policy(trust), **more)
        if statements:
            self.call("iam", "PutRolePolicy", creds, RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return x.findtext(".//Role/Arn")


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal, condition=None, action="sts:AssumeRole"):
    s = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action}
    return {**s, "Condition": condition} if condition else s


def strip(text):
    x = ET.fromstring(text)
    for e in x.iter():
        e.tag = e.tag.rpartition("}")[2]
    return x


def sign(endpoint, service, body, creds, region="us-east-1"):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    host = endpoint.partition("://")[2]
    headers = {"content-type": "application/x-www-form-urlencoded", "host": host, "x-amz-date": now}
    if creds.get("session_token"):
        headers["x-amz-security-token"] = creds["session_token"]
    names = ";".join(sorted(headers))
    canonical = "\n".join(["POST", "/", "", *(f"{k}:{headers[k]}" for k in sorted(headers)), "", names,
                           hashlib.sha256(body.encode()).hexdigest()])
    scope = f"{now[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    k = ("AWS4" + creds["secret_access_key"]).encode()
    for part in scope.split("/"):
        k = hmac.new(k, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(k, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={creds['access_key_id']}/{scope}, "
                                f"SignedHeaders={names}, Signature={signature}")
    return headers
