/** The gateway's HTTP API on a real cluster: each route, each limit, and what is refused. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { answerOf, type GatewayCluster, openCluster, until } from "./gateway-cluster.ts";

const MOST = 3;
const JSON_TYPE = "application/json";

let on: GatewayCluster;
const test = suite("gateway over HTTP");

test.before(async () => {
  on = await openCluster({ gateway: ["--max-invocations", `${MOST}`] });
});
test.after(() => on?.close());

const ROUTES = [
  ["get", "/health", [200, 503]],
  ["post", "/v1/workflows", [201, 413, 503]],
  ["get", "/v1/workflows", [200]],
  ["post", "/v1/workflows/{name}/invocations", [200, 202, 404, 413, 429, 503]],
  ["get", "/v1/invocations", [200]],
  ["get", "/v1/invocations/{id}", [200, 404]],
  ["delete", "/v1/invocations/{id}", [202, 404, 409]],
  ["get", "/v1/invocations/{id}/data/{datum}", [200, 404, 503]],
  ["get", "/v1/invocations/{id}/events", [200, 404]],
  ["get", "/v1/invocations/{id}/logs", [200, 404]],
  ["get", "/v1/activations", [200]],
  ["get", "/v1/events", [200]],
  ["get", "/v1/log", [200]],
  ["get", "/metrics", [200]],
  ["get", "/openapi.json", [200]],
] as const;

test("the OpenAPI document has every route with its answers, and no other", async () => {
  const { paths, openapi } = JSON.parse((await on.ask("/openapi.json")).text);
  assert.match(openapi, /^3\./);
  const documented = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => [
      method,
      path,
      Object.keys(responses).map(Number),
    ]),
  );
  const expected = ROUTES.map(([method, path, statuses]) => [
    method,
    path,
    [...new Set([400, 401, 500, ...statuses])].sort((a, b) => a - b),
  ]);
  const byText = (a: unknown, b: unknown): number => (`${a}` < `${b}` ? -1 : 1);
  assert.equal(documented.sort(byText), expected.sort(byText));
});

test("all that is wrong with a request is told at once, each with what to do", async () => {
  const { status, problems } = await on.ask("/v1/workflows/pair/invocations?wait=abc&waitt=3", {
    method: "POST",
    media: JSON_TYPE,
    body: '{"inptus": {}, "inputs": 3}',
  });
  assert.is(status, 400);
  const text = problems.join("\n");
  assert.match(text, /^body\.inptus: nothing reads it\. Did you mean "inputs"\?$/m);
  assert.match(text, /^body\.inputs is "3": it must be object\. Give values by the names/m);
  assert.match(text, /^query\.waitt: nothing reads it\. Did you mean "wait"\?$/m);
  assert.match(text, /^query\.wait is "abc": it must be number\. Give the seconds to wait/m);
  assert.is(problems.length, 4);
});

test("a workflow file with several errors is refused with all of them", async () => {
  const body = "faasflow: 1\nname: x\ntaks: 3\ntasks:\n  a: { sleep: 3 parsecs }\n";
  const { status, problems } = await on.ask("/v1/workflows", {
    method: "POST",
    media: "application/yaml",
    body,
  });
  assert.is(status, 400);
  assert.match(problems.join("\n"), /workflow:3:1 [\s\S]*workflow:5:/);
});

test("a workflow with containers that no worker could ever start is refused, each task named", async () => {
  const huge = "container: { memory: 1000 GiB }, sleep: 1 ms";
  const body = `faasflow: 1\nname: huge\ntasks:\n  a: { ${huge} }\n  b: { sleep: 1 ms }\n  c: { ${huge} }\n`;
  const { status, problems } = await on.ask("/v1/workflows", {
    method: "POST",
    media: "application/yaml",
    body,
  });
  assert.is(status, 400);
  assert.match(problems.join("\n"), /^task a: its container takes 1073741824000 bytes.*\ntask c: /);
  const deployed = await on.ask("/v1/workflows");
  assert.not.match(deployed.text, /huge/);
});

test("an id that is none, an unknown invocation and an unknown path are told apart", async () => {
  const [wrong, unknown, nothing] = await Promise.all([
    on.ask("/v1/invocations/abc"),
    on.ask("/v1/invocations/99999"),
    on.ask("/v1/invocation"),
  ]);
  assert.is(wrong.status, 400);
  assert.match(wrong.problems[0]!, /^params\.id is "abc": .*Give the id of an invocation/);
  assert.is(unknown.status, 404);
  assert.match(unknown.problems[0]!, /no invocation 99999/);
  assert.is(nothing.status, 404);
  assert.match(nothing.problems[0]!, /\/openapi\.json/);
});

test("without the token nothing is served", async () => {
  for (const [method, path] of ROUTES) {
    const url = `${on.cluster.url}${path.replace("{id}", "0")}`;
    const wrong = await answerOf(url, { method, headers: { authorization: "Bearer wrong" } });
    assert.is(wrong.status, 401, path);
  }
});

test("a body over the limit is refused with the limit", async () => {
  const body = new Uint8Array(9 * 1024 * 1024).fill(32);
  const request = { method: "POST", media: JSON_TYPE, body };
  const { status, problems } = await on.ask("/v1/workflows/pair/invocations", request);
  assert.is(status, 413);
  assert.match(problems[0]!, /larger than 8388608 bytes/);
});

test("a body of another kind is refused with the kinds that are taken", async () => {
  const request = { method: "POST", media: "image/png", body: "x" };
  const { status, problems } = await on.ask("/v1/workflows", request);
  assert.is(status, 415);
  assert.match(problems[0]!, /application\/json.*application\/yaml/);
});

test("an unknown workflow and an input that nobody reads are refused", async () => {
  const invoke = (name: string, body: string) =>
    on.ask(`/v1/workflows/${name}/invocations`, { method: "POST", media: JSON_TYPE, body });
  const unknown = await invoke("nothing", "{}");
  assert.is(unknown.status, 404);
  assert.match(unknown.problems[0]!, /Deployed: pair, slow, talk/);
  const input = await invoke("pair", '{"inputs": {"size": 3}}');
  assert.is(input.status, 400);
  assert.match(input.problems[0]!, /"size" is no input of pair/);
});

test("an invocation is accepted at once, can be waited for, and is listed", async () => {
  const id = await on.start("pair");
  const { status, text } = await on.ask(`/v1/invocations/${id}?wait=20`);
  assert.is(status, 200);
  const ended = JSON.parse(text);
  assert.is(ended.state, "finished");
  assert.ok(ended.latency_s > 0);
  const list = JSON.parse((await on.ask("/v1/invocations")).text);
  assert.equal(
    list.find((each: { id: number }) => each.id === id),
    ended,
  );
});

test("the same file once more is no new version, another one is", async () => {
  const deploy = async (body: string) => {
    const request = { method: "POST", media: "application/yaml", body };
    return JSON.parse((await on.ask("/v1/workflows", request)).text).version;
  };
  const text = "faasflow: 1\nname: versions\ntasks:\n  a: { sleep: 1 ms }\n";
  assert.equal([await deploy(text), await deploy(text)], [1, 1]);
  assert.is(await deploy(text.replace("1 ms", "2 ms")), 2);
});

test("beyond the most in flight an invocation is refused, and taken when one has ended", async () => {
  const ids = [await on.start("slow"), await on.start("slow"), await on.start("slow")];
  const refused = await on.ask("/v1/workflows/pair/invocations", { method: "POST" });
  assert.is(refused.status, 429);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.match(refused.problems[0]!, /3 invocations are in flight.*--max-invocations/);
  await on.end(ids[0]!);
  const { id } = await on.run("pair");
  assert.ok(id > ids[2]!);
  await Promise.all(ids.slice(1).map((id) => on.end(id)));
});

test("a cancelled invocation is over, and cannot be cancelled again", async () => {
  const id = await on.start("slow");
  const cancel = () => on.ask(`/v1/invocations/${id}`, { method: "DELETE" });
  assert.is((await cancel()).status, 202);
  const { state, reason } = JSON.parse((await on.ask(`/v1/invocations/${id}?wait=20`)).text);
  assert.equal([state, reason], ["failed", "cancelled"]);
  assert.is((await cancel()).status, 409);
});

test("a result can be fetched, another datum cannot", async () => {
  const { id } = await on.run("pair");
  const { status, text } = await on.ask(`/v1/invocations/${id}/data/two.result`);
  assert.equal([status, text.length], [200, 100]);
  const gone = await on.ask(`/v1/invocations/${id}/data/one.out`);
  assert.is(gone.status, 404);
  assert.match(gone.problems.join(" "), /Results are what no task reads/);
});

test("when a worker is lost the others take over: invocations are accepted and finish", async () => {
  process.kill(on.cluster.pids.get("worker-2")!, "SIGKILL");
  const lost = async (): Promise<boolean> => {
    const { status, text } = await on.ask("/health");
    const members: readonly { node: string; lost: boolean }[] = JSON.parse(text).members;
    return status === 503 && members.some(({ node, lost }) => node === "worker-2" && lost);
  };
  await until("the loss is noticed", lost);
  const { state, reason } = await on.run("pair");
  assert.is(state, "finished", reason);
});

test.run();
