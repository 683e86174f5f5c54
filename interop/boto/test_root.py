"""The organization's root access, temporary delegation and web identity tokens, through boto3.

Needs a boto3 that knows them; the token is verified by PyJWT where it is installed.
"""
import os
import subprocess
import sys
import unittest
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from deputyd import MAIN, OTHER, Server, allow, policy  # noqa: E402

try:
    import jwt
except ImportError:
    jwt = None


def knows(method):
    return hasattr(boto3.client("sts", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"), method)


class Root(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.maren = cls.server.user("maren", allow("sts:*"))

    def client(self, service, creds):
        return boto3.client(service, endpoint_url=self.server.endpoint, region_name="eu-central-1",
                            aws_access_key_id=creds["access_key_id"], aws_secret_access_key=creds["secret_access_key"],
                            aws_session_token=creds.get("session_token"), config=Config(retries={"max_attempts": 1}))

    def session(self, answer):
        c = answer["Credentials"]
        return {"access_key_id": c["AccessKeyId"], "secret_access_key": c["SecretAccessKey"], "session_token": c["SessionToken"]}

    def code(self, call, **args):
        with self.assertRaises(ClientError) as e:
            call(**args)
        return e.exception.response["Error"]["Code"]

    @unittest.skipUnless(knows("assume_root"), "this boto3 has no assume_root")
    def test_assume_root(self):
        iam, sts = self.client("iam", self.server.admin), self.client("sts", self.maren)
        task = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
        self.assertEqual("AccessDenied", self.code(sts.assume_root, TargetPrincipal=OTHER, TaskPolicyArn=task))
        got = iam.enable_organizations_root_sessions()
        self.assertEqual(["RootSessions"], got["EnabledFeatures"])
        root = self.session(sts.assume_root(TargetPrincipal=OTHER, TaskPolicyArn=task))
        self.assertEqual(f"arn:aws:iam::{OTHER}:root", self.client("sts", root).get_caller_identity()["Arn"])
        of_other = self.client("iam", root)
        self.assertEqual([], of_other.list_access_keys()["AccessKeyMetadata"])
        self.assertEqual("AccessDenied", self.code(of_other.create_user, UserName="new"))

    @unittest.skipUnless(knows("get_delegated_access_token"), "this boto3 has no get_delegated_access_token")
    def test_delegation(self):
        partner, owner = self.client("iam", self.server.other), self.client("iam", self.server.admin)
        partner.create_policy(PolicyName="setup", PolicyDocument=policy(allow("iam:ListUsers", "*")))
        made = partner.create_delegation_request(
            OwnerAccountId=MAIN, Description="Set up", RequestorWorkflowId="order-7", NotificationChannel=f"arn:aws:sns:us-east-1:{OTHER}:topic",
            Permissions={"PolicyTemplateArn": f"arn:aws:iam::{OTHER}:policy/setup"}, SessionDuration=3600)
        which = {"DelegationRequestId": made["DelegationRequestId"]}
        owner.associate_delegation_request(**which)
        self.assertEqual("ASSIGNED", owner.list_delegation_requests()["DelegationRequests"][0]["State"])
        owner.accept_delegation_request(**which)
        owner.send_delegation_token(**which)
        self.assertEqual("FINALIZED", partner.get_delegation_request(**which)["DelegationRequest"]["State"])
        token = subprocess.run([os.environ["DEPUTYD"], "admin", "delegation", "token", "--data", os.path.join(self.server.dir, "data"), made["DelegationRequestId"]],
                               capture_output=True, text=True, check=True).stdout.strip()
        got = self.client("sts", self.server.other).get_delegated_access_token(TradeInToken=token)
        self.assertEqual(f"arn:aws:iam::{MAIN}:user/admin", got["AssumedPrincipal"])
        delegated = self.client("iam", self.session(got))
        delegated.list_users()
        self.assertEqual("AccessDenied", self.code(delegated.list_roles))
        self.assertEqual("ValidationError", self.code(self.client("sts", self.maren).get_delegated_access_token, TradeInToken=token))

    @unittest.skipUnless(knows("get_web_identity_token"), "this boto3 has no get_web_identity_token")
    def test_web_identity_token(self):
        iam, sts = self.client("iam", self.server.admin), self.client("sts", self.maren)
        want = {"Audience": ["https://api.example"], "SigningAlgorithm": "ES384", "DurationSeconds": 60}
        with self.assertRaises(sts.exceptions.OutboundWebIdentityFederationDisabledException):
            sts.get_web_identity_token(**want)
        issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
        self.assertEqual({"IssuerIdentifier": issuer, "JwtVendingEnabled": True},
                         {k: v for k, v in iam.get_outbound_web_identity_federation_info().items() if k != "ResponseMetadata"})
        with self.assertRaises(iam.exceptions.FeatureEnabledException):
            iam.enable_outbound_web_identity_federation()
        for algorithm in "ES384", "RS256":
            token = sts.get_web_identity_token(**{**want, "SigningAlgorithm": algorithm})["WebIdentityToken"]
            with urllib.request.urlopen(issuer + "/.well-known/openid-configuration", timeout=10) as r:
                self.assertEqual(200, r.status)
            if jwt is None:
                print("PyJWT is not installed: the token is not verified here")
                continue
            key = jwt.PyJWKClient(issuer + "/.well-known/jwks.json").get_signing_key_from_jwt(token)
            claims = jwt.decode(token, key.key, algorithms=["ES384", "RS256"], audience="https://api.example", issuer=issuer)
            self.assertEqual(f"arn:aws:iam::{MAIN}:user/maren", claims["sub"])
            self.assertEqual(MAIN, claims["https://sts.amazonaws.com/"]["aws_account"])
            with self.assertRaises(jwt.InvalidAudienceError):
                jwt.decode(token, key.key, algorithms=["ES384", "RS256"], audience="other", issuer=issuer)


if __name__ == "__main__":
    unittest.main(verbosity=1)
