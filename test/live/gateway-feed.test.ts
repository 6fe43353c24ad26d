/** What can be seen of a real cluster over HTTP: events, logs, what runs, figures. */

import * as Effect from "effect/Effect";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readEventLog } from "../../analysis/event-reader.ts";
import { InvariantChecker } from "../../analysis/invariants.ts";
import { processorIn } from "../../analysis/processor-speed.ts";
import { planOf } from "../../live/deployments.ts";
import { parseWorkflow } from "../../workflows/load.ts";
import { answerOf, type GatewayCluster, openCluster, PAIR, until } from "./gateway-cluster.ts";

/** What is still said after the last finish. */
const SETTLE_MS = 500;

let on: GatewayCluster;
const test = suite("gateway feed");

test.before(async () => {
  on = await openCluster({ worker: ["--http", "127.0.0.1:0"] });
});
test.after(() => on?.close());

test("what runs is shown with its task and worker while it runs", async () => {
  const id = await on.start("slow");
  const mine = async () => {
    const all = JSON.parse((await on.ask("/v1/activations")).text);
    return all.find((each: { invocation: number }) => each.invocation === id);
  };
  await until("it runs", async () => (await mine())?.state === "running");
  const { workflow, task, node, attempt } = await mine();
  assert.equal([workflow, task, attempt], ["slow", "wait", 1]);
  assert.match(node, /^worker-[12]$/);
  await on.end(id);
  assert.is(await mine(), undefined);
});

interface Sent {
  readonly id: number;
  readonly kind: string;
  readonly data: Record<string, unknown>;
}

function sentIn(text: string): readonly Sent[] {
  return [...text.matchAll(/^id: (\d+)\nevent: (.*)\ndata: (.*)$/gm)].map(([, id, kind, data]) => ({
    id: Number(id),
    kind: kind!,
    data: JSON.parse(data!),
  }));
}

test("the event stream of an invocation has all of it, with names, and ends with it", async () => {
  const id = await on.start("pair");
  const { text, headers } = await on.ask(`/v1/invocations/${id}/events`);
  assert.match(headers.get("content-type")!, /^text\/event-stream/);
  const sent = sentIn(text);
  assert.is(sent[0]!.kind, "arrival");
  assert.equal(
    ["finish", "complete"].map((kind) => sent.filter((each) => each.kind === kind).length),
    [1, 2],
  );
  const start_ = sent.find(({ kind }) => kind === "start")!;
  assert.equal([start_.data["task"], start_.data["workflow"]], ["one", "pair"]);
  assert.ok(sent.every((each, at) => at === 0 || each.id > sent[at - 1]!.id));
});

test("an event stream goes on after the event that is known already", async () => {
  const { id } = await on.run("pair");
  const all = sentIn((await on.ask(`/v1/invocations/${id}/events`)).text);
  const known = all[4]!.id;
  const bySince = await on.ask(`/v1/invocations/${id}/events?since=${known}`);
  const headers = { "last-event-id": `${known}` };
  const byHeader = await on.ask(`/v1/invocations/${id}/events`, { headers });
  assert.equal(sentIn(bySince.text), all.slice(5));
  assert.equal(sentIn(byHeader.text), all.slice(5));
});

test("the stream of all events brings those of every invocation as they happen", async () => {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${on.cluster.token}` };
  const url = `${on.cluster.url}/v1/events`;
  const { body } = await fetch(url, { headers, signal: stop.signal });
  const { id } = await on.run("pair");
  let text = "";
  const isOver = (): boolean =>
    sentIn(text).some(({ kind, data }) => kind === "finish" && data["invocation"] === id);
  const decoder = new TextDecoder();
  const reader = body!.getReader();
  while (!isOver()) text += decoder.decode((await reader.read()).value, { stream: true });
  stop.abort();
  assert.is(sentIn(text).find(({ data }) => data["invocation"] === id)!.kind, "arrival");
});

test("the log is one that analysis reads, complete, and keeps the invariants", async () => {
  const first = (await on.run("pair")).id;
  const last = (await on.run("pair")).id;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const text = await Effect.runPromise(on.client.log({ from: first, to: last }));
  const { header, events } = await readEventLog(text.trimEnd().split("\n"), { file: "log" });
  assert.equal([header.config["events_missing"], header.config["events_forgotten"]], [0, 0]);
  assert.ok(processorIn(header).paces.length > 0, "the pace of the cores is told");
  const parsed = parseWorkflow(PAIR);
  assert.ok(parsed.ok);
  const { spec } = parsed;
  const deployment = { id: 0, version: 1, spec, partition: "faasflow-plus" } as const;
  const plan = planOf({ ...deployment, storage: "faastore" }, { workers: 2 });
  const checker = new InvariantChecker({ plans: [plan] });
  const ids = new Set<number>();
  for await (const event of events) {
    if (event.invocation >= 0) ids.add(event.invocation);
    if (event.plan === 0) checker.add(event);
  }
  assert.equal(
    checker.finish().map(({ text: violation }) => violation),
    [],
  );
  assert.equal([...ids], [first, last]);
});

test("what a function wrote, and why it failed, is in the logs of its invocation", async () => {
  const { id } = await on.run("talk");
  const { lines, cut } = JSON.parse((await on.ask(`/v1/invocations/${id}/logs`)).text);
  assert.is(cut, 0);
  const text = lines.map((each: { text: string }) => each.text).join("\n");
  assert.match(text, /hello[\s\S]*bye/);
  assert.is(lines[0].task, "speak");
  assert.match(lines[0].node, /^worker-/);
});

test("the gateway's figures count invocations and requests", async () => {
  await on.run("pair");
  const { text, headers } = await on.ask("/metrics");
  assert.match(headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const value = (pattern: RegExp): number => Number(pattern.exec(text)?.[1]);
  const finished = value(/^faasflow_invocations_total\{workflow="pair",state="finished"\} (\d+)$/m);
  assert.ok(finished > 0);
  assert.is(
    value(/^faasflow_invocation_latency_seconds_count\{workflow="pair"\} (\d+)$/m),
    finished,
  );
  assert.is(value(/^faasflow_invocations_in_flight (\d+)$/m), 0);
  assert.match(text, /^faasflow_http_requests_total\{.*route="\/v1\/invocations\/:id".*\} \d+$/m);
  assert.ok(value(/^faasflow_messages_sent_total (\d+)$/m) > 0);
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
});

/** Where the workers serve /health and /metrics. */
function watched(): readonly string[] {
  return on.lines.flatMap((line) => {
    const [, url] = /"url":"(http:[^"]*)".*serves \/health/.exec(line) ?? [];
    return url === undefined ? [] : [url];
  });
}

test("a worker that is asked to serves its health and its figures", async () => {
  await on.run("pair");
  const headers = { authorization: `Bearer ${on.cluster.token}` };
  const urls = watched();
  assert.is(urls.length, 2);
  const texts: string[] = [];
  for (const url of urls) {
    const health = await answerOf(`${url}/health`, { headers });
    assert.is(health.status, 200, health.text);
    assert.is((await answerOf(`${url}/metrics`)).status, 401);
    texts.push((await answerOf(`${url}/metrics`, { headers })).text);
  }
  const all = texts.join("\n");
  assert.match(all, /^faasflow_cold_starts_total [1-9]/m);
  assert.match(all, /^faasflow_data_bytes_total\{operation="put",tier="remote"\} [1-9]/m);
  assert.match(all, /^faasflow_faastore_quota_bytes [1-9]/m);
  assert.match(all, /^faasflow_containers\{state="idle"\} [1-9]/m);
});

test.run();
