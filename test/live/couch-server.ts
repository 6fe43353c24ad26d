/**
 * A server of CouchDB's protocol, for tests: express-pouchdb over a store in memory, a process of
 * its own. It prints `{"url":...}` whenever it begins to listen, and ends with its standard input,
 * so with its parent. Its arguments: the port (0: any), and a user and a password without whom
 * nothing is served.
 *
 * A line `away 2000` on its standard input makes it unreachable for 2,000 ms: it hangs up, prints
 * `{}`, refuses connections, and keeps what it has. Killing it instead would lose its memory, which
 * a CouchDB with a disk does not.
 *
 * For tests only: it holds each body in memory several times, and dies on multipart inserts.
 */

import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const PouchDB = require("pouchdb-core")
  .plugin(require("pouchdb-adapter-memory"))
  .plugin(require("pouchdb-mapreduce"))
  .plugin(require("pouchdb-find"));

const [port = "0", user, password] = process.argv.slice(2);

/** Without what writes logs and settings to files. */
const app = require("express-pouchdb")(PouchDB.defaults({ adapter: "memory" }), {
  mode: "minimumForPouchDB",
});

const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const server = createServer((request, response) => {
  if (user === undefined || request.headers.authorization === expected) {
    app(request, response);
    return;
  }
  response.writeHead(401, { "content-type": "application/json", connection: "close" });
  response.end('{"error":"unauthorized","reason":"Name or password is incorrect."}\n');
});

function listen(at: number): void {
  server.listen(at, "127.0.0.1");
}

server.on("listening", () => {
  process.stdout.write(`${JSON.stringify({ url: urlOf(server.address() as AddressInfo) })}\n`);
});
listen(Number(port));

function urlOf({ port: at }: AddressInfo): string {
  return `http://127.0.0.1:${at}`;
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [word, away_ms] = line.split(" ");
    if (word !== "away") return;
    const { port: at } = server.address() as AddressInfo;
    server.close(() => process.stdout.write("{}\n"));
    server.closeAllConnections();
    setTimeout(() => listen(at), Number(away_ms));
  })
  .on("close", () => process.exit());
