"""Ansible's own modules against deputyd: sts_assume_role, sts_session_token and
aws_caller_info of Debian's package, in playbooks as people have them."""
import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from deputyd import MAIN, Server, allow, policy, trust  # noqa: E402
from totp import enrol, fresh  # noqa: E402

WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


class Ansible(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = s = Server()
        cls.addClassCleanup(s.stop)
        print(subprocess.run(["ansible", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0])
        cls.maren = s.user("maren", allow("sts:AssumeRole"))
        cls.used = set()
        cls.serial, cls.seed = enrol(s, "maren", cls.used)
        cls.open = s.role("Open", trust(f"arn:aws:iam::{MAIN}:root", {"StringEquals": {"sts:ExternalId": "ext-4711"}}),
                          allow(["iam:ListUsers", "iam:ListRoles"]), MaxSessionDuration="7200")
        cls.guarded = s.role("Guarded", trust(f"arn:aws:iam::{MAIN}:root", WITH_MFA), allow("iam:ListUsers"))

    def play(self, book, env=None, **vars):
        """Runs a playbook; gives what it wrote, or the text of its failure."""
        with tempfile.TemporaryDirectory() as d:
            out = os.path.join(d, "out.json")
            vars = {"endpoint": self.server.endpoint, "keys": self.maren, "out": out, **vars}
            clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EC2_", "ANSIBLE_"))}
            clean |= {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_NOCOLOR": "1", "HOME": d, "ANSIBLE_DEPRECATION_WARNINGS": "false",
                      "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3", **(env or {})}
            p = subprocess.run(["ansible-playbook", "-i", "localhost,", "-e", json.dumps(vars), os.path.join(HERE, book)],
                               capture_output=True, text=True, env=clean, timeout=300)
            if p.returncode:
                return p.stdout + p.stderr
            with open(out) as f:
                return json.load(f)

    def lives(self, expiration, seconds):
        ends = datetime.datetime.fromisoformat(expiration)
        left = (ends - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
        self.assertTrue(seconds - 300 < left <= seconds, left)

    def test_assume_role(self):
        got = self.play("assume.yml", role_arn=self.open, external_id="ext-4711", duration=7200)
        self.assertIsInstance(got, dict, got)
        self.assertTrue(got["assumed"]["changed"])
        self.assertRegex(got["assumed"]["sts_creds"]["access_key"], "^ASIA")
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Open/playbook", got["assumed"]["sts_user"]["arn"])
        self.assertRegex(got["assumed"]["sts_user"]["assumed_role_id"], "^AROA[A-Z0-9]{17}:playbook$")
        self.assertEqual(got["assumed"]["sts_user"]["arn"], got["who"]["arn"])
        self.assertEqual(MAIN, got["who"]["account"])
        self.lives(got["assumed"]["sts_creds"]["expiration"], 7200)

    def test_policy(self):
        got = self.play("assume.yml", role_arn=self.open, external_id="ext-4711", policy=policy(allow("iam:ListRoles")), session_name="narrow")
        self.assertIsInstance(got, dict, got)
        c = got["assumed"]["sts_creds"]
        session = {"access_key_id": c["access_key"], "secret_access_key": c["secret_key"], "session_token": c["session_token"]}
        self.server.call("iam", "ListRoles", session)
        with self.assertRaisesRegex(Exception, "no session policy allows the iam:ListUsers action"):
            self.server.call("iam", "ListUsers", session)

    def test_refusals(self):
        for what, vars, text in [
            ("external id", {"external_id": "wrong"}, "AccessDenied"),
            ("no external id", {}, "is not authorized to perform: sts:AssumeRole on resource"),
            ("duration", {"external_id": "ext-4711", "duration": 7201}, "exceeds the MaxSessionDuration set for this role"),
            ("policy", {"external_id": "ext-4711", "policy": "{}"}, "MalformedPolicyDocument"),
        ]:
            with self.subTest(what):
                got = self.play("assume.yml", role_arn=self.open, **vars)
                self.assertIsInstance(got, str, got)
                self.assertIn(text, got)

    def test_mfa(self):
        got = self.play("assume.yml", role_arn=self.guarded)
        self.assertIn("AccessDenied", got)
        got = self.play("assume.yml", role_arn=self.guarded, serial=self.serial, token=fresh(self.seed, self.used))
        self.assertIsInstance(got, dict, got)
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Guarded/playbook", got["who"]["arn"])

    def test_environment(self):
        for names in [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"), ("EC2_ACCESS_KEY", "EC2_SECRET_KEY", "EC2_REGION")]:
            with self.subTest(names[0]):
                env = dict(zip(names, (self.maren["access_key_id"], self.maren["secret_access_key"], "eu-west-1")))
                got = self.play("environment.yml", env={**env, "AWS_URL": self.server.endpoint}, role_arn=self.open, external_id="ext-4711")
                self.assertIsInstance(got, dict, got)
                self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Open/environment", got["assumed"]["sts_user"]["arn"])

    def test_session_token(self):
        got = self.play("token.yml", duration=900)
        self.assertIsInstance(got, dict, got)
        self.assertEqual(f"arn:aws:iam::{MAIN}:user/maren", got["who"]["arn"])
        self.lives(got["session"]["sts_creds"]["expiration"], 900)
        got = self.play("token.yml", serial=self.serial, token=fresh(self.seed, self.used))
        self.assertIsInstance(got, dict, got)
        c = got["session"]["sts_creds"]
        session = {"access_key_id": c["access_key"], "secret_access_key": c["secret_key"], "session_token": c["session_token"]}
        got = self.play("assume.yml", role_arn=self.guarded, keys=session)  # the session carries the code
        self.assertIsInstance(got, dict, got)
        self.assertIn("AccessDenied", self.play("token.yml", serial=self.serial, token="000000"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
