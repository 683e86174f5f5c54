// Times @cloud-copilot/iam-simulate on the sets and prints lines as `go test -bench`
// does. It is the evaluator's fastest public entry: no validation of its input.
//   node simulate.mjs PATH-TO-ITS-index.js SETS COUNT
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [library, root, count] = process.argv.slice(2);
const { runUnsafeSimulation } = await import(pathToFileURL(resolve(library)));
const account = "111122223333";

function read(name) {
  const dir = join(root, name);
  const json = (f) => JSON.parse(readFileSync(join(dir, f), "utf8"));
  const identityPolicies = readdirSync(dir).filter((f) => f !== "requests.json").sort().map((f) => ({ name: f, policy: json(f) }));
  return json("requests.json").map((r) => ({
    allow: r.allow,
    name: r.name,
    simulation: {
      request: {
        principal: `arn:aws:iam::${account}:user/${r.user}`,
        action: r.action,
        resource: { resource: `arn:aws:s3:::${r.bucket}${r.key ? "/" + r.key : ""}`, accountId: account },
        contextVariables: r.context,
      },
      identityPolicies,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
  }));
}

const decide = (r) => runUnsafeSimulation(r.simulation, {}) === "Allowed";

// As long as it takes for half a second, in whole turns of the requests.
function time(requests) {
  for (let turns = 1; ; turns *= 2) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < turns; i++) for (const r of requests) decide(r);
    const ns = Number(process.hrtime.bigint() - start);
    if (ns > 5e8) return [turns * requests.length, ns / (turns * requests.length)];
  }
}

for (const name of ["small", "typical", "large"]) {
  const requests = read(name);
  for (const r of requests) assert.equal(decide(r), r.allow, `${name}/${r.name}`);
  time(requests); // warm
  for (let i = 0; i < count; i++) {
    const [n, ns] = time(requests);
    console.log(`BenchmarkDecide/iam-simulate/${name}\t${n}\t${ns.toFixed(0)} ns/op`);
  }
}
