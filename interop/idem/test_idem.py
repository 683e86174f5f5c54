"""idem's own exec module aws.sts.assume_role.credentials (idem-aws) against deputyd."""
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from deputyd import MAIN, Server, allow, policy, trust  # noqa: E402
from totp import enrol, fresh  # noqa: E402

ACTS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


class Idem(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = s = Server()
        cls.addClassCleanup(s.stop)
        cls.maren = s.user("maren", allow(ACTS))
        cls.used = set()
        cls.serial, cls.seed = enrol(s, "maren", cls.used)
        cls.open = s.role("Open", trust(f"arn:aws:iam::{MAIN}:root", {"StringEquals": {"sts:ExternalId": "ext-4711"}}, ACTS),
                          allow(["iam:ListUsers", "iam:ListRoles"]), MaxSessionDuration="7200")
        cls.guarded = s.role("Guarded", trust(f"arn:aws:iam::{MAIN}:root", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))

    def credentials(self, role, **more):
        """What idem answers to the call on its command line."""
        with tempfile.TemporaryDirectory() as d:
            acct = os.path.join(d, "credentials.yaml")
            with open(acct, "w") as f:
                json.dump({"aws": {"default": {
                    "aws_access_key_id": self.maren["access_key_id"], "aws_secret_access_key": self.maren["secret_access_key"],
                    "endpoint_url": self.server.endpoint, "region_name": "us-east-1"}}}, f)
            args = [f"{k}={v if isinstance(v, (str, int)) else json.dumps(v)}" for k, v in more.items()]
            clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ACCT_"))}
            p = subprocess.run([os.environ["IDEM"], "exec", "aws.sts.assume_role.credentials", f"role_arn={role}", "role_session_name=run-7", *args,
                                "--acct-file", acct, "--output=json"], capture_output=True, text=True, timeout=300, cwd=d, env={**clean, "HOME": d})
            start = p.stdout.find("{")
            if start < 0:
                raise AssertionError(p.stdout + p.stderr)
            return json.loads(p.stdout[start:])

    def test_all_parameters(self):
        got = self.credentials(self.open, external_id="ext-4711", duration_seconds=7200, source_identity="maren-7",
                               tags=[{"Key": "cost", "Value": "42"}], transitive_tag_keys=["cost"],
                               policy_arns=[{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}])
        self.assertTrue(got["result"], got)
        c = got["ret"]
        session = {"access_key_id": c["AccessKeyId"], "secret_access_key": c["SecretAccessKey"], "session_token": c["SessionToken"]}
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Open/run-7", self.server.call("sts", "GetCallerIdentity", session).findtext(".//Arn"))
        self.server.call("iam", "ListUsers", session)
        # idem prints the object: datetime.datetime(2026, 11, 25, 7, 39, 55, tzinfo=tzlocal())
        ends = datetime.datetime(*(int(n) for n in re.findall(r"\d+", c["Expiration"])))
        left = ends - datetime.datetime.now()
        self.assertTrue(6900 < left.total_seconds() <= 7200, left)

    def test_policy_and_refusals(self):
        # idem reads a value that is JSON as what it stands for: the text is quoted once more.
        got = self.credentials(self.open, external_id="ext-4711", policy=json.dumps(policy(allow("iam:ListRoles"))))
        self.assertTrue(got["result"], got)
        for more, text in [({"external_id": "wrong"}, "AccessDenied"), ({"external_id": "ext-4711", "duration_seconds": 7201}, "MaxSessionDuration")]:
            got = self.credentials(self.open, **more)
            self.assertFalse(got["result"], got)
            self.assertIn(text, str(got["comment"]))

    def test_mfa(self):
        self.assertIn("AccessDenied", str(self.credentials(self.guarded)["comment"]))
        # YAML reads digits as a number: quoted they stay the code that they are.
        code = fresh(self.seed, self.used)
        got = self.credentials(self.guarded, serial_number=self.serial, token_code=f'"{code}"')
        self.assertTrue(got["result"], got)


if __name__ == "__main__":
    unittest.main(verbosity=1)
