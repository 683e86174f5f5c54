"""The rest of STS through boto3 and the AWS CLI: MFA, federation, denials explained."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from deputyd import MAIN, Server, allow, trust  # noqa: E402
from totp import Phone  # noqa: E402


class STS(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--explain-denials", "trusted")
        cls.addClassCleanup(cls.server.stop)
        cls.iam = cls.client("iam", cls.server.admin["access_key_id"], cls.server.admin["secret_access_key"])

    @classmethod
    def client(cls, service, key, secret, token=None):
        return boto3.client(service, endpoint_url=cls.server.endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,
                            aws_session_token=token, config=Config(retries={"max_attempts": 1}))

    def session(self, answer, service="sts"):
        c = answer["Credentials"]
        return self.client(service, c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])

    def user(self, name, *statements):
        """A user with a policy; gives its client of STS and its keys."""
        self.iam.create_user(UserName=name)
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
        k = self.iam.create_access_key(UserName=name)["AccessKey"]
        return self.client("sts", k["AccessKeyId"], k["SecretAccessKey"]), (k["AccessKeyId"], k["SecretAccessKey"])

    def refused(self, code, status, call, **params):
        with self.assertRaises(ClientError) as e:
            call(**params)
        r = e.exception.response
        self.assertEqual((code, status), (r["Error"]["Code"], r["ResponseMetadata"]["HTTPStatusCode"]), r["Error"]["Message"])
        return r["Error"]["Message"]

    def device(self, user):
        """A virtual device of the user, enabled."""
        d = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]
        phone = Phone(d["SerialNumber"], d["Base32StringSeed"])
        first, second = phone.pair()
        self.assertEqual(b"\x89PNG", d["QRCodePNG"][:4])
        self.iam.enable_mfa_device(UserName=user, SerialNumber=d["SerialNumber"], AuthenticationCode1=first, AuthenticationCode2=second)
        self.assertEqual([d["SerialNumber"]], [m["SerialNumber"] for m in self.iam.list_mfa_devices(UserName=user)["MFADevices"]])
        return phone

    def test_mfa(self):
        sts, keys = self.user("maren", allow("sts:AssumeRole"), allow("iam:ListUsers"))
        phone = self.device("maren")
        self.iam.create_role(RoleName="guarded", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust(f"arn:aws:iam::{MAIN}:user/maren", {"Bool": {"aws:MultiFactorAuthPresent": "true"}})}))
        role = dict(RoleArn=f"arn:aws:iam::{MAIN}:role/guarded", RoleSessionName="work")
        self.refused("AccessDenied", 403, sts.assume_role, **role)
        one_time = dict(SerialNumber=phone.serial, TokenCode=phone.next())
        a = sts.get_session_token(**one_time)
        text = self.refused("AccessDenied", 403, sts.get_session_token, **one_time)
        self.assertEqual("MultiFactorAuthentication failed with invalid MFA one time pass code. ", text)
        self.refused("AccessDenied", 403, sts.assume_role, **role, SerialNumber=f"arn:aws:iam::{MAIN}:mfa/none", TokenCode="123456")
        # The session carries it: it enters the role without a code, and may call IAM.
        self.session(a).assume_role(**role)
        self.assertTrue(self.session(a, "iam").list_users()["Users"])
        plain = sts.get_session_token()
        self.refused("InvalidClientTokenId", 403, self.session(plain, "iam").list_users)
        self.iam.deactivate_mfa_device(UserName="maren", SerialNumber=phone.serial)
        self.iam.delete_virtual_mfa_device(SerialNumber=phone.serial)

    def test_mfa_of_the_command(self):
        aws = os.path.join(os.path.dirname(sys.executable), "aws")
        if not os.path.exists(aws):
            self.skipTest("no AWS CLI beside this Python")
        _, keys = self.user("jonas", allow("sts:AssumeRole"))
        phone = self.device("jonas")
        self.iam.create_role(RoleName="cli", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust(f"arn:aws:iam::{MAIN}:user/jonas", {"Bool": {"aws:MultiFactorAuthPresent": "true"}})}))
        home = tempfile.mkdtemp(dir=self.server.dir)
        env = {"PATH": os.environ["PATH"], "HOME": home, "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1], "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}
        run = lambda *args: subprocess.run([aws, "--endpoint-url", self.server.endpoint, "--output", "json", *args], env=env, capture_output=True, text=True, timeout=60)
        one_time = ["--serial-number", phone.serial, "--token-code", phone.next()]
        out = run("sts", "assume-role", "--role-arn", f"arn:aws:iam::{MAIN}:role/cli", "--role-session-name", "work", *one_time)
        self.assertEqual(0, out.returncode, out.stderr)
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/cli/work", json.loads(out.stdout)["AssumedRoleUser"]["Arn"])
        self.assertIn("invalid MFA one time pass code", run("sts", "get-session-token", *one_time).stderr)

    def test_federation(self):
        sts, _ = self.user("broker", allow("sts:GetFederationToken"), allow("sts:TagSession"), allow("s3:*"))
        policy = json.dumps({"Version": "2012-10-17", "Statement": allow("s3:GetObject")})
        a = sts.get_federation_token(Name="bob", Policy=policy, DurationSeconds=900, Tags=[{"Key": "team", "Value": "blue"}])
        self.assertEqual((f"{MAIN}:bob", f"arn:aws:sts::{MAIN}:federated-user/bob"), (a["FederatedUser"]["FederatedUserId"], a["FederatedUser"]["Arn"]))
        self.assertGreater(a["PackedPolicySize"], 0)
        bob = self.session(a)
        self.assertEqual(a["FederatedUser"]["Arn"], bob.get_caller_identity()["Arn"])
        self.assertEqual("Cannot call GetSessionToken with session credentials", self.refused("AccessDenied", 403, bob.get_session_token))
        self.refused("InvalidClientTokenId", 403, self.session(a, "iam").list_users)
        self.refused("ValidationError", 400, sts.get_federation_token, Name="b\u00f6b")

    def test_denials_explained(self):
        _, keys = self.user("curious", allow("sts:DecodeAuthorizationMessage"))
        iam, sts = self.client("iam", *keys), self.client("sts", *keys)
        text = self.refused("AccessDenied", 403, iam.delete_user, UserName="curious")
        message = re.search(r"Encoded authorization failure message: (\S+)", text)
        self.assertTrue(message, text)
        decoded = json.loads(sts.decode_authorization_message(EncodedMessage=message.group(1))["DecodedMessage"])
        self.assertEqual((False, False, "iam:DeleteUser"), (decoded["allowed"], decoded["explicitDeny"], decoded["context"]["action"]))
        self.assertEqual(f"arn:aws:iam::{MAIN}:user/curious", decoded["context"]["principal"]["arn"])
        self.refused("InvalidAuthorizationMessageException", 400, sts.decode_authorization_message, EncodedMessage=message.group(1)[:-4] + "AAAA")

    def test_each_command(self):
        """Each operation through the AWS CLI: its answer, or the error of AWS for what is not there."""
        aws = os.path.join(os.path.dirname(sys.executable), "aws")
        if not os.path.exists(aws):
            self.skipTest("no AWS CLI beside this Python")
        _, keys = self.user("everything", allow("sts:*"))
        self.iam.create_role(RoleName="every", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust(f"arn:aws:iam::{MAIN}:root")}))
        role = f"arn:aws:iam::{MAIN}:role/every"
        env = {"PATH": os.environ["PATH"], "HOME": tempfile.mkdtemp(dir=self.server.dir), "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1], "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}
        for command, want in {
            f"assume-role --role-arn {role} --role-session-name work": '"AssumedRoleId"',
            f"assume-role-with-saml --role-arn {role} --principal-arn arn:aws:iam::{MAIN}:saml-provider/none --saml-assertion PHg+": "(InvalidIdentityToken)",
            f"assume-role-with-web-identity --role-arn {role} --role-session-name work --web-identity-token x.y.z": "(InvalidIdentityToken)",
            f"assume-root --target-principal {MAIN} --task-policy-arn arn=arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials": "(AccessDenied)",
            "decode-authorization-message --encoded-message junk": "(InvalidAuthorizationMessageException)",
            f"get-access-key-info --access-key-id {keys[0]}": MAIN,
            "get-caller-identity": f"arn:aws:iam::{MAIN}:user/everything",
            "get-delegated-access-token --trade-in-token nobody.has-it": "An error occurred",
            "get-federation-token --name bob": f"arn:aws:sts::{MAIN}:federated-user/bob",
            "get-session-token": '"SessionToken"',
            "get-web-identity-token --audience api.example --signing-algorithm ES384": "(OutboundWebIdentityFederationDisabled",
        }.items():
            out = subprocess.run([aws, "--endpoint-url", self.server.endpoint, "--output", "json", "sts", *command.split()], env=env, capture_output=True, text=True, timeout=60)
            said = out.stdout + out.stderr
            if "Invalid choice" not in said:  # an operation that is newer than the command
                self.assertIn(want, said, command)

    def test_access_key_info(self):
        sts, keys = self.user("looker", allow("sts:GetAccessKeyInfo"))
        self.assertEqual(MAIN, sts.get_access_key_info(AccessKeyId=keys[0])["Account"])
        self.refused("ValidationError", 400, sts.get_access_key_info, AccessKeyId="x" * 16)


if __name__ == "__main__":
    unittest.main()
