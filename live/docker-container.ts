/**
 * Containers that are Docker containers, of an engine on this machine. Messages go over a socket that
 * is mounted into the container; data over the worker's shared memory, mounted at the same path, so
 * that nothing is copied. A function sees, read only, the program, the folder of its own package and
 * the local store's parts; it can write to the worker's scratch directories and a /tmp of its own. It
 * has no network, and no way to ask for one: a function that needs it runs in a process container. It
 * has no capabilities, the worker's user id and none of its environment.
 *
 * Memory: the engine's limit holds for all that runs in the container and, as the kernel counts them,
 * for the files it wrote to shared memory as long as they are there: so the limit is the task's memory,
 * what Node takes, and what the local store may hold of it (`BootSpec.files`).
 *
 * A container ends when its worker does: its program hears that the channel is closed, and the
 * worker's guard kills it. What is left of those of a worker that was killed, the next worker that
 * starts on the machine removes: each carries the mark of its owner.
 */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { RunSpec } from "../core/workflow/spec.ts";
import { BUILTIN } from "../workflows/function-modules.ts";
import { resourceUrl } from "../workflows/resources.ts";
import type { ContainerKind, End, Vessel, VesselListener, VesselSpec } from "./container.ts";
import { CHANNEL_VARIABLE } from "./container-channel.ts";
import type { ToContainer } from "./container-protocol.ts";
import { type DockerEngine, EngineError, engineSocket, openEngine } from "./docker-engine.ts";
import { isNodeImage, nodeImage } from "./docker-image.ts";
import { LineChannel } from "./line-channel.ts";
import type { LocalFiles } from "./local-files.ts";
import { ProcessGuard } from "./process-guard.ts";
import { isLeftOver, ownMark } from "./process-mark.ts";
import { residentMiB } from "./resident-memory.ts";

export interface DockerOptions {
  readonly image: string;
  /** Directories of data, that functions read. */
  readonly readable: readonly string[];
  /** Directories that functions write to. */
  readonly writable: readonly string[];
  /** An existing directory for the sockets, with a short path. */
  readonly channels: string;
}

interface Mount {
  readonly source: string;
  readonly target: string;
  readonly access: "read" | "write";
}

const OWNER_LABEL = "faasflow.owner";
const PROGRAM = "dist/live/container-main.js";
/** Where the project and the channel are in a container. */
const INSIDE = "/faasflow";
const CHANNEL = `${INSIDE}/channel`;
const PROCESS_LIMIT = 512;
const MIB = 1024 * 1024;
/** After its program has ended, what is on its way in the channel is not waited for longer. */
const CLOSE_LIMIT_MS = 1_000;
/** What the engine says of a program that was killed: 128 and the signal's number. */
const KILLED = 137;

export class DockerError extends Schema.TaggedError<DockerError>()("DockerError", {
  message: Schema.String,
}) {}

/** For a worker with this local store. The engine is asked, the image made, what was left removed. */
export function openDocker(
  files: LocalFiles,
  image: string | undefined,
): Effect.Effect<DockerContainers, DockerError> {
  const open = async (): Promise<DockerContainers> => {
    const ready = await dockerReady(image);
    await removeLeftOver(ready.engine);
    const within = (name: string): string => join(files.root, name);
    mkdirSync(within("channels"));
    return new DockerContainers(ready.engine, {
      image: ready.image,
      readable: [within("parts")],
      writable: [within("scratch")],
      channels: within("channels"),
    });
  };
  const catching = (cause: unknown): DockerError =>
    new DockerError({ message: (cause as Error).message });
  return Effect.tryPromise({ try: open, catch: catching });
}

/** Whether containers can be had, and of which image; throws an error that says what to do. */
export async function dockerReady(
  image: string | undefined,
): Promise<{ readonly engine: DockerEngine; readonly image: string }> {
  const engine = await reachableEngine();
  if (!existsSync(resourceUrl(PROGRAM))) {
    throw new EngineError(0, `${PROGRAM} is not there: run \`npm run build\`.`);
  }
  if (image === undefined) return { engine, image: await nodeImage(engine) };
  if (!(await engine.hasImage(image))) {
    const message = `--image: the engine has no image ${image}. Get it with \`docker pull ${image}\`, \
or leave --image out.`;
    throw new EngineError(0, message);
  }
  if (!isNodeImage(image)) await checkNodeIn(engine, image);
  return { engine, image };
}

/** Asks the image itself, so that not every container has to find it out. */
async function checkNodeIn(engine: DockerEngine, image: string): Promise<void> {
  let said = "";
  const mark = ownMark();
  const id = await engine.create(`faasflow-${mark}-check`, {
    Image: image,
    Entrypoint: ["node"],
    Cmd: ["--version"],
    AttachStdout: true,
    AttachStderr: true,
    Labels: { [OWNER_LABEL]: mark },
    HostConfig: { NetworkMode: "none", LogConfig: { Type: "none" } },
  });
  try {
    const { ended } = await engine.attach(id, (text) => {
      said += text;
    });
    await engine.start(id);
    await ended;
  } catch (cause) {
    said = (cause as Error).message;
  } finally {
    await engine.remove(id);
  }
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(said) ?? [];
  if (Number(major) > 20 || (major === "20" && Number(minor) >= 19)) return;
  const message = `--image: ${image} has no Node of 20.19 or newer (\`node --version\` in it: \
${said.trim()}). Name one that has, as in --image node:22-slim.`;
  throw new EngineError(0, message);
}

async function reachableEngine(): Promise<DockerEngine> {
  const socket = engineSocket(process.env["DOCKER_HOST"]);
  try {
    return await openEngine(socket);
  } catch (cause) {
    const remedy = (cause as Error).message.includes("EACCES")
      ? "Run as root, or as a member of the group `docker`"
      : "Start one (`systemctl start docker`), or name its socket, as in DOCKER_HOST=unix:///PATH";
    const message = `--containers docker: no Docker engine answers at ${socket} \
(${(cause as Error).message}). ${remedy}; or use --containers process, which needs none.`;
    throw new EngineError(0, message);
  }
}

async function removeLeftOver(engine: DockerEngine): Promise<void> {
  const containers = await engine.list(OWNER_LABEL);
  const left = containers.filter(({ Labels }) => isLeftOver(Labels[OWNER_LABEL]!));
  await Promise.all(left.map(({ Id }) => engine.remove(Id)));
}

export class DockerContainers implements ContainerKind {
  readonly #engine: DockerEngine;
  readonly #options: DockerOptions;
  readonly #guard: ProcessGuard;
  readonly #mark: string;
  #started: number;

  constructor(engine: DockerEngine, options: DockerOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#guard = new ProcessGuard();
    this.#mark = ownMark();
    this.#started = 0;
  }

  start(spec: VesselSpec, listener: VesselListener): Vessel {
    const number = this.#started++;
    const socket = join(this.#options.channels, String(number));
    return new DockerVessel(
      {
        engine: this.#engine,
        guard: this.#guard,
        name: `faasflow-${this.#mark}-${number}`,
        socket,
        config: configOf(spec, { ...this.#options, socket, mark: this.#mark }),
      },
      listener,
    );
  }

  close(): Promise<void> {
    return this.#guard.close();
  }
}

interface DockerVesselParts {
  readonly engine: DockerEngine;
  readonly guard: ProcessGuard;
  readonly name: string;
  readonly socket: string;
  /** The body of the API's ContainerCreate. */
  readonly config: object;
}

class DockerVessel implements Vessel {
  readonly #parts: DockerVesselParts;
  readonly #listener: VesselListener;
  /** What was said before the program was there to listen, and the guard knew of it. */
  readonly #waiting: ToContainer[];
  readonly #server: Server;
  /** Ends once the last message has been read. */
  readonly #silent: Promise<void>;
  #channel: LineChannel | undefined;
  #running: { readonly id: string; readonly pid: number | undefined } | undefined;
  /** Its end was asked for, maybe before it ran. */
  #signalled: boolean;

  constructor(parts: DockerVesselParts, listener: VesselListener) {
    this.#parts = parts;
    this.#listener = listener;
    this.#waiting = [];
    this.#channel = undefined;
    this.#running = undefined;
    this.#signalled = false;
    this.#server = createServer();
    this.#silent = new Promise((resolve) => {
      this.#server.on("connection", (socket) => {
        // The program is first; nobody else is to speak in its place.
        this.#server.close();
        const message = (value: unknown): void => listener.message(value);
        this.#channel = new LineChannel(socket, { message, closed: resolve });
        this.#sendWaiting();
      });
    });
    void this.#live();
  }

  send(message: ToContainer): void {
    this.#waiting.push(message);
    this.#sendWaiting();
  }

  /**
   * A function runs only in a container that would end with the worker, also if it does not heed the
   * worker's end itself.
   */
  #sendWaiting(): void {
    if (this.#channel === undefined || this.#running === undefined) return;
    for (const waiting of this.#waiting.splice(0)) this.#channel.send(waiting);
  }

  signal(signal: "SIGTERM" | "SIGKILL"): void {
    this.#signalled = true;
    // One that has ended meanwhile is told of by `#live`.
    if (this.#running !== undefined) {
      void this.#parts.engine.kill(this.#running.id, signal).catch(() => undefined);
    }
  }

  resident_mib(): number {
    return residentMiB(this.#running?.pid);
  }

  async #live(): Promise<void> {
    const { engine, name, config, socket } = this.#parts;
    let end: End = { code: null, signal: null, outOfMemory: false };
    try {
      await listening(this.#server, socket);
      const id = await engine.create(name, config);
      try {
        end = await this.#run(id);
      } finally {
        await engine.remove(id);
      }
    } catch (cause) {
      this.#listener.broken(`Docker: ${(cause as Error).message}.`);
    }
    this.#channel?.close();
    this.#server.close();
    this.#listener.ended(end);
  }

  async #run(id: string): Promise<End> {
    const { engine, guard } = this.#parts;
    if (this.#signalled) return { code: null, signal: "SIGKILL", outOfMemory: false };
    await engine.attach(id, (text) => this.#listener.text(text));
    await engine.start(id);
    const { Pid } = await engine.inspect(id);
    const pid = isOurs(Pid, id) ? Pid : undefined;
    if (pid !== undefined) guard.add(pid);
    this.#running = { id, pid };
    this.#sendWaiting();
    if (this.#signalled) this.signal("SIGKILL");
    await engine.wait(id);
    this.#running = undefined;
    if (pid !== undefined) guard.remove(pid);
    if (this.#channel !== undefined) await this.#read();
    const { ExitCode: code, OOMKilled: outOfMemory } = await engine.inspect(id);
    return { code, signal: code === KILLED ? "SIGKILL" : null, outOfMemory };
  }

  async #read(): Promise<void> {
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, CLOSE_LIMIT_MS);
    });
    await Promise.race([this.#silent, late]);
    clearTimeout(limit);
  }
}

/** Whether the engine's id of the process is also ours: not so of an engine in a virtual machine. */
function isOurs(pid: number, container: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(container);
  } catch {
    return false;
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on("error", reject).listen(path, resolve);
  });
}

interface ConfigParts extends DockerOptions {
  readonly socket: string;
  readonly mark: string;
}

function configOf(spec: VesselSpec, parts: ConfigParts): object {
  const memory = (spec.process_mib + spec.files_mib) * MIB;
  return {
    Image: parts.image,
    Entrypoint: ["node"],
    Cmd: [`--max-old-space-size=${spec.heap_mib}`, `${INSIDE}/${PROGRAM}`],
    Env: [`${CHANNEL_VARIABLE}=${CHANNEL}`],
    // What it writes is to be the worker's to remove.
    User: `${process.getuid!()}:${process.getgid!()}`,
    WorkingDir: "/tmp",
    Labels: { [OWNER_LABEL]: parts.mark },
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: PROCESS_LIMIT,
      Memory: memory,
      // No more with swap than without.
      MemorySwap: memory,
      LogConfig: { Type: "none" },
      Tmpfs: { "/tmp": "" },
      Mounts: mountsOf(spec.function, parts).map(({ source, target, access }) => ({
        Type: "bind",
        Source: source,
        Target: target,
        ReadOnly: access === "read",
        BindOptions: { Propagation: "rprivate" },
      })),
    },
  };
}

/** One a target; what can be written comes last, and so holds. */
function mountsOf(run: RunSpec, { readable, writable, socket }: ConfigParts): readonly Mount[] {
  const project = ["dist", "package.json"].map(
    (path): Mount => ({
      source: fileURLToPath(resourceUrl(path)),
      target: `${INSIDE}/${path}`,
      access: "read",
    }),
  );
  const data = [...packageOf(run), ...readable].map(
    (path): Mount => ({ source: path, target: path, access: "read" }),
  );
  const scratch = [
    ...writable.map((path): Mount => ({ source: path, target: path, access: "write" })),
    { source: socket, target: CHANNEL, access: "write" } as const,
  ];
  const mounts = new Map([...project, ...data, ...scratch].map((mount) => [mount.target, mount]));
  return [...mounts.values()];
}

/**
 * The folder with the nearest package.json above a function's module, so that what it imports is
 * there; its own folder where there is none. One that does not exist is told of by the run.
 */
function packageOf(run: RunSpec): readonly string[] {
  if (run.tag !== "module" || run.module.startsWith(BUILTIN)) return [];
  const own = dirname(run.module);
  if (!existsSync(own)) return [];
  for (let folder = own; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return [folder];
  }
  return [own];
}
