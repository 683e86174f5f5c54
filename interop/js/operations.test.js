// Each operation of STS through aws-sdk-js v3: that the answers and the errors read
// as the SDK expects. What assume-role does in particular is in sdk.test.js.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, test } from "node:test";
import { CreateVirtualMFADeviceCommand, EnableMFADeviceCommand, EnableOutboundWebIdentityFederationCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import * as sts from "@aws-sdk/client-sts";

const info = JSON.parse(process.env.DEPUTYD_INFO);
const keys = (c) => ({ accessKeyId: c.access_key_id, secretAccessKey: c.secret_access_key });
const client = (credentials, Client = sts.STSClient) => new Client({ endpoint: info.endpoint, region: "eu-central-1", credentials, maxAttempts: 1 });
const user = client(keys(info.user)), admin = client(keys(info.admin)), iam = client(keys(info.admin), IAMClient);
const session = (c) => client({ accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretAccessKey, sessionToken: c.SessionToken });
const refused = (promise, name, status) => assert.rejects(promise, (e) => {
  assert.deepEqual([e.name, e.$metadata.httpStatusCode], [name, status], e.message);
  return true;
});

// The code of RFC 6238 for a step beside the present one.
function code(seed, beside = 0) {
  const bits = [...seed].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + beside));
  const h = createHmac("sha1", key).update(step).digest();
  const at = h[19] & 15;
  return String((h.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, "0");
}

let userName;
before(async () => {
  userName = (await user.send(new sts.GetCallerIdentityCommand({}))).Arn.split("/").pop();
  await iam.send(new PutUserPolicyCommand({ UserName: userName, PolicyName: "sts", PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "sts:*", Resource: "*" } }) }));
});

test("GetSessionToken, without and with MFA", async () => {
  const plain = await user.send(new sts.GetSessionTokenCommand({ DurationSeconds: 900 }));
  assert.ok(plain.SessionTokenSize > 0);
  await refused(session(plain.Credentials).send(new sts.GetSessionTokenCommand({})), "AccessDenied", 403);
  const device = (await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: "js" }))).VirtualMFADevice;
  const seed = Buffer.from(device.Base32StringSeed).toString();
  assert.equal(Buffer.from(device.QRCodePNG).subarray(1, 4).toString(), "PNG");
  await iam.send(new EnableMFADeviceCommand({ UserName: userName, SerialNumber: device.SerialNumber, AuthenticationCode1: code(seed, -1), AuthenticationCode2: code(seed) }));
  const withCode = (TokenCode) => user.send(new sts.GetSessionTokenCommand({ SerialNumber: device.SerialNumber, TokenCode }));
  const next = code(seed, 1);
  await withCode(next);
  await refused(withCode(next), "AccessDenied", 403);
});

test("GetFederationToken", async () => {
  const a = await user.send(new sts.GetFederationTokenCommand({ Name: "bob", DurationSeconds: 900, Tags: [{ Key: "team", Value: "blue" }] }));
  assert.match(a.FederatedUser.Arn, /:federated-user\/bob$/);
  assert.equal((await session(a.Credentials).send(new sts.GetCallerIdentityCommand({}))).Arn, a.FederatedUser.Arn);
});

test("GetAccessKeyInfo", async () => {
  assert.equal((await user.send(new sts.GetAccessKeyInfoCommand({ AccessKeyId: info.user.access_key_id }))).Account, info.account);
});

test("DecodeAuthorizationMessage", async () => {
  await refused(user.send(new sts.DecodeAuthorizationMessageCommand({ EncodedMessage: "nobody-encoded-it" })), "InvalidAuthorizationMessageException", 400);
});

test("AssumeRoleWithSAML", async () => {
  const assertion = Buffer.from("<Response/>").toString("base64");
  await refused(user.send(new sts.AssumeRoleWithSAMLCommand({ RoleArn: info.role_arn, PrincipalArn: `arn:aws:iam::${info.account}:saml-provider/none`, SAMLAssertion: assertion })), "InvalidIdentityTokenException", 400);
});

test("AssumeRoot", async () => {
  await refused(admin.send(new sts.AssumeRootCommand({ TargetPrincipal: "999988887777", TaskPolicyArn: { arn: "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials" } })), "AccessDenied", 403);
});

test("GetWebIdentityToken", async () => {
  const ask = () => admin.send(new sts.GetWebIdentityTokenCommand({ Audience: ["https://api.example"], SigningAlgorithm: "ES384", DurationSeconds: 300 }));
  await refused(ask(), "OutboundWebIdentityFederationDisabledException", 403);
  await iam.send(new EnableOutboundWebIdentityFederationCommand({}));
  const a = await ask();
  assert.equal(JSON.parse(Buffer.from(a.WebIdentityToken.split(".")[1], "base64url")).aud, "https://api.example");
});

test("GetDelegatedAccessToken", async () => {
  await assert.rejects(admin.send(new sts.GetDelegatedAccessTokenCommand({ TradeInToken: "nobody.has-it" })), (e) => e.$metadata.httpStatusCode === 400);
});
