// aws-sdk-js v3 against deputyd. DEPUTYD_INFO is what `deputyd dev --json` printed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateUserCommand, IAMClient, ListUsersCommand, paginateListUsers } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";

const info = JSON.parse(process.env.DEPUTYD_INFO);
const keys = (c) => ({ accessKeyId: c.access_key_id, secretAccessKey: c.secret_access_key });
const config = (credentials) => ({ endpoint: info.endpoint, region: "ap-south-1", credentials, maxAttempts: 1 });
const user = new STSClient(config(keys(info.user)));
const assume = (more) => user.send(new AssumeRoleCommand({ RoleArn: info.role_arn, RoleSessionName: "node", ...more }));

test("assumes the role and is it", async () => {
  const { Credentials: c, AssumedRoleUser: who } = await assume({ ExternalId: info.external_id });
  const sts = new STSClient(config({ accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretAccessKey, sessionToken: c.SessionToken }));
  const me = await sts.send(new GetCallerIdentityCommand({}));
  assert.equal(me.Arn, who.Arn);
  assert.equal(me.Account, info.account);
  assert.ok(c.Expiration instanceof Date);
});

test("is refused with AWS's text", async () => {
  await assert.rejects(assume({ ExternalId: "wrong" }), (e) => {
    assert.equal(e.name, "AccessDenied");
    assert.equal(e.$metadata.httpStatusCode, 403);
    assert.match(e.message, / is not authorized to perform: sts:AssumeRole on resource: /);
    assert.ok(e.$metadata.requestId);
    return true;
  });
  await assert.rejects(assume({ ExternalId: info.external_id, DurationSeconds: 899 }), (e) => e.name === "ValidationError");
  await assert.rejects(assume({ RoleSessionName: "x" }), (e) => /'roleSessionName' failed to satisfy constraint/.test(e.message));
});

test("a credential provider assumes on its own", async () => {
  const credentials = fromTemporaryCredentials({
    masterCredentials: keys(info.user),
    clientConfig: { endpoint: info.endpoint, region: "ap-south-1" },
    params: { RoleArn: info.role_arn, RoleSessionName: "provider", ExternalId: info.external_id },
  });
  const me = await new STSClient(config(credentials)).send(new GetCallerIdentityCommand({}));
  assert.match(me.Arn, /assumed-role\/demo\/provider$/);
});

test("pages through users in order", async () => {
  const iam = new IAMClient(config(keys(info.admin)));
  const names = Array.from({ length: 7 }, (_, n) => `js-${n}`);
  for (const UserName of names) await iam.send(new CreateUserCommand({ UserName, Path: "/js/" }));
  const got = [];
  for await (const page of paginateListUsers({ client: iam, pageSize: 3 }, { PathPrefix: "/js/" })) got.push(...page.Users.map((u) => u.UserName));
  assert.deepEqual(got, names);
  await assert.rejects(new IAMClient(config(keys(info.user))).send(new ListUsersCommand({})), (e) => e.name === "AccessDenied");
});
