/** The tests of one driver under one scheme: each scenario's log has the ledger that it is to have. */

import * as assert from "uvu/assert";
import type { Scheme } from "../../core/engine/settings.ts";
import { ledgerOf } from "./conformance-ledger.ts";
import { scenariosFor } from "./conformance-scenarios.ts";
import type { Driver, Played } from "./drivers/driver.ts";

/** Adds a test a scenario; all are played when the first one asks. */
export function conform(
  test: (name: string, body: () => Promise<void>) => void,
  {
    name,
    driver,
    scheme,
  }: { readonly name: string; readonly driver: Driver; readonly scheme: Scheme },
): void {
  const scenarios = scenariosFor(scheme);
  let playing: Promise<readonly Played[]> | undefined;
  for (const [index, { says, ledger }] of scenarios.entries()) {
    test(`${name}, ${scheme}: ${says}`, async () => {
      playing ??= driver(scheme, scenarios);
      const played = (await playing)[index]!;
      assert.is(played.wrong.join("\n"), "");
      assert.is(ledgerOf(played), ledger.trim());
    });
  }
}
