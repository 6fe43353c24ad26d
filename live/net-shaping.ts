/**
 * How a link gets its bandwidth: token buckets (tc htb), one for the link and below it one for each
 * host that shares it. A host is owed its part and may borrow what the others leave, so the link is
 * shared as the simulator shares it: evenly, and never left idle. With one bucket for all, who comes
 * first to a short queue keeps it (measured: of two downloads one had 94% until its end), and
 * messages wait behind the bulk of others (4 ms at 50 MB/s; with a bucket each 0.2 ms).
 */

export interface Shaping {
  /** Its egress is shaped; the other direction is the egress of the other end. */
  readonly device: string;
  /** Bytes of payload a second. */
  readonly bandwidth: number;
  /** Addresses of the hosts that share the link. */
  readonly hosts: readonly string[];
  /** Whether the hosts are where packets come from or where they go. */
  readonly side: "src" | "dst";
}

/**
 * Of what htb counts so much is payload: an Ethernet frame of 1,514 bytes has 1,448, and the
 * acknowledgements of the other direction count too. Measured: 0.955.
 */
const PAYLOAD_SHARE = 0.955;
/** TCP hands pieces of up to 64 KiB to a device: one goes at once, some may wait. */
const PIECE_BYTES = 64 * 1024;
const MIN_QUEUE_BYTES = 2 * PIECE_BYTES;
/**
 * How long what waits may take to leave. Measured with eight bodies of 0.4 MB at once to one host at
 * 50 MB/s: with 5 ms they lose packets, each of which TCP waits 200 ms for, and half of them take that
 * long; with 50 ms none does.
 */
const QUEUE_S = 0.05;
const LINK = "1:fffe";
/** Of what is no packet of a host, like the search for an address. */
const REST = "1:ffff";

/** Lines for `tc -batch`. */
export function shapingLines({ device, bandwidth, hosts, side }: Shaping): readonly string[] {
  const rate = Math.ceil(bandwidth / PAYLOAD_SHARE);
  const share = Math.ceil(rate / (hosts.length + 1));
  const limit = Math.max(MIN_QUEUE_BYTES, Math.ceil(rate * QUEUE_S));
  const on = `dev ${device} parent`;
  // In `tc`, `bps` is bytes a second.
  const bucket = (owed: number): string =>
    `htb rate ${owed}bps ceil ${rate}bps burst ${PIECE_BYTES} cburst ${PIECE_BYTES} \
quantum ${PIECE_BYTES}`;
  const leaf = (id: string): readonly string[] => [
    `class add ${on} ${LINK} classid ${id} ${bucket(share)}`,
    `qdisc add ${on} ${id} bfifo limit ${limit}`,
  ];
  return [
    `qdisc add dev ${device} root handle 1: htb default ${REST.slice(2)}`,
    `class add ${on} 1: classid ${LINK} ${bucket(rate)}`,
    ...leaf(REST),
    ...hosts.flatMap((address, index) => {
      const id = `1:${(index + 1).toString(16)}`;
      const filter = `protocol ip prio 1 u32 match ip ${side} ${address}/32 flowid ${id}`;
      return [...leaf(id), `filter add ${on} 1: ${filter}`];
    }),
  ];
}
