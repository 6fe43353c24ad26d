/**
 * Loads function modules, each once in the life of a container. A module that has changed on disk
 * is taken up by containers that start after that.
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { FunctionBody } from "./function-context.ts";

const BUILTIN = "builtin:";

export class FunctionModules {
  readonly #builtins: URL;
  readonly #ending: string;
  readonly #bodies: Map<string, FunctionBody>;

  /** `builtins`: the folder of the functions that come with the project; `ending`: of its files. */
  constructor({ builtins, ending }: { readonly builtins: URL; readonly ending: string }) {
    this.#builtins = builtins;
    this.#ending = ending;
    this.#bodies = new Map();
  }

  /** What was loaded before; undefined if it was not. Costs no turn of the event loop. */
  loaded(module: string): FunctionBody | undefined {
    return this.#bodies.get(module);
  }

  /** Rejects with an error that says what to do. */
  async load(module: string): Promise<FunctionBody> {
    const url = this.#locate(module);
    const exports = await importModule(url, module);
    const body = exports["default"] ?? exports["run"];
    if (typeof body !== "function") {
      const found = Object.keys(exports).join(", ") || "nothing";
      throw new Error(
        `${module} exports no function (it exports ${found}). \
Write \`export default async (ctx) => { ... }\` in it.`,
      );
    }
    this.#bodies.set(module, body as FunctionBody);
    return body as FunctionBody;
  }

  #locate(module: string): URL {
    if (module.startsWith(BUILTIN)) {
      const url = new URL(`${module.slice(BUILTIN.length)}${this.#ending}`, this.#builtins);
      if (existsSync(url)) return url;
      throw new Error(
        `No function is called ${module}. See the built-in names by \
\`faasflow check\` of the workflow, or name a .js file of your own in \`run\`.`,
      );
    }
    const path = resolve(module);
    if (existsSync(path)) return pathToFileURL(path);
    throw new Error(
      `The module ${path} is not there. \`run\` takes a path from the workflow file: \
check it, and that the file is on every worker.`,
    );
  }
}

async function importModule(url: URL, module: string): Promise<Record<string, unknown>> {
  try {
    if (needsTsx(url)) await registerTsx(url, module);
    return await import(url.href);
  } catch (cause) {
    if (cause instanceof TypeScriptUnknown) throw cause;
    const { message, stack } = cause instanceof Error ? cause : new Error(`${cause}`);
    const error = new Error(`${module} cannot be loaded: ${message}`);
    error.stack = stack ?? error.message;
    throw error;
  }
}

class TypeScriptUnknown extends Error {}

function needsTsx(url: URL): boolean {
  const isTypeScript = /\.[cm]?ts$/.test(url.pathname);
  // Where tsx runs already, or Node reads TypeScript itself, there is nothing to do.
  const known =
    import.meta.url.endsWith(".ts") || Boolean(Reflect.get(process.features, "typescript"));
  return isTypeScript && !known;
}

/** The tsx of the project that the module belongs to, if it has one. */
async function registerTsx(url: URL, module: string): Promise<void> {
  let api: string;
  try {
    api = createRequire(url).resolve("tsx/esm/api");
  } catch {
    throw new TypeScriptUnknown(
      `${module} is TypeScript, which Node ${process.versions.node} does not read. \
Run \`npm install tsx\` in its project, compile it to a .js file, or run Node 22.18 or later.`,
    );
  }
  const { register }: { register: () => void } = await import(pathToFileURL(api).href);
  register();
}
