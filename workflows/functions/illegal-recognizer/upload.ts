/**
 * illegal_recognizer, first function: a stand-in for somebody's upload. It draws a picture of hills,
 * always the same for a name, as a JPEG file of about the published 1,327,839 B, and hides a text in
 * it. What there is to find goes by the beginning of the name: `illegal...` has a disc of the colour
 * of skin, `violent...` one of the colour of blood, `rude...` a text with a bad word; any other name
 * has nothing.
 */

import type { FunctionContext } from "../../../live/function-context.ts";
import { type Draw, drawer } from "../drawer.ts";
import { type Picture, toJpeg } from "../picture.ts";

type Colour = readonly [red: number, green: number, blue: number];

const WIDTH = 1800;
const HEIGHT = 1350;
const SKY: Colour = [120, 160, 215];
const MEADOW: Colour = [85, 150, 75];
const SKIN: Colour = [225, 170, 140];
const BLOOD: Colour = [190, 20, 25];
/** Of the height. */
const DISC_RADIUS = 0.4;
/** Each pixel is up to half of this brighter or darker, which makes the file as large as it is. */
const GRAIN = 72;
/** German, for `translate` to have something to do. */
const TEXT = "guten Morgen, du bist ein Freund";
const RUDE_TEXT = "guten Morgen, du bist ein Esel";

export async function run(ctx: FunctionContext): Promise<void> {
  const name = `${ctx.input["image_name"]}`;
  const disc = name.startsWith("illegal") ? SKIN : name.startsWith("violent") ? BLOOD : undefined;
  const picture = drawn(drawer(seedOf(name)), disc);
  await ctx.put("output_prefix", `${ctx.input["user_name"]}`);
  await ctx.value("illegal_flag", false);
  await ctx.put("content", toJpeg(picture, name.startsWith("rude") ? RUDE_TEXT : TEXT));
}

function drawn(draw: Draw, disc: Colour | undefined): Picture {
  const data = new Uint8Array(WIDTH * HEIGHT * 4);
  const wave = 100 + draw(200);
  const skyline = HEIGHT * (0.4 + draw(20) / 100);
  const radius = (HEIGHT * DISC_RADIUS) ** 2;
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, at += 4) {
      const isInDisc = (x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2 < radius;
      const isSky = y < skyline + 60 * Math.sin(x / wave);
      const colour = isInDisc && disc !== undefined ? disc : isSky ? SKY : MEADOW;
      const grain = draw(GRAIN) - GRAIN / 2;
      for (const [part, value] of colour.entries()) {
        data[at + part] = Math.max(0, Math.min(255, value + grain));
      }
      data[at + 3] = 255;
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}

/** FNV-1a. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
