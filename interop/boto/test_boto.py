"""boto3 against deputyd: run with the newest from pip and with Debian's."""
import json
import os
import sys
import unittest
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from deputyd import MAIN, OTHER, Server, allow, policy, strip, trust  # noqa: E402
from totp import Phone  # noqa: E402

EXTERNAL = {"StringEquals": {"sts:ExternalId": "ext-4711"}}


class Boto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = s = Server()
        cls.addClassCleanup(s.stop)
        print("boto3", boto3.__version__)
        cls.maren = s.user("maren", allow(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]))
        cls.idle = s.user("idle")
        cls.odile = s.user("odile", allow("sts:*"), creds=s.other)
        acts = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
        cls.courier = s.role("Courier", trust([f"arn:aws:iam::{MAIN}:root", f"arn:aws:iam::{OTHER}:root"], EXTERNAL, acts),
                             allow(["iam:ListUsers", "iam:ListRoles", "sts:AssumeRole"]), Path="/app/", MaxSessionDuration="7200",
                             **{"Tags.member.1.Key": "team", "Tags.member.1.Value": "blue"})
        cls.closed = s.role("Closed", trust(f"arn:aws:iam::{MAIN}:user/idle"), allow("*"))
        cls.porter = s.role("Porter", trust(cls.courier, None, acts), allow("iam:ListUsers"))

    def client(self, service, creds, **more):
        return boto3.client(service, endpoint_url=self.server.endpoint, region_name="eu-central-1",
                            aws_access_key_id=creds["access_key_id"], aws_secret_access_key=creds["secret_access_key"],
                            aws_session_token=creds.get("session_token"),
                            config=Config(parameter_validation=False, retries={"max_attempts": 1}), **more)

    def assume(self, creds, arn, **more):
        args = {"RoleArn": arn, "RoleSessionName": "run-7", **more}
        return self.client("sts", creds).assume_role(**args)

    def session(self, answer):
        c = answer["Credentials"]
        return {"access_key_id": c["AccessKeyId"], "secret_access_key": c["SecretAccessKey"], "session_token": c["SessionToken"]}

    def refused(self, code, status, call, *args, **more):
        with self.assertRaises(ClientError) as e:
            call(*args, **more)
        r = e.exception.response
        self.assertEqual((code, status), (r["Error"]["Code"], r["ResponseMetadata"]["HTTPStatusCode"]), r["Error"]["Message"])
        self.assertTrue(r["ResponseMetadata"]["RequestId"])
        return r["Error"]["Message"]

    def test_assume_role(self):
        a = self.assume(self.maren, self.courier, ExternalId="ext-4711")
        self.assertEqual(f"arn:aws:sts::{MAIN}:assumed-role/Courier/run-7", a["AssumedRoleUser"]["Arn"])
        self.assertRegex(a["AssumedRoleUser"]["AssumedRoleId"], r"^AROA[A-Z0-9]{17}:run-7$")
        self.assertRegex(a["Credentials"]["AccessKeyId"], r"^ASIA[A-Z2-7]{16}$")
        self.assertRegex(a["Credentials"]["SecretAccessKey"], r"^[A-Za-z0-9+/]{40}$")
        self.assertNotIn("PackedPolicySize", a)
        who = self.client("sts", self.session(a)).get_caller_identity()
        self.assertEqual((a["AssumedRoleUser"]["Arn"], MAIN, a["AssumedRoleUser"]["AssumedRoleId"]), (who["Arn"], who["Account"], who["UserId"]))
        self.client("iam", self.session(a)).list_users()
        self.refused("AccessDenied", 403, self.client("iam", self.session(a)).list_groups)

    def test_one_text_for_every_denial(self):
        def text(user, arn, name):
            return f"User: arn:aws:iam::{MAIN}:user/{user} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        missing = f"arn:aws:iam::{MAIN}:role/Missing"
        for user, creds, arn, more in [("maren", self.maren, self.courier, {"ExternalId": "wrong"}), ("maren", self.maren, self.courier, {}),
                                       ("maren", self.maren, self.closed, {}), ("maren", self.maren, missing, {}),
                                       ("idle", self.idle, self.courier, {"ExternalId": "ext-4711"})]:
            with self.subTest(user=user, arn=arn, **more):
                got = self.refused("AccessDenied", 403, self.assume, creds, arn, **more)
                self.assertEqual(text(user, arn, user), got)

    def test_cross_account_needs_both(self):
        a = self.assume(self.odile, self.courier, ExternalId="ext-4711")
        self.assertIn("Credentials", a)
        stranger = self.server.user("stranger", creds=self.server.other)
        self.refused("AccessDenied", 403, self.assume, stranger, self.courier, ExternalId="ext-4711")

    def test_validation(self):
        got = self.refused("ValidationError", 400, self.assume, self.maren, self.courier, DurationSeconds=899)
        self.assertEqual("1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: "
                         "Member must have value greater than or equal to 900", got)
        got = self.refused("ValidationError", 400, self.assume, self.maren, self.courier, RoleSessionName="x", DurationSeconds=899)
        self.assertTrue(got.startswith("2 validation errors detected: "), got)
        got = self.refused("ValidationError", 400, self.assume, self.maren, "arn:aws:iam:not-an-arn-at-all")
        self.assertEqual("arn:aws:iam:not-an-arn-at-all is invalid", got)
        self.refused("MalformedPolicyDocument", 400, self.assume, self.maren, self.courier, ExternalId="ext-4711", Policy="{")
        got = self.refused("AccessDenied", 403, self.assume, self.maren, self.courier, ExternalId="ext-4711",
                           SerialNumber=f"arn:aws:iam::{MAIN}:mfa/maren", TokenCode="123456")
        self.assertIn("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify", got)

    def test_durations(self):
        ext = {"ExternalId": "ext-4711"}
        self.assume(self.maren, self.courier, DurationSeconds=7200, **ext)
        got = self.refused("ValidationError", 400, self.assume, self.maren, self.courier, DurationSeconds=7201, **ext)
        self.assertEqual("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", got)
        chained = self.session(self.assume(self.maren, self.courier, **ext))
        self.assume(chained, self.porter, DurationSeconds=3600)
        tmp = self.session(self.client("sts", self.maren).get_session_token())
        got = self.refused("ValidationError", 400, self.assume, tmp, self.courier, DurationSeconds=3601, **ext)
        self.assertEqual("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.", got)

    def test_session_policy_only_shrinks(self):
        only_roles = policy(allow(["iam:ListRoles", "iam:ListGroups"]))
        a = self.assume(self.maren, self.courier, ExternalId="ext-4711", Policy=only_roles)
        self.assertGreater(a["PackedPolicySize"], 0)
        iam = self.client("iam", self.session(a))
        iam.list_roles()
        got = self.refused("AccessDenied", 403, iam.list_users)
        self.assertTrue(got.endswith("because no session policy allows the iam:ListUsers action"), got)
        self.refused("AccessDenied", 403, iam.list_groups)
        a = self.assume(self.maren, self.courier, ExternalId="ext-4711", PolicyArns=[{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}])
        self.client("iam", self.session(a)).list_users()

    def test_tags_and_source_identity(self):
        a = self.assume(self.maren, self.courier, ExternalId="ext-4711", SourceIdentity="maren-7",
                        Tags=[{"Key": "cost", "Value": "42"}], TransitiveTagKeys=["cost"])
        self.assertEqual("maren-7", a["SourceIdentity"])
        got = self.refused("InvalidParameterValue", 400, self.assume, self.maren, self.courier, ExternalId="ext-4711",
                           Tags=[{"Key": "cost", "Value": "1"}, {"Key": "COST", "Value": "2"}])
        self.assertEqual("Duplicate tag keys found. Please note that Tag keys are case insensitive.", got)
        got = self.refused("InvalidParameterValue", 400, self.assume, self.maren, self.courier, ExternalId="ext-4711", TransitiveTagKeys=["cost"])
        self.assertEqual("The specified transitive tag key must be included in the requested tags.", got)

    def test_root_and_session_rules(self):
        got = self.refused("AccessDenied", 403, self.assume, self.server.root, self.courier)
        self.assertEqual("Roles may not be assumed by root accounts.", got)
        role = self.session(self.assume(self.maren, self.courier, ExternalId="ext-4711"))
        got = self.refused("AccessDenied", 403, self.client("sts", role).get_session_token)
        self.assertEqual("Cannot call GetSessionToken with session credentials", got)
        tmp = self.session(self.client("sts", self.server.admin).get_session_token(DurationSeconds=900))
        self.assertEqual(MAIN, self.client("sts", tmp).get_caller_identity()["Account"])
        self.refused("InvalidClientTokenId", 403, self.client("iam", tmp).list_users)

    def test_credentials(self):
        self.refused("SignatureDoesNotMatch", 403, self.client("sts", {**self.maren, "secret_access_key": "x" * 40}).get_caller_identity)
        self.refused("InvalidClientTokenId", 403, self.client("sts", {**self.maren, "access_key_id": "AKIAQQQQQQQQQQQQQQQQ"}).get_caller_identity)
        a = self.session(self.assume(self.maren, self.courier, ExternalId="ext-4711"))
        b = self.session(self.assume(self.maren, self.courier, ExternalId="ext-4711"))
        self.refused("InvalidClientTokenId", 403, self.client("sts", {**a, "session_token": b["session_token"]}).get_caller_identity)
        for key in a, self.maren, self.server.admin:  # the last one's id was chosen by the bootstrap file
            self.assertEqual(MAIN, self.client("sts", self.server.admin).get_access_key_info(AccessKeyId=key["access_key_id"])["Account"])

    def test_presigned_get_caller_identity(self):
        sts = self.client("sts", self.maren)
        for method in "GET", "POST":  # POST is what boto3 signs for when it is told no method
            url = sts.generate_presigned_url("get_caller_identity", HttpMethod=method)
            with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as r:
                self.assertEqual(f"arn:aws:iam::{MAIN}:user/maren", strip(r.read()).findtext(".//Arn"))
        with self.assertRaises(urllib.error.HTTPError) as e:
            urllib.request.urlopen(url.replace("X-Amz-Signature=", "X-Amz-Signature=0")[:-1], timeout=10)
        self.assertEqual(403, e.exception.code)
        e.exception.close()
        with urllib.request.urlopen(urllib.request.Request(sts.generate_presigned_url("get_caller_identity", HttpMethod="GET"),
                                                           headers={"Accept": "application/json"}), timeout=10) as r:
            self.assertEqual(MAIN, json.load(r)["GetCallerIdentityResponse"]["GetCallerIdentityResult"]["Account"])

    def test_pages(self):
        iam = self.client("iam", self.server.other)
        names = sorted(f"page-{n:03}" for n in range(23))
        for n in names:
            iam.create_user(UserName=n, Path="/page/")
            iam.create_role(RoleName=n, Path="/page/", AssumeRolePolicyDocument=policy(trust(OTHER)))
            iam.create_group(GroupName=n, Path="/page/")
            iam.create_policy(PolicyName=n, Path="/page/", PolicyDocument=policy(allow("s3:*")))
        for call, rows, field in [("list_users", "Users", "UserName"), ("list_roles", "Roles", "RoleName"),
                                  ("list_groups", "Groups", "GroupName"), ("list_policies", "Policies", "PolicyName")]:
            with self.subTest(call):
                pages = list(iam.get_paginator(call).paginate(PathPrefix="/page/", PaginationConfig={"PageSize": 5}))
                self.assertEqual(5, len(pages))
                self.assertEqual(names, [r[field] for p in pages for r in p[rows]])
        managed = [p for page in iam.get_paginator("list_policies").paginate(Scope="AWS") for p in page["Policies"]]
        self.assertGreater(len(managed), 1400)

    def test_waiters_and_life(self):
        iam = self.client("iam", self.server.admin)
        iam.create_user(UserName="brief")
        iam.get_waiter("user_exists").wait(UserName="brief")
        iam.attach_user_policy(UserName="brief", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        self.refused("DeleteConflict", 409, iam.delete_user, UserName="brief")
        self.refused("EntityAlreadyExists", 409, iam.create_user, UserName="BRIEF")
        iam.detach_user_policy(UserName="brief", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        iam.delete_user(UserName="brief")
        got = self.refused("NoSuchEntity", 404, iam.get_user, UserName="brief")
        self.assertEqual("The user with name brief cannot be found.", got)

    def test_document_comes_back(self):
        iam = self.client("iam", self.server.admin)
        doc = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MAIN}:user/maren"}, "Action": "sts:AssumeRole"}]}
        iam.create_role(RoleName="Echo", AssumeRolePolicyDocument=json.dumps(doc))
        self.assertEqual(doc, iam.get_role(RoleName="Echo")["Role"]["AssumeRolePolicyDocument"])


    def phone(self, user, name):
        """A virtual device of the user, enabled."""
        iam = self.client("iam", self.server.admin)
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
        self.assertEqual(b"\x89PNG", made["QRCodePNG"][:4])
        self.assertEqual(64, len(made["Base32StringSeed"]))
        p = Phone(made["SerialNumber"], made["Base32StringSeed"])
        first, second = p.pair()
        enable = {"UserName": user, "SerialNumber": p.serial}
        got = self.refused("InvalidAuthenticationCode", 403, iam.enable_mfa_device, **enable, AuthenticationCode1=second, AuthenticationCode2=first)
        self.assertEqual("Authentication code for device is not valid.", got)
        iam.enable_mfa_device(**enable, AuthenticationCode1=first, AuthenticationCode2=second)
        return p

    def test_mfa(self):
        s = self.server
        keys = s.user("mirja", allow("sts:*"), allow("iam:ListUsers"))
        role = s.role("Vault", trust(f"arn:aws:iam::{MAIN}:user/mirja", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}), allow("iam:ListUsers"))
        one, two = self.phone("mirja", "mirja"), self.phone("mirja", "mirja2")
        iam, sts = self.client("iam", s.admin), self.client("sts", keys)
        self.assertEqual({one.serial, two.serial}, {d["SerialNumber"] for d in iam.list_mfa_devices(UserName="mirja")["MFADevices"]})
        listed = iam.get_paginator("list_virtual_mfa_devices").paginate(AssignmentStatus="Assigned", PaginationConfig={"PageSize": 1}).build_full_result()
        self.assertEqual({"mirja"}, {d["User"]["UserName"] for d in listed["VirtualMFADevices"]})
        self.refused("DeleteConflict", 409, iam.delete_virtual_mfa_device, SerialNumber=one.serial)
        # GetSessionToken with a code, and the role by that session.
        token = one.next()
        mfa = {"SerialNumber": one.serial, "TokenCode": token}
        session = self.session(sts.get_session_token(**mfa))
        got = self.refused("AccessDenied", 403, sts.get_session_token, **mfa)
        self.assertEqual("MultiFactorAuthentication failed with invalid MFA one time pass code. ", got)
        self.client("iam", session).list_users()
        self.assume(session, role)
        # AssumeRole with a code; without, and with somebody else's device.
        self.refused("AccessDenied", 403, self.assume, keys, role)
        into = self.session(self.assume(keys, role, SerialNumber=two.serial, TokenCode=two.next()))
        self.client("iam", into).list_users()
        got = self.refused("AccessDenied", 403, self.assume, self.maren, role, SerialNumber=two.serial, TokenCode="123456")
        self.assertIn("unable to validate MFA code.  Please verify", got)
        # Away with them.
        for p in one, two:
            iam.deactivate_mfa_device(UserName="mirja", SerialNumber=p.serial)
            iam.tag_mfa_device(SerialNumber=p.serial, Tags=[{"Key": "floor", "Value": "3"}])
            self.assertEqual([{"Key": "floor", "Value": "3"}], iam.list_mfa_device_tags(SerialNumber=p.serial)["Tags"])
            iam.delete_virtual_mfa_device(SerialNumber=p.serial)
        self.refused("AccessDenied", 403, sts.get_session_token, SerialNumber=two.serial, TokenCode="123456")


if __name__ == "__main__":
    unittest.main(verbosity=1)
