"""Web identities through boto3 and `deputy`: a token by hand, and from the file that
Kubernetes and CI systems leave for the SDKs."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from deputyd import MAIN, Server, allow  # noqa: E402
from issuer import Issuer  # noqa: E402

ENDPOINT_FROM_ENVIRONMENT = tuple(map(int, botocore.__version__.split(".")[:2])) >= (1, 31)


class WebIdentity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.issuer = Issuer()
        cls.addClassCleanup(cls.issuer.stop)
        cls.server = Server("--federation-oidc-allow", cls.issuer.host)
        cls.addClassCleanup(cls.server.stop)
        cls.provider, cls.role = cls.issuer.register(cls.server, "Ci", allow("iam:ListUsers"))

    def sts(self):
        # No credentials: the client must not need any.
        return boto3.client("sts", endpoint_url=self.server.endpoint, region_name="us-east-1", config=Config(retries={"max_attempts": 1}))

    def assume(self, token, **more):
        return self.sts().assume_role_with_web_identity(RoleArn=self.role, RoleSessionName="ci", WebIdentityToken=token, **more)

    def test_by_hand(self):
        a = self.assume(self.issuer.token(), DurationSeconds=900)
        self.assertEqual((self.provider, "sts.amazonaws.com", "repo:acme/site:ref:refs/heads/main"), (a["Provider"], a["Audience"], a["SubjectFromWebIdentityToken"]))
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Ci/ci", a["AssumedRoleUser"]["Arn"])
        c = a["Credentials"]
        keys = dict(aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"], aws_session_token=c["SessionToken"], region_name="us-east-1", endpoint_url=self.server.endpoint)
        self.assertEqual(a["AssumedRoleUser"]["Arn"], boto3.client("sts", **keys).get_caller_identity()["Arn"])
        self.assertTrue(boto3.client("iam", **keys).list_users()["Users"])

    def test_tags(self):
        a = self.assume(self.issuer.token(**{"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}}))
        self.assertGreater(a["PackedPolicySize"], 0)

    def test_refused(self):
        for code, status, token in [
            ("InvalidIdentityToken", 400, "x.y.z"),
            ("InvalidIdentityToken", 400, self.issuer.token(aud="other")),
            ("InvalidIdentityToken", 400, self.issuer.token(iss="https://idp.example")),
            ("InvalidIdentityToken", 400, self.issuer.token()[:-8] + "AAAAAAAA"),
            ("ExpiredTokenException", 400, self.issuer.token(iat=1, exp=2)),
            ("AccessDenied", 403, self.issuer.token(sub="repo:evil/site")),
        ]:
            with self.assertRaises(ClientError) as e:
                self.assume(token)
            r = e.exception.response
            self.assertEqual((code, status), (r["Error"]["Code"], r["ResponseMetadata"]["HTTPStatusCode"]), r["Error"]["Message"])

    @unittest.skipUnless(ENDPOINT_FROM_ENVIRONMENT, "this botocore reads no endpoint from the environment")
    def test_token_file(self):
        program = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
        env = {"PATH": os.environ["PATH"], "HOME": tempfile.mkdtemp(dir=self.server.dir), "AWS_ENDPOINT_URL": self.server.endpoint, "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
               "AWS_ROLE_ARN": self.role, "AWS_ROLE_SESSION_NAME": "from-file", "AWS_WEB_IDENTITY_TOKEN_FILE": self.issuer.file()}
        out = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Ci/from-file", out.stdout.strip(), out.stderr)

    def test_deputy(self):
        env = {"PATH": os.environ["PATH"], "HOME": tempfile.mkdtemp(dir=self.server.dir)}
        command = [os.environ["DEPUTY"], "sts", "assume-role-with-web-identity", "--endpoint-url", self.server.endpoint, "--region", "us-east-1",
                   "--role-arn", self.role, "--role-session-name", "hand", "--web-identity-token", self.issuer.token()]
        out = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(0, out.returncode, out.stderr)
        self.assertEqual(self.provider, json.loads(out.stdout)["Provider"])

    def test_providers(self):
        iam = boto3.client("iam", endpoint_url=self.server.endpoint, region_name="us-east-1", aws_access_key_id=self.server.admin["access_key_id"], aws_secret_access_key=self.server.admin["secret_access_key"])
        arn = iam.create_open_id_connect_provider(Url="https://idp.example/tenant", ClientIDList=["a"], ThumbprintList=["a" * 40], Tags=[{"Key": "k", "Value": "v"}])["OpenIDConnectProviderArn"]
        self.assertEqual(f"arn:aws:iam::{MAIN}:oidc-provider/idp.example/tenant", arn)
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="b")
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="a")
        iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
        iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "l", "Value": "w"}])
        iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["k"])
        got = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        self.assertEqual(("idp.example/tenant", ["b"], ["b" * 40], [{"Key": "l", "Value": "w"}]), (got["Url"], got["ClientIDList"], got["ThumbprintList"], got["Tags"]))
        self.assertEqual(got["Tags"], iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"])
        self.assertIn({"Arn": arn}, iam.list_open_id_connect_providers()["OpenIDConnectProviderList"])
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        with self.assertRaises(iam.exceptions.NoSuchEntityException):
            iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


if __name__ == "__main__":
    unittest.main()
