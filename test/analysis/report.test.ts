/** The report as a reader's browser shows it: nothing overlaps, nothing is cut off, axes have units. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EXPERIMENT_NAMES } from "../../analysis/experiment.ts";
import { experimentPlots } from "../../analysis/experiment-plot.ts";
import { reportHtml } from "../../analysis/report.ts";
import { madeUpRows } from "./experiment-rows.ts";

interface World {
  readonly folder: string;
  readonly browser: Browser;
  readonly page: Page;
  readonly requests: string[];
}

/** Of the browser's own types, what is asked for inside `page.evaluate`. */
interface Drawn {
  readonly id: string;
  readonly textContent: string | null;
  readonly parentElement: Drawn;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  querySelector(selector: string): Drawn | null;
  querySelectorAll(selector: string): Iterable<Drawn> & { readonly length: number };
  getBoundingClientRect(): Readonly<
    Record<"left" | "right" | "top" | "bottom" | "width" | "height", number>
  >;
  cloneNode(deep: boolean): Drawn;
  append(child: Drawn): void;
  setAttribute(name: string, value: string): void;
}
declare const document: Drawn & { readonly body: Drawn; readonly documentElement: Drawn };
declare function getComputedStyle(of: Drawn): Readonly<Record<"fill" | "backgroundColor", string>>;

const CHROMIUM = "/usr/bin/chromium";
const PAGES = [
  { mode: "solo", lists: false },
  { mode: "corun", lists: true },
] as const;

const report = suite<World>("report");

report.before(async (world: { -readonly [W in keyof World]: World[W] }) => {
  world.folder = mkdtempSync(join(tmpdir(), "faasflow-report-"));
  world.browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-background-networking"],
  });
  world.page = await world.browser.newPage({ viewport: { width: 1_100, height: 900 } });
  world.requests = [];
  world.page.on("request", (request) => world.requests.push(request.url()));
});

report.after(async ({ browser, folder }) => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

async function opened({ page, folder }: World, options: (typeof PAGES)[number]): Promise<string> {
  const path = join(folder, `${options.mode}.html`);
  const about = { profile: "paper-testbed", seed: "1" };
  writeFileSync(path, await reportHtml(madeUpRows(options), about));
  const url = pathToFileURL(path).href;
  await page.goto(url);
  return url;
}

/** 0 to 1, of `rgb(1, 2, 3)`. */
function brightness(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}

/** What is wrong with the texts of the page's plots, told by where the browser put them. */
function wrongTexts(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const wrong: string[] = [];
    for (const section of document.querySelectorAll("section")) {
      const plot = section.querySelector("svg")!;
      const frame = plot.getBoundingClientRect();
      const texts = [...plot.querySelectorAll("text")]
        .filter((text) => (text.textContent ?? "").trim() !== "")
        .map((text) => ({ box: text.getBoundingClientRect(), text: text.textContent }));
      const room = 1;
      for (const [index, { box, text }] of texts.entries()) {
        const isCut =
          box.left < frame.left - room ||
          box.right > frame.right + room ||
          box.top < frame.top - room ||
          box.bottom > frame.bottom + room;
        if (isCut) wrong.push(`${section.id}: ${text} is cut off`);
        if (box.height < 9 && box.width < 9) wrong.push(`${section.id}: ${text} is too small`);
        for (const other of texts.slice(index + 1)) {
          const across =
            Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > room;
          const along =
            Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > room;
          if (across && along) wrong.push(`${section.id}: ${text} overlaps ${other.text}`);
        }
      }
    }
    return wrong;
  });
}

for (const options of PAGES) {
  report(`no text of a plot overlaps another or is cut off (${options.mode})`, async (world) => {
    await opened(world, options);
    assert.equal(await wrongTexts(world.page), []);
  });
}

report("a text that is planted over another, or outside, is found", async (world) => {
  await opened(world, PAGES[0]);
  await world.page.evaluate(() => {
    const [plot] = document.querySelectorAll("section svg");
    const title = plot!.querySelector("text")!;
    const over = title.cloneNode(true);
    title.parentElement!.append(over);
    const outside = title.cloneNode(true);
    outside.setAttribute("transform", "translate(-5000, 0)");
    title.parentElement!.append(outside);
  });
  const wrong = await wrongTexts(world.page);
  assert.ok(wrong.some((text) => /overlaps/.test(text)));
  assert.ok(wrong.some((text) => /cut off/.test(text)));
});

report("every axis has a title, with the unit of what it measures", async (world) => {
  await opened(world, PAGES[0]);
  const titles = await world.page.evaluate(() =>
    [...document.querySelectorAll("section")].map((section) => ({
      panels: section.querySelectorAll("svg .role-axis-title").length,
      texts: [...section.querySelectorAll("svg .role-axis-title text")].map((t) => t.textContent),
    })),
  );
  assert.is(titles.length, EXPERIMENT_NAMES.length);
  for (const { panels, texts } of titles) {
    assert.ok(panels >= 2 && texts.length === panels, texts.join(" | "));
    const measured = texts.filter((text) => !/^(workflow|of one engine)$/.test(text ?? ""));
    for (const text of measured) assert.match(text!, /, s\b|, MB|core|a minute|tasks/);
  }
});

report("nothing is loaded from anywhere, and the page does not scroll sideways", async (world) => {
  world.requests.length = 0;
  const url = await opened(world, PAGES[1]);
  assert.equal(world.requests, [url]);
  const [wide, room] = await world.page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  assert.ok(wide! <= room!, `${wide} ${room}`);
});

report("texts stand out from the page, on light and on dark", async (world) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await world.page.emulateMedia({ colorScheme });
    await opened(world, PAGES[0]);
    const colours = await world.page.evaluate(() => [
      getComputedStyle(document.querySelector("section svg .role-axis-title text")!).fill,
      getComputedStyle(document.body).backgroundColor,
    ]);
    const [ink, paper] = colours.map(brightness);
    assert.ok(Math.abs(ink! - paper!) > 0.6, `${colorScheme}: ${ink} on ${paper}`);
  }
});

report("each experiment has a plot under a file name of its own", async () => {
  const plots = await experimentPlots(madeUpRows(PAGES[0]));
  const names = plots.map(({ name }) => name);
  assert.equal(
    names,
    EXPERIMENT_NAMES.map((name) => (name === "e2e" ? "e2e-solo" : name)),
  );
  for (const { svg } of plots) assert.match(svg, /^<svg /);
});

report.run();
