// Answers the requests of the list of attacks by the policies of the templates: node evaluate.mjs input.json
// The input comes from `cargo xtask ci`: requests, and templates with the parameters that policies depend on. A request that
// the evaluator takes for impossible (no such action, no such resource of the action) is a failure, not a denial.
import { readFileSync } from "node:fs";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const { account, region, templates, requests } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const PSEUDO = { "AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": "aws" };

/** ARN of a resource whose name the template has; what only AWS knows of it is any six characters or the id itself. */
function arnOf(id, resource) {
  const properties = resource.Properties ?? {};
  switch (resource.Type) {
    case "AWS::IAM::Role":
      return `arn:aws:iam::${account}:role/${properties.RoleName}`;
    case "AWS::IAM::ManagedPolicy":
      return `arn:aws:iam::${account}:policy/${properties.ManagedPolicyName}`;
    case "AWS::SecretsManager::Secret":
      return `arn:aws:secretsmanager:${region}:${account}:secret:${properties.Name}-??????`;
    case "AWS::Logs::LogGroup":
      return `arn:aws:logs:${region}:${account}:log-group:${properties.LogGroupName}:*`;
    case "AWS::Route53::HostedZone":
      return `ZMADEBY${id}`;
    default:
      throw new Error(`${id}: a policy refers to a ${resource.Type}, of which no ARN is known here`);
  }
}

/** A value of a template without its functions. */
function resolve(value, { template, parameters }) {
  const scope = { template, parameters };
  const named = (name) => {
    if (name in PSEUDO) return PSEUDO[name];
    if (parameters[name]) return parameters[name];
    const id = name.split(".")[0];
    if (!template.Resources[id]) throw new Error(`nothing is known of ${name}`);
    return arnOf(id, template.Resources[id]);
  };
  if (Array.isArray(value)) return value.map((inner) => resolve(inner, scope));
  if (value === null || typeof value !== "object") return value;
  const [[name, argument], ...more] = Object.entries(value);
  if (more.length === 0) {
    if (name === "Ref") return named(argument);
    if (name === "Fn::GetAtt") return named([argument].flat()[0]);
    if (name === "Fn::Join") return resolve(argument[1], scope).join(argument[0]);
    if (name === "Fn::Sub") {
      const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
      const value = (it) => (it in own ? resolve(own[it], scope) : it[0] === "!" ? `\${${it.slice(1)}}` : named(it));
      return text.replaceAll(/\$\{([^}]*)\}/g, (_, it) => value(it));
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner, scope)]));
}

const policies = new Map();
for (const { template } of templates) {
  for (const [id, resource] of Object.entries(template.Resources)) {
    if (resource.Type !== "AWS::IAM::ManagedPolicy") continue;
    policies.set(arnOf(id, resource), resolve(resource.Properties.PolicyDocument, { template, parameters: {} }));
  }
}

/** Tags of a role in place of their variables, in ARNs of services that put no type before the name (SNS): the evaluator
 * takes the slash in the variable for the end of a type. */
function named(policy, tags) {
  const fill = (arn) => {
    if (!/^(?:[^:]*:){5}[^/:]*\$\{aws:PrincipalTag\//.test(arn)) return arn;
    return arn.replaceAll(/\$\{aws:PrincipalTag\/([^}]*)\}/g, (variable, tag) => tags[tag] ?? variable);
  };
  const statements = [policy.Statement].flat();
  return { ...policy, Statement: statements.map((it) => (it.Resource ? { ...it, Resource: [it.Resource].flat().map(fill) } : it)) };
}

const roles = new Map();
for (const { template, parameters } of templates) {
  for (const resource of Object.values(template.Resources)) {
    if (resource.Type !== "AWS::IAM::Role") continue;
    const scope = { template, parameters };
    const { RoleName, Policies = [], ManagedPolicyArns = [], Tags = [], PermissionsBoundary } = resource.Properties;
    const managed = (arn) => {
      if (!policies.has(arn)) throw new Error(`${RoleName}: no template has its policy ${arn}`);
      return { name: arn, policy: policies.get(arn) };
    };
    const boundary = PermissionsBoundary && resolve(PermissionsBoundary, scope);
    const tags = Object.fromEntries(resolve(Tags, scope).map(({ Key, Value }) => [Key, Value]));
    const identityPolicies = [
      ...Policies.map((it) => ({ name: it.PolicyName, policy: resolve(it.PolicyDocument, scope) })),
      ...resolve(ManagedPolicyArns, scope).map(managed),
    ];
    roles.set(RoleName, {
      keys: Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
      policies: {
        identityPolicies: identityPolicies.map(({ name, policy }) => ({ name, policy: named(policy, tags) })),
        permissionBoundaryPolicies: boundary && [managed(boundary)],
      },
    });
  }
}

let wrong = 0;
const found = { true: 0, false: 0 };
for (const { attack, role, action, resource, keys, allowed } of requests) {
  const complain = (what) => {
    wrong += 1;
    console.log(`${role}: ${attack} (${action} on ${resource}): ${what}`);
  };
  if (!roles.has(role)) {
    complain("no template has the role");
    continue;
  }
  if (resource !== "*" && resource.includes("*")) {
    complain("a request is on one resource, and the evaluator compares patterns without the tags in them");
    continue;
  }
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/${role}`,
        action,
        resource: { resource, accountId: account },
        contextVariables: { ...roles.get(role).keys, ...keys },
      },
      ...roles.get(role).policies,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (result.resultType === "error") {
    complain(`it cannot be evaluated: ${JSON.stringify(result.errors)}`);
    continue;
  }
  const answer = result.overallResult === "Allowed";
  found[answer] += 1;
  if (answer !== allowed) complain(`${result.overallResult}, and the list says ${allowed ? "allowed" : "denied"}`);
}
console.log(`${requests.length} requests: ${found.false} denied, ${found.true} allowed, ${wrong} otherwise than the list says`);
// A list that allows nothing, or denies nothing, would tell nothing.
if (wrong > 0 || found.true === 0 || found.false === 0) process.exit(1);
