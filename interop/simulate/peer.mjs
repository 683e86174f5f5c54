// Decides cases as `deputy policy decide` does, by @cloud-copilot/iam-simulate:
// a JSON array on standard input, a line for each case: Allow, ImplicitDeny,
// ExplicitDeny, or "-" and why the simulator cannot be asked.
//   node peer.mjs PATH-TO-ITS-index.js
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { runSimulation, typeForContextKey, isConditionKeyArray } = await import(pathToFileURL(resolve(process.argv[2])));
const words = { Allowed: "Allow", ImplicitlyDenied: "ImplicitDeny", ExplicitlyDenied: "ExplicitDeny" };

class Unaskable extends Error {}

function principal(p) {
  switch (p.type) {
    case "Anonymous": return { type: "Anonymous" };
    case "Service": return p.service;
    case "WebIdentity": case "SAML": throw new Unaskable(`principal ${p.type}`);
  }
  return p.arn;
}

// It takes a list where the key's type is one, and the first of several values where it is not.
async function context(all) {
  const out = {};
  for (const [key, values] of Object.entries(all ?? {})) {
    let type;
    try { type = await typeForContextKey(key); } catch { throw new Unaskable("context key that it does not know"); }
    if (values.length === 0) throw new Unaskable("context key without a value");
    if (values.length > 1 && !isConditionKeyArray(type)) throw new Unaskable("several values of a key of one");
    out[key] = values.length === 1 ? values[0] : values;
  }
  return out;
}

const named = (list) => (list ?? []).map((policy, i) => ({ name: `policy-${i}`, policy }));
const levels = (list) => (list ?? []).map((l, i) => ({ orgIdentifier: `level-${i}`, policies: named(l).map((p) => ({ ...p, name: `${i}-${p.name}` })) }));

// The first of its errors about a policy.
function detail(errors) {
  for (const kind of Object.values(errors)) {
    for (const list of Array.isArray(kind) ? [kind] : Object.values(kind)) {
      if (list[0]?.message) return `: ${list[0].message}`;
    }
  }
  return "";
}

async function decide(c) {
  const { request: r, policies: p } = c;
  if ((p.session ?? []).length > 1) throw new Unaskable("several session policies");
  if (r.principal.issuer?.arn?.endsWith(":root")) throw new Unaskable("federated user of root");
  const simulation = {
    request: {
      principal: principal(r.principal),
      action: r.action,
      resource: { resource: r.resource.arn, accountId: r.resource.account ?? r.principal.account ?? "" },
      contextVariables: await context(r.context),
    },
    identityPolicies: named(p.identity),
    sessionPolicy: p.session?.[0],
    serviceControlPolicies: levels(p.scps),
    resourceControlPolicies: levels(p.rcps),
    resourcePolicy: p.resource,
    permissionBoundaryPolicies: p.boundary ? named([p.boundary]) : undefined,
  };
  const result = await runSimulation(simulation, { simulationMode: "Strict" });
  if (result.resultType === "error") throw new Unaskable(`it says ${result.errors.message}${detail(result.errors)}`);
  if (result.resultType !== "single") throw new Unaskable("wildcard in the resource asked for");
  const ignored = result.result.ignoredContextKeys ?? [];
  if (ignored.length > 0) throw new Unaskable("context key that it ignores for the action");
  return words[result.overallResult];
}

for (const c of JSON.parse(readFileSync(0, "utf8"))) {
  let line;
  try { line = await decide(c); } catch (e) { line = e instanceof Unaskable ? `- ${e.message}` : `- it fails: ${e.message.split("\n")[0].slice(0, 60)}`; }
  console.log(line);
}
