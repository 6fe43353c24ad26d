/** The scenarios of `conformance-scenarios.ts` on a cluster of processes around NATS, under MasterSP. */

import { test } from "uvu";
import { conform } from "./conformance-cases.ts";
import { real } from "./drivers/real.ts";

conform(test, { name: "processes and NATS", driver: real, scheme: "master-sp" });

test.run();
