"""SAML through boto3, the AWS CLI and `deputy`, with responses that xmlsec1 has signed."""
import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from deputyd import MAIN, Server, allow  # noqa: E402
from samlidp import ISSUER, Provider  # noqa: E402


class SAML(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.idp = Provider()
        cls.addClassCleanup(cls.idp.stop)
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.iam = boto3.client("iam", endpoint_url=cls.server.endpoint, region_name="us-east-1", aws_access_key_id=cls.server.admin["access_key_id"], aws_secret_access_key=cls.server.admin["secret_access_key"])
        cls.provider = cls.iam.create_saml_provider(Name="Corp", SAMLMetadataDocument=cls.idp.metadata())["SAMLProviderArn"]
        trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Federated": cls.provider}, "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                                                        "Condition": {"StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml", "saml:iss": ISSUER}}}}
        cls.role = cls.iam.create_role(RoleName="Dev", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        cls.iam.put_role_policy(RoleName="Dev", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow("iam:ListUsers")}))

    def assume(self, response, **more):
        sts = boto3.client("sts", endpoint_url=self.server.endpoint, region_name="us-east-1", config=Config(retries={"max_attempts": 1}))
        return sts.assume_role_with_saml(RoleArn=self.role, PrincipalArn=self.provider, SAMLAssertion=response, **more)

    def response(self, **more):
        return self.idp.response(self.role, self.provider, **more)

    def test_enter(self):
        a = self.assume(self.response(), DurationSeconds=900)
        self.assertEqual(("user@corp.example", "persistent", ISSUER, "https://signin.aws.amazon.com/saml"), (a["Subject"], a["SubjectType"], a["Issuer"], a["Audience"]))
        c = a["Credentials"]
        keys = dict(aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"], aws_session_token=c["SessionToken"], region_name="us-east-1", endpoint_url=self.server.endpoint)
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Dev/user@corp.example", boto3.client("sts", **keys).get_caller_identity()["Arn"])
        self.assertTrue(boto3.client("iam", **keys).list_users()["Users"])

    def test_tags(self):
        a = self.assume(self.response(**{"PrincipalTag:Team": ["blue"], "TransitiveTagKeys": ["Team"]}))
        self.assertGreater(a["PackedPolicySize"], 0)

    def test_refused(self):
        used = self.response()
        self.assume(used)
        old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=10)
        other = Provider()
        self.addCleanup(other.stop)
        for code, status, response in [
            ("InvalidIdentityToken", 400, used),
            ("InvalidIdentityToken", 400, self.response(audience="urn:other")),
            ("InvalidIdentityToken", 400, self.response(name="a b")),
            ("InvalidIdentityToken", 400, other.response(self.role, self.provider)),
            ("ExpiredTokenException", 400, self.response(issued=old)),
            ("AccessDenied", 403, self.idp.response(self.role + "x", self.provider)),
        ]:
            with self.assertRaises(ClientError) as e:
                self.assume(response)
            r = e.exception.response
            self.assertEqual((code, status), (r["Error"]["Code"], r["ResponseMetadata"]["HTTPStatusCode"]), r["Error"]["Message"])

    def test_commands(self):
        aws = os.path.join(os.path.dirname(sys.executable), "aws")
        for command in [os.environ["DEPUTY"], aws]:
            if not os.path.exists(command):
                continue
            env = {"PATH": os.environ["PATH"], "HOME": tempfile.mkdtemp(dir=self.server.dir), "AWS_EC2_METADATA_DISABLED": "true"}
            out = subprocess.run([command, "sts", "assume-role-with-saml", "--endpoint-url", self.server.endpoint, "--region", "us-east-1", "--output", "json",
                                  "--role-arn", self.role, "--principal-arn", self.provider, "--saml-assertion", self.response()], env=env, capture_output=True, text=True, timeout=60)
            self.assertEqual(0, out.returncode, out.stderr)
            self.assertEqual(ISSUER, json.loads(out.stdout)["Issuer"])


if __name__ == "__main__":
    unittest.main()
