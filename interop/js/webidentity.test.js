// Web identities through aws-sdk-js v3, with an issuer of its own on loopback.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromTokenFile } from "@aws-sdk/credential-providers";

const info = JSON.parse(process.env.DEPUTYD_INFO);
const region = "ap-south-1";
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const b64 = (v) => Buffer.from(JSON.stringify(v)).toString("base64url");
let issuer, url, provider, role;

function token(claims) {
  const now = Math.floor(Date.now() / 1000);
  const text = [{ alg: "ES256", kid: "one" }, { iss: url, sub: "alice", aud: "app", iat: now, exp: now + 600, ...claims }].map(b64).join(".");
  return text + "." + sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
}

before(async () => {
  issuer = createServer((req, res) => {
    const documents = {
      "/.well-known/openid-configuration": { issuer: url, jwks_uri: url + "/keys" },
      "/keys": { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", use: "sig" }] },
    };
    res.end(JSON.stringify(documents[req.url]));
  });
  await new Promise((done) => issuer.listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${issuer.address().port}`;
  url = "http://" + host;
  const admin = { accessKeyId: info.admin.access_key_id, secretAccessKey: info.admin.secret_access_key };
  const iam = new IAMClient({ endpoint: info.endpoint, region, credentials: admin, maxAttempts: 1 });
  provider = (await iam.send(new CreateOpenIDConnectProviderCommand({ Url: url, ClientIDList: ["app"] }))).OpenIDConnectProviderArn;
  const trust = { Version: "2012-10-17", Statement: { Effect: "Allow", Principal: { Federated: provider }, Action: "sts:AssumeRoleWithWebIdentity", Condition: { StringEquals: { [host + ":sub"]: "alice" } } } };
  role = (await iam.send(new CreateRoleCommand({ RoleName: "js-web", AssumeRolePolicyDocument: JSON.stringify(trust) }))).Role.Arn;
});
after(() => issuer.close());

test("a token enters the role, unsigned", async () => {
  const sts = new STSClient({ endpoint: info.endpoint, region, maxAttempts: 1, credentials: () => assert.fail("no credentials are needed") });
  const answer = await sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: role, RoleSessionName: "js", WebIdentityToken: token() }));
  assert.equal(answer.Provider, provider);
  assert.equal(answer.SubjectFromWebIdentityToken, "alice");
  await assert.rejects(sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: role, RoleSessionName: "js", WebIdentityToken: token({ sub: "mallory" }) })), (e) => e.name === "AccessDenied");
  await assert.rejects(sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: role, RoleSessionName: "js", WebIdentityToken: token({ exp: 2, iat: 1 }) })), (e) => e.name === "ExpiredTokenException");
});

test("a token file serves as credentials", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "token-")), "token");
  writeFileSync(file, token());
  const credentials = fromTokenFile({ webIdentityTokenFile: file, roleArn: role, roleSessionName: "from-file", clientConfig: { endpoint: info.endpoint, region } });
  const me = await new STSClient({ endpoint: info.endpoint, region, credentials }).send(new GetCallerIdentityCommand({}));
  assert.match(me.Arn, /assumed-role\/js-web\/from-file$/);
});
