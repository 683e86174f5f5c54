"""A loopback TLS front for *.amazonaws.com with a throw-away CA.

AWS CLI 2.9.19 knows no AWS_ENDPOINT_URL, so the AssumeRole that a role profile
implies goes to sts.<region>.amazonaws.com. Through HTTPS_PROXY it comes here:
a CONNECT to any such name is answered in its name and handed to deputyd.
"""
import os
import socket
import ssl
import subprocess
import threading

NAMES = ["sts.amazonaws.com", "iam.amazonaws.com", "sts.us-east-1.amazonaws.com", "sts.eu-central-1.amazonaws.com"]


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Front:
    def __init__(self, directory, backend):
        self.dir, self.backend = directory, backend
        self.make_certificates()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.path("leaf.pem"), self.path("leaf.key"))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.proxy = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.ca = self.path("ca.pem")
        threading.Thread(target=self.accept, daemon=True).start()

    def path(self, name):
        return os.path.join(self.dir, name)

    def make_certificates(self):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=throw-away test CA",
                "-keyout", self.path("ca.key"), "-out", self.path("ca.pem"))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=front", "-keyout", self.path("leaf.key"), "-out", self.path("leaf.csr"))
        with open(self.path("ext"), "w") as f:
            f.write("subjectAltName=" + ",".join("DNS:" + n for n in NAMES))
        openssl("x509", "-req", "-days", "2", "-in", self.path("leaf.csr"), "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"),
                "-CAcreateserial", "-extfile", self.path("ext"), "-out", self.path("leaf.pem"))

    def accept(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                part = c.recv(4096)
                if not part:
                    return
                head += part
            host = head.split()[1].decode().rpartition(":")[0]
            if not head.startswith(b"CONNECT ") or host not in NAMES:
                c.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with self.context.wrap_socket(c, server_side=True) as tls, socket.create_connection(self.backend) as up:
                t = threading.Thread(target=pump, args=(up, tls), daemon=True)
                t.start()
                pump(tls, up)
                t.join()
        except OSError:
            pass
        finally:
            c.close()

    def stop(self):
        self.socket.close()


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in a, b:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
