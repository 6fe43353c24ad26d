/**
 * Who may import whom (`npm run rules`). Data flows one way: core knows nothing of the rest, the
 * two drivers know nothing of each other, and only cli.ts and the edge files (`*-command.ts`, `*-flags.ts`,
 * `*-config.ts`) compose.
 *
 * The parser is swc, which does not tell a type import from another: every rule holds for both.
 */

/** Files that compose, in any area: subcommands, their flags, and readers of configuration. */
const COMMAND = "-(command|flags|config)\\.ts$";

/** What runs in containers. */
const FUNCTION_BODY = "^workflows/functions/";

/**
 * The one door of each npm package, so that a package can be changed in one place. A package that
 * is not listed here may not be imported at all.
 */
const DOORS = {
  seedrandom: ["sim/streams.ts", "workflows/generators/draft.ts", "traces/random.ts"],
  yaml: ["workflows/document.ts"],
  jsep: ["workflows/expression.ts"],
  "csv-stringify": ["analysis/csv.ts"],
  "@viz-js/viz": ["analysis/plan-svg.ts"],
  fastify: ["live/http.ts"],
  "@nats-io/transport-node": ["live/nats.ts"],
  "@nats-io/jetstream": ["live/nats.ts"],
  nano: ["live/couch-documents.ts"],
  "@fastify/swagger": ["live/http.ts"],
  "prom-client": ["live/prometheus.ts"],
  "markdown-it": ["workflows/functions/fileprocessing/conversion.ts"],
  sentiment: ["workflows/functions/fileprocessing/sentiment.ts"],
  "jpeg-js": ["workflows/functions/picture.ts"],
  obscenity: ["workflows/functions/illegal-recognizer/word-censor.ts"],
  vega: ["analysis/plot.ts"],
  "vega-lite": ["analysis/plot.ts"],
};
/** At home in every edge area; its rule is `effect-at-the-edges`. */
const EFFECT = inPackage("(effect|@effect/[^/]+)");

function inPackage(name) {
  return `node_modules/(@types/)?${name}/`;
}

function doorRule([name, doors]) {
  return forbid({
    name: `door-${name.replaceAll(/[@/]+/g, "-").replace(/^-/, "")}`,
    comment: `import ${name} only in ${doors.join(", ")}; elsewhere import what that file exports`,
    from: { pathNot: ["^test/", ...doors.map((door) => `^${door.replaceAll(".", "\\.")}$`)] },
    to: { path: inPackage(name) },
  });
}

function forbid(rule) {
  return { severity: "error", ...rule };
}

module.exports = {
  forbidden: [
    forbid({
      name: "core-is-pure",
      comment: "core/ imports only core/: no package, no builtin, no other area",
      from: { path: "^core/" },
      to: { pathNot: "^core/", couldNotResolve: false },
    }),
    forbid({
      name: "core-roots-are-below",
      comment:
        "the files right in core/ are what the folders build on; they know plan/plan.ts only",
      from: { path: "^core/[^/]+$" },
      to: { path: "^core/(plan|container|storage|engine)/", pathNot: "^core/plan/plan\\.ts$" },
    }),
    forbid({
      name: "core-workflow-is-lowest",
      comment: "core/workflow/ is below plan, container, storage and engine",
      from: { path: "^core/workflow/" },
      to: { path: "^core/(plan|container|storage|engine)/" },
    }),
    forbid({
      name: "core-engine-is-highest",
      comment: "core/plan/, container/ and storage/ are below engine/: pass facts in instead",
      from: { path: "^core/(plan|container|storage)/" },
      to: { path: "^core/engine/" },
    }),
    forbid({
      name: "core-policies-are-apart",
      comment: "plan, container and storage do not know each other; plan/plan.ts may be shared",
      from: { path: "^core/(plan|container|storage)/" },
      to: {
        path: "^core/(plan|container|storage)/",
        pathNot: ["^core/$1/", "^core/plan/plan\\.ts$"],
      },
    }),
    forbid({
      name: "drivers-are-apart",
      comment: "sim/ and live/ never import each other: what they share belongs in core/",
      from: { path: "^(sim|live)/", pathNot: COMMAND },
      to: { path: "^(sim|live)/", pathNot: "^$1/" },
    }),
    forbid({
      name: "sim-knows-core",
      comment: "sim/ imports core/ and sim/ (and seedrandom through sim/streams.ts)",
      from: { path: "^sim/", pathNot: COMMAND },
      to: {
        pathNot: ["^core/", "^sim/", "^live/", inPackage("seedrandom")],
        couldNotResolve: false,
      },
    }),
    forbid({
      name: "live-knows-no-reader",
      comment: "live/ writes events; analysis/ reads them, from outside",
      from: { path: "^live/", pathNot: COMMAND },
      to: { path: "^analysis/" },
    }),
    forbid({
      name: "analysis-knows-no-driver",
      comment: "analysis/ reads events; what runs experiments gets a driver passed in",
      from: { path: "^analysis/", pathNot: COMMAND },
      to: { path: "^(sim|live|workflows|traces)/" },
    }),
    forbid({
      name: "analysis-knows-core-types",
      comment: "of core/, analysis/ knows events, ids, units, workflow/ and plan/plan.ts",
      from: { path: "^analysis/", pathNot: COMMAND },
      to: {
        path: "^core/",
        pathNot: [
          "^core/(events|units|node|protocol|invariant)\\.ts$",
          "^core/workflow/",
          "^core/plan/plan\\.ts$",
        ],
      },
    }),
    forbid({
      name: "inputs-know-core-types",
      comment: "workflows/ and traces/ know core types: not each other, nor drivers, nor analysis",
      from: { path: "^(workflows|traces)/", pathNot: [COMMAND, FUNCTION_BODY] },
      to: { path: "^(sim|live|analysis|workflows|traces)/", pathNot: "^$1/" },
    }),
    forbid({
      name: "functions-know-their-context",
      comment: "a function body knows what it is given (live/function-context.ts), nothing else",
      from: { path: FUNCTION_BODY },
      to: {
        path: "^(core|sim|live|analysis|workflows|traces)/",
        pathNot: ["^live/function-context\\.ts$", FUNCTION_BODY],
      },
    }),
    forbid({
      name: "inputs-know-no-machine",
      comment: "of core/, workflows/ and traces/ know the root files, workflow/ and plan/plan.ts",
      from: { path: "^(workflows|traces)/", pathNot: COMMAND },
      to: { path: "^core/(plan|container|storage|engine)/", pathNot: "^core/plan/plan\\.ts$" },
    }),
    forbid({
      name: "commands-are-for-cli",
      comment: "an edge file composes areas; only cli.ts, edge files and tests import it",
      from: { pathNot: ["^cli\\.ts$", "^test/", COMMAND] },
      to: { path: COMMAND },
    }),
    forbid({
      name: "cli-is-the-top",
      comment: "nothing imports cli.ts but a test",
      from: { pathNot: "^test/" },
      to: { path: "^cli\\.ts$" },
    }),
    forbid({
      name: "tests-are-outside",
      comment: "what ships does not import test/",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    }),
    forbid({
      name: "effect-at-the-edges",
      comment: "Effect is for cli.ts, edge files, workflows/, traces/, live/ and analysis/",
      from: { path: "^(core|sim)/", pathNot: COMMAND },
      to: { path: EFFECT },
    }),
    ...Object.entries(DOORS).map(doorRule),
    forbid({
      name: "package-without-door",
      comment: "give the package a door file, and list it under DOORS in .dependency-cruiser.cjs",
      from: { pathNot: "^test/" },
      to: { path: "node_modules/", pathNot: [EFFECT, ...Object.keys(DOORS).map(inPackage)] },
    }),
    forbid({
      name: "no-cycle",
      comment: "files that import each other in a circle cannot be read one after the other",
      from: {},
      to: { circular: true },
    }),
    forbid({
      name: "no-missing-file",
      comment: "the import leads nowhere: no such file, or a package that is not installed",
      from: {},
      to: { couldNotResolve: true },
    }),
    forbid({
      name: "no-orphan",
      comment: "nothing that ships imports this file: use it or delete it",
      from: { pathNot: "^test/" },
      module: {
        path: "^(core|sim|live|traces|workflows|analysis)/",
        // Processes of their own, started by name: ENTRIES in .ci/build.mjs.
        pathNot: [
          "^live/container-main\\.ts$",
          "^sim/cell-thread-command\\.ts$",
          "^analysis/(partition|engine)-cost-command\\.ts$",
          FUNCTION_BODY,
        ],
        numberOfDependentsLessThan: 1,
      },
    }),
  ],
  options: {
    // The parser for TypeScript itself finds no module under TypeScript 7.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
