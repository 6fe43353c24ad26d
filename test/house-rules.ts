/**
 * The house rules that neither the compiler, nor Biome, nor the import rules can hold: each a
 * function from one file to what is wrong with it. tidy.test.ts runs them over the tree.
 */

import { blank } from "./source-text.ts";

/** A file of the tree: its path from the root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Finding {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export type HouseRule = (file: SourceFile) => readonly Finding[];

const MAX_LINES = 400;
const SOURCE = /\.(ts|mts|cts|mjs|cjs|js)$/;
const TEST = /^test\/.*\.test\.ts$/;
const COMMAND = /-(command|flags|config)\.ts$/;

/** A pattern that must not occur, and what to write instead. */
interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** `name` as a value or a type: not a property, not a key. */
function free(name: string): RegExp {
  return new RegExp(`(?<![.\\w$#])${name}\\b(?!\\s*\\??:(?!:))`, "g");
}

const BANNED_IN_CORE_AND_SIM: readonly Ban[] = [
  { pattern: free("Date"), instead: "time is Env.now(), in Micros" },
  { pattern: free("performance"), instead: "time is Env.now(), in Micros" },
  { pattern: /\bMath\.random\b/g, instead: "draw from a named stream of sim/streams.ts" },
  {
    pattern: free("(setTimeout|setInterval|setImmediate|queueMicrotask)"),
    instead: "ask for Env.timer(), or push on the event queue",
  },
  {
    pattern: free("process"),
    instead: "take settings as arguments; only cli.ts and commands read it",
  },
  {
    pattern: free("crypto"),
    instead: "ids are dense integers; a hash is analysis's or a command's",
  },
  { pattern: free("Intl"), instead: "names and numbers are made readable in analysis/" },
  { pattern: /\.localeCompare\b/g, instead: "compare with < and >, which depend on no locale" },
  { pattern: /\.toLocale\w+/g, instead: "a form that depends on no locale, such as toFixed" },
  { pattern: free("(async|await)"), instead: "ask through Env; the answer comes back as an input" },
  { pattern: free("Promise"), instead: "ask through Env; the answer comes back as an input" },
];
const BANNED_IN_CORE: readonly Ban[] = [
  {
    pattern: /(?<![.\w$])try\s*\{/g,
    instead: "a failure is an input, a mistake is an `invariant`",
  },
];
/** Over text whose strings are still there: what is imported is a string. */
const BANNED_IMPORTS: readonly Ban[] = [
  { pattern: /(?:from|import)\s*\(?\s*["']node:[^"']*["']/g, instead: "I/O belongs to a command" },
  {
    pattern: /(?:from|import)\s*\(?\s*["'](?:effect|@effect\/)[^"']*["']/g,
    instead: "Effect is for the edges: a command, workflows/, traces/, live/, analysis/",
  },
];

export const bannedCalls: HouseRule = (file) => {
  if (!/^(core|sim)\/.*\.ts$/.test(file.path)) return [];
  if (file.path.startsWith("sim/") && COMMAND.test(file.path)) return [];
  const core = file.path.startsWith("core/");
  return [
    ...findBans(file, "code", [...BANNED_IN_CORE_AND_SIM, ...(core ? BANNED_IN_CORE : [])]),
    ...findBans(file, "code-and-strings", BANNED_IMPORTS),
  ];
};

export const noForIn: HouseRule = (file) => {
  if (!SOURCE.test(file.path)) return [];
  const pattern = /(?<![.\w$])for\s*\(\s*(?:const|let|var)\s+[\w$]+\s+in\b/g;
  return findBans(file, "code", [
    { pattern, instead: "walk an array, a Map or a Set with for…of: their order is fixed" },
  ]);
};

export const sortComparator: HouseRule = (file) => {
  if (!SOURCE.test(file.path) || file.path.startsWith("test/")) return [];
  const lines = file.text.split("\n");
  return findBans(file, "code", [
    {
      pattern: /\.(sort|toSorted)\(\s*\)/g,
      instead:
        "give a total comparator: without one, numbers sort as text; where it sorts texts, or a " +
        "typed array, say `texts` or `typed array` in a comment on that line or the one above",
    },
  ]).filter(
    ({ line }) => !/\/[/*].*\b(typed array|texts)\b/i.test(lines.slice(line - 2, line).join(" ")),
  );
};

export const noDefaultExport: HouseRule = (file) => {
  if (!/\.ts$/.test(file.path)) return [];
  const pattern = /(?<![.\w$])export\s+(?:default\b|\{[^}]*\bas\s+default\b)/g;
  return findBans(file, "code", [{ pattern, instead: "export it by name" }]);
};

export const fileLength: HouseRule = (file) => {
  if (!SOURCE.test(file.path)) return [];
  const count = file.text.split("\n").length - 1;
  if (count <= MAX_LINES) return [];
  const message = `${count} lines, at most ${MAX_LINES}: split it by noun`;
  return [{ path: file.path, line: MAX_LINES + 1, message }];
};

export const testsRun: HouseRule = (file) => {
  if (!TEST.test(file.path)) return [];
  const { code } = blank(file.text);
  if (/\.run\(\);\s*$/.test(code)) return [];
  const line = file.text.trimEnd().split("\n").length;
  const message = "the last statement should be `test.run();`: without it uvu runs nothing";
  return [{ path: file.path, line, message }];
};

/** A file of tests under another name is not found, so never run. */
export const testsAreNamed: HouseRule = ({ path, text }) => {
  if (!path.startsWith("test/") || TEST.test(path) || !SOURCE.test(path)) return [];
  if (!/\bfrom\s+["']uvu["']/.test(blank(text).codeAndStrings)) return [];
  return [{ path, line: 1, message: "it imports uvu: name it NAME.test.ts, or it is never run" }];
};

export const noOnlyOrSkip: HouseRule = (file) => {
  if (!TEST.test(file.path)) return [];
  return findBans(file, "code", [
    { pattern: /\.only\(/g, instead: "run one file with `npm test PATTERN`; all tests count" },
    { pattern: /\.skip\(/g, instead: "mend the test or delete it: a skipped test proves nothing" },
  ]);
};

/** Data may be named after what it describes, as its source spells it. */
const DATA = /\.(ya?ml|json|csv|ndjson|txt|svg|html)$/;
/** systemd's name for a unit of which there are several. */
const UNIT_TEMPLATE = /^[a-z-]+@\.service$/;
const CAPITALS = /^(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|LICENSE|NOTICE)(\.md)?$/;

export const fileName: HouseRule = ({ path }) => {
  const findings: Finding[] = [];
  for (const part of path.split("/")) {
    const stem = part.replace(/\..*$/, "");
    if (/^(commons?|utils?|utilities|helpers?|types?|misc)$/.test(stem)) {
      const message = `${part} says nothing: name it after the noun it holds`;
      findings.push({ path, line: 1, message });
    }
    const allowed = [/^\.?[a-z0-9]+([-.][a-z0-9]+)*$/, CAPITALS, DATA, UNIT_TEMPLATE];
    if (!allowed.some((pattern) => pattern.test(part))) {
      findings.push({ path, line: 1, message: `${part} is not kebab-case` });
    }
  }
  return findings;
};

export const docBlock: HouseRule = ({ path, text }) => {
  if (!/\.ts$/.test(path) || /^(#!.*\n)?\/\*\*/.test(text)) return [];
  return [{ path, line: 1, message: "begin with a doc block `/** … */` that says what it is" }];
};

export const noMachinePath: HouseRule = (file) =>
  findBans(file, "all", [
    {
      pattern: /(?<![\w.~*)}-])\/(?:work|home|tmp|root|Users)\/[\w.-]*/g,
      instead: "a path from the project's root, or node:os tmpdir()",
    },
  ]);

export const noRegistryHost: HouseRule = (file) => {
  if (!/(^|\/)(package-lock\.json|\.npmrc)$/.test(file.path)) return [];
  return findBans(file, "all", [
    {
      pattern: /"resolved": "[^"]*"|^\s*(?:@[\w-]+:)?registry\s*=.*/gm,
      instead: "no host: `npm install --omit-lockfile-registry-resolved`, integrity is enough",
    },
  ]);
};

/** npm leaves out of the lock file what a registry lacked that day; `npm ci` then refuses all of it. */
export const lockIsComplete: HouseRule = ({ path, text }) => {
  if (path !== "package-lock.json") return [];
  const { packages }: Lock = JSON.parse(text);
  return Object.entries(packages).flatMap(([folder, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .filter((name) => !packages[`node_modules/${name}`])
      .filter((name) => !packages[`${folder}/node_modules/${name}`])
      .map((name) => {
        const message = `${name} of ${folder} has no entry, so \`npm ci\` fails: add one by hand, \
like those beside it`;
        return { path, line: 1, message };
      }),
  );
};

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

function findBans(
  file: SourceFile,
  where: "all" | "code" | "code-and-strings",
  bans: readonly Ban[],
): readonly Finding[] {
  const blanked = where === "all" ? undefined : blank(file.text);
  const text = where === "code" ? blanked?.code : blanked?.codeAndStrings;
  const findings: Finding[] = [];
  for (const { pattern, instead } of bans) {
    for (const { 0: found, index } of (text ?? file.text).matchAll(pattern)) {
      const line = file.text.slice(0, index).split("\n").length;
      findings.push({ path: file.path, line, message: `${found.trim()}: ${instead}` });
    }
  }
  return findings;
}
