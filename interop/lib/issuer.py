"""A throw-away OpenID Connect issuer on loopback: discovery, a key set of one RSA
key that openssl makes, and tokens. Standard library only."""
import base64
import http.server
import json
import os
import subprocess
import tempfile
import threading
import time


def b64(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


class Issuer:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="issuer-")
        self.key = os.path.join(self.dir, "key.pem")
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True, capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-modulus", "-noout"], check=True, capture_output=True, text=True)
        n = bytes.fromhex(modulus.stdout.strip().removeprefix("Modulus="))
        keys = {"keys": [{"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", "n": b64(n), "e": "AQAB"}]}
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                documents = {"/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": issuer.url + "/keys"}, "/keys": keys}
                found = documents.get(self.path)
                body = json.dumps(found).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = "http://" + self.host
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def token(self, **claims):
        now = int(time.time())
        body = {"iss": self.url, "sub": "repo:acme/site:ref:refs/heads/main", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 600, **claims}
        text = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "one", "typ": "JWT"}, body))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), check=True, capture_output=True).stdout
        return text + "." + b64(signature)

    def file(self, **claims):
        """A file with a token, as AWS_WEB_IDENTITY_TOKEN_FILE names it."""
        path = os.path.join(self.dir, "token")
        with open(path, "w") as f:
            f.write(self.token(**claims))
        return path

    def register(self, server, role, *statements):
        """Registers the issuer with a server and makes a role for its tokens; gives the role's ARN."""
        arn = server.call("iam", "CreateOpenIDConnectProvider", Url=self.url, **{"ClientIDList.member.1": "sts.amazonaws.com"}).findtext(".//OpenIDConnectProviderArn")
        trust = {"Effect": "Allow", "Principal": {"Federated": arn}, "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
                 "Condition": {"StringLike": {self.host + ":sub": "repo:acme/*"}, "StringEquals": {self.host + ":aud": "sts.amazonaws.com"}}}
        return arn, server.role(role, trust, *statements)
