"""The AWS CLI against deputyd, as the walk through the terminal goes: configure,
assume a role by hand, then let the CLI assume it. AWS_BIN names the program;
version 1 is told the endpoint by AWS_ENDPOINT_URL, version 2.9 by --endpoint-url
and, where a profile implies AssumeRole, by a TLS front for *.amazonaws.com."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from deputyd import MAIN, Server, allow, policy, trust  # noqa: E402
from front import Front  # noqa: E402
from totp import Phone  # noqa: E402
from issuer import Issuer  # noqa: E402

AWS = os.environ["AWS_BIN"]
V2 = subprocess.run([AWS, "--version"], capture_output=True, text=True, check=True).stdout.startswith("aws-cli/2")
EXTERNAL = {"StringEquals": {"sts:ExternalId": "ext-4711"}}


class CLI(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.issuer = Issuer()
        cls.addClassCleanup(cls.issuer.stop)
        cls.server = s = Server("--federation-oidc-allow", cls.issuer.host)
        cls.addClassCleanup(s.stop)
        host, port = s.endpoint.removeprefix("http://").split(":")
        cls.front = Front(tempfile.mkdtemp(dir=s.dir), (host, int(port)))
        cls.addClassCleanup(cls.front.stop)
        cls.maren = s.user("maren", allow("sts:AssumeRole"))
        cls.role = s.role("Dev", trust(f"arn:aws:iam::{MAIN}:user/maren", EXTERNAL), allow(["iam:List*", "iam:Get*"]))
        cls.provider, cls.web = cls.issuer.register(s, "Ci", allow("iam:ListUsers"))
        cls.user_arn = f"arn:aws:iam::{MAIN}:user/maren"

    def setUp(self):
        home = tempfile.mkdtemp(dir=self.server.dir)
        self.home = home
        self.env = {"PATH": os.environ["PATH"], "HOME": home, "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "",
                    "AWS_EC2_METADATA_DISABLED": "true", "LC_ALL": "C.UTF-8"}
        if not V2:
            self.env["AWS_ENDPOINT_URL"] = self.server.endpoint
        self.aws("configure", "set", "aws_access_key_id", self.maren["access_key_id"])
        self.aws("configure", "set", "aws_secret_access_key", self.maren["secret_access_key"])

    def aws(self, *args, ok=True, env=None):
        command = [AWS, *args]
        if V2 and args[0] != "configure" and not env:
            command += ["--endpoint-url", self.server.endpoint]
        p = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**self.env, **(env or {})})
        if ok:
            self.assertEqual(0, p.returncode, p.stderr)
            return p.stdout
        self.assertNotEqual(0, p.returncode, p.stdout)
        return p.stderr

    def through_front(self, **more):
        """For what the CLI sends on its own account; version 1 needs no front."""
        if not V2:
            return more
        return {"HTTPS_PROXY": self.front.proxy, "AWS_CA_BUNDLE": self.front.ca, **more}

    def assume(self, *more, ok=True):
        return self.aws("sts", "assume-role", "--role-arn", self.role, "--role-session-name", "terminal", *more, ok=ok)

    def test_configure(self):
        self.aws("configure", "set", "aws_access_key_id", "AKIAQQQQQQQQQQQQQQQQ", "--profile", "dev")
        self.assertEqual("AKIAQQQQQQQQQQQQQQQQ\n", self.aws("configure", "get", "aws_access_key_id", "--profile", "dev"))

    def test_by_hand_through_environment_and_profile(self):
        who = json.loads(self.aws("sts", "get-caller-identity"))
        self.assertEqual(self.user_arn, who["Arn"])
        answer = json.loads(self.assume("--external-id", "ext-4711"))
        c = answer["Credentials"]
        arn = f"arn:aws:sts::{MAIN}:assumed-role/Dev/terminal"
        self.assertEqual(arn, answer["AssumedRoleUser"]["Arn"])
        self.env |= {"AWS_ACCESS_KEY_ID": c["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": c["SecretAccessKey"], "AWS_SESSION_TOKEN": c["SessionToken"]}
        self.assertEqual(arn, json.loads(self.aws("sts", "get-caller-identity"))["Arn"])
        self.assertEqual([MAIN, arn, answer["AssumedRoleUser"]["AssumedRoleId"]], self.aws("sts", "get-caller-identity", "--output", "text").split())
        for k in "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN":
            self.aws("configure", "set", k.lower(), self.env.pop(k), "--profile", "site-deployer")
        self.assertEqual(arn, json.loads(self.aws("sts", "get-caller-identity", "--profile", "site-deployer"))["Arn"])

    def test_denials(self):
        text = f"User: {self.user_arn} is not authorized to perform: sts:AssumeRole on resource: {self.role}"
        for more in [], ["--external-id", "wrong"]:
            err = self.assume(*more, ok=False)
            self.assertIn(f"An error occurred (AccessDenied) when calling the AssumeRole operation: {text}", err)
        err = self.assume("--external-id", "ext-4711", "--serial-number", f"arn:aws:iam::{MAIN}:mfa/maren", "--token-code", "012345", ok=False)
        self.assertIn("MultiFactorAuthentication failed, unable to validate MFA code.", err)
        self.assume("--token-code", "01234", ok=False)
        self.assertIn("(AccessDenied)", self.aws("iam", "list-users", ok=False))

    def test_parameters(self):
        answer = json.loads(self.assume("--external-id", "ext-4711", "--duration-seconds", "900", "--policy", policy(allow("iam:ListUsers")),
                                        "--policy-arns", "arn=arn:aws:iam::aws:policy/IAMReadOnlyAccess"))
        self.assertIn("PackedPolicySize", answer)
        err = self.assume("--external-id", "ext-4711", "--duration-seconds", "7200", ok=False)
        self.assertIn("(ValidationError)", err)
        self.assertIn("exceeds the MaxSessionDuration set for this role.", err)

    def profile(self, external="ext-4711"):
        for k, v in [("role_arn", self.role), ("source_profile", "default"), ("external_id", external)]:
            self.aws("configure", "set", k, v, "--profile", "dev_admin")

    def test_seamless(self):
        self.profile()
        env = self.through_front()
        first = json.loads(self.aws("sts", "get-caller-identity", "--profile", "dev_admin", env=env))["Arn"]
        self.assertTrue(first.startswith(f"arn:aws:sts::{MAIN}:assumed-role/Dev/"), first)
        again = json.loads(self.aws("sts", "get-caller-identity", env=self.through_front(AWS_PROFILE="dev_admin")))["Arn"]
        self.assertEqual(first, again, "the CLI's cached session is used again")
        self.assertEqual(1, len(glob.glob(os.path.join(self.home, ".aws/cli/cache/*.json"))))
        users = json.loads(self.aws("iam", "list-users", "--profile", "dev_admin", env=env))["Users"]
        self.assertIn("maren", [u["UserName"] for u in users])

    def test_seamless_denied(self):
        self.profile("wrong")
        err = self.aws("sts", "get-caller-identity", "--profile", "dev_admin", env=self.through_front(), ok=False)
        self.assertIn("(AccessDenied) when calling the AssumeRole operation", err)

    def test_web_identity(self):
        args = "sts", "assume-role-with-web-identity", "--role-arn", self.web, "--role-session-name", "ci", "--web-identity-token"
        answer = json.loads(self.aws(*args, self.issuer.token()))
        self.assertEqual((self.provider, "sts.amazonaws.com"), (answer["Provider"], answer["Audience"]))
        self.assertIn("(InvalidIdentityToken)", self.aws(*args, self.issuer.token(aud="other"), ok=False))
        self.assertIn("Not authorized to perform sts:AssumeRoleWithWebIdentity", self.aws(*args, self.issuer.token(sub="repo:evil/site"), ok=False))

    def test_web_identity_token_file(self):
        env = self.through_front(AWS_ROLE_ARN=self.web, AWS_ROLE_SESSION_NAME="from-file", AWS_WEB_IDENTITY_TOKEN_FILE=self.issuer.file(), AWS_CONFIG_FILE="/nowhere", AWS_SHARED_CREDENTIALS_FILE="/nowhere")
        who = json.loads(self.aws("sts", "get-caller-identity", env=env))
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Ci/from-file", who["Arn"])

    def test_pages(self):
        admin = {"AWS_ACCESS_KEY_ID": self.server.admin["access_key_id"], "AWS_SECRET_ACCESS_KEY": self.server.admin["secret_access_key"]}
        self.env |= admin
        names = [f"cli-{n:02}" for n in range(7)]
        for n in names:
            self.server.call("iam", "CreateUser", UserName=n, Path="/cli/")
        got = json.loads(self.aws("iam", "list-users", "--path-prefix", "/cli/", "--page-size", "3"))["Users"]
        self.assertEqual(names, [u["UserName"] for u in got])
        first = json.loads(self.aws("iam", "list-users", "--path-prefix", "/cli/", "--max-items", "4"))
        rest = json.loads(self.aws("iam", "list-users", "--path-prefix", "/cli/", "--starting-token", first["NextToken"]))
        self.assertEqual(names, [u["UserName"] for u in first["Users"] + rest["Users"]])


    def phone(self, user, name):
        """A virtual device of the user, made and enabled by the CLI."""
        admin = {"AWS_ACCESS_KEY_ID": self.server.admin["access_key_id"], "AWS_SECRET_ACCESS_KEY": self.server.admin["secret_access_key"]}
        self.env |= admin
        png, seed = os.path.join(self.home, "qr.png"), os.path.join(self.home, "seed")
        self.aws("iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", name + "-png", "--outfile", png, "--bootstrap-method", "QRCodePNG")
        with open(png, "rb") as f:
            self.assertEqual(b"\x89PNG", f.read(4))
        made = json.loads(self.aws("iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", name, "--outfile", seed, "--bootstrap-method", "Base32StringSeed"))
        with open(seed) as f:
            p = Phone(made["VirtualMFADevice"]["SerialNumber"], f.read())
        first, second = p.pair()
        self.aws("iam", "enable-mfa-device", "--user-name", user, "--serial-number", p.serial, "--authentication-code1", first, "--authentication-code2", second)
        for k in admin:
            del self.env[k]
        return p

    def guarded(self, user):
        """A user with a device, in the default profile, and a role that wants MFA."""
        keys = self.server.user(user, allow("sts:*"))
        for k, v in [("aws_access_key_id", keys["access_key_id"]), ("aws_secret_access_key", keys["secret_access_key"])]:
            self.aws("configure", "set", k, v)
        role = self.server.role("For-" + user, trust(f"arn:aws:iam::{MAIN}:user/{user}", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}), allow("iam:List*"))
        return role, self.phone(user, user)

    def test_mfa(self):
        role, one = self.guarded("mirja")
        two = self.phone("mirja", "mirja2")
        assume = ["sts", "assume-role", "--role-arn", role, "--role-session-name", "terminal"]
        self.assertIn("(AccessDenied)", self.aws(*assume, ok=False))
        code = two.next()
        self.aws(*assume, "--serial-number", two.serial, "--token-code", code)
        again = self.aws(*assume, "--serial-number", two.serial, "--token-code", code, ok=False)
        self.assertIn("MultiFactorAuthentication failed with invalid MFA one time pass code.", again)
        c = json.loads(self.aws("sts", "get-session-token", "--serial-number", one.serial, "--token-code", one.next()))["Credentials"]
        self.env |= {"AWS_ACCESS_KEY_ID": c["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": c["SecretAccessKey"], "AWS_SESSION_TOKEN": c["SessionToken"]}
        self.aws(*assume)

    def test_profile_with_mfa_serial(self):
        role, phone = self.guarded("marit")
        for k, v in [("role_arn", role), ("source_profile", "default"), ("mfa_serial", phone.serial)]:
            self.aws("configure", "set", k, v, "--profile", "guarded")
        env = self.through_front()
        command = [AWS, "sts", "get-caller-identity", "--profile", "guarded"]
        # Without a terminal the CLI asks on its standard input.
        p = subprocess.run(command, input=phone.next() + "\n", capture_output=True, text=True, timeout=60, start_new_session=True, env={**self.env, **env})
        self.assertEqual(0, p.returncode, p.stderr)
        self.assertIn("assumed-role/For-marit/", p.stdout)
        # The session is kept: no code is asked for again.
        self.assertIn("assumed-role/For-marit/", self.aws("sts", "get-caller-identity", "--profile", "guarded", env=env) if V2 else
                      self.aws("sts", "get-caller-identity", "--profile", "guarded"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
